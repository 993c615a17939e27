public import Credit
public import Ledger

/// A chunk of the archive that is to be stored.
public struct EncodedChunk: Sendable {
    /// Whose its first entry is, and where that stands.
    public let account: AccountSlot
    public let position: Position
    public let count: Int
    public let body: [UInt8]
}

/// Under what a chunk is stored, by its first entry.
public typealias ChunkKey = (AccountSlot, Position) -> [Int64]

/// Gathers entries into chunks, which it encodes.
struct EntryGatherer: Sendable {
    let chunkEntries: Int
    var pool = TextPool()
    private var gathered = GatheredEntries()
    private var encoder = ArchiveEncoder()
    /// How many entries the chunk has so far.
    private(set) var count = 0

    init(chunkEntries: Int) {
        self.chunkEntries = max(1, min(chunkEntries, ArchiveChunk.entriesMax))
        gathered.begin(self.chunkEntries)
    }

    var isFull: Bool { count >= chunkEntries }

    /// Says that the next entry of the chunk is the one at a place of its source, which is to be gathered
    /// before the chunk is encoded.
    @inline(__always)
    mutating func next(at place: Int) -> WantedEntry {
        defer { count += 1 }
        return WantedEntry(target: count, place: place)
    }

    /// Takes entries of a source.
    mutating func gather(
        _ wanted: [WantedEntry], of source: borrowing some EntrySource
    ) throws(SegmentError) {
        try gathered.gather(wanted, of: source)
    }

    /// True when an entry that was gathered has something that goes with the details of its call.
    func hasDetails(of entry: WantedEntry) -> Bool {
        gathered.hasDetails(at: Int(entry.target))
    }

    /// Takes away what goes with the details of the call of an entry that was gathered.
    mutating func deleteDetails(of entry: WantedEntry) {
        gathered.deleteDetails(at: Int(entry.target))
    }

    /// Calls `body` with each entry that was gathered, and the codes of its run and scenario.
    func visitRuns(_ body: (EntrySummary, _ run: TextCode, _ scenario: TextCode) -> Void) {
        let runs = gathered.texts[ArchiveChunk.runColumn]
        let scenarios = gathered.texts[ArchiveChunk.scenarioColumn]
        for (index, run) in runs.prefix(count).enumerated() where run != .empty {
            body(gathered.entries[index], run, scenarios[index])
        }
    }

    /// The chunk that was gathered, which is forgotten; nil when it has nothing.
    mutating func encode(under key: ChunkKey) -> EncodedChunk? {
        guard count > 0, let first = gathered.entries.first else { return nil }
        gathered.finish(count)
        let body = encoder.encode(
            gathered, of: pool, under: key(first.account, first.position))
        defer {
            gathered.begin(chunkEntries)
            count = 0
        }
        return EncodedChunk(
            account: first.account, position: first.position, count: count, body: body)
    }
}

/// The entries of some segments that follow each other, as a run of the archive.
///
/// Segments are appended in order; then ``next(under:)`` gives chunk after chunk, by account and
/// position, and ``finishRuns()`` what they add up to by runs of scenarios. Columns go from segments to chunks by
/// number: no text is written out but once a chunk.
public struct ArchivePart: Sendable {
    private var gatherer: EntryGatherer
    private var sources: [SegmentEntries] = []
    private var accounts: [AccountSlot] = []
    /// For each entry the place of its segment, and its own there.
    private var places: [UInt64] = []
    private var order: [UInt32]?
    /// How many have been given.
    private var done = 0
    /// Of each segment the last entry that the chunk takes, and of each of the chunk's entries the one before
    /// it of the same segment.
    private var lastWanted: [UInt32] = []
    private var previousWanted: [UInt32] = []
    private var fold = RunFold()

    /// A part without entries, for chunks of so many.
    public init(chunkEntries: Int) {
        gatherer = EntryGatherer(chunkEntries: chunkEntries)
    }

    /// How many entries there are.
    public var count: Int { accounts.count }

    public mutating func append(_ segment: EncodedSegment) throws(SegmentError) {
        let source = try SegmentEntries(try SegmentView(segment), &gatherer.pool)
        let number = UInt64(sources.count) << 32
        for place in 0..<source.count {
            accounts.append(source.account(at: place))
            places.append(number | UInt64(place))
        }
        sources.append(source)
    }

    /// The next chunk; nil after the last.
    public mutating func next(under key: ChunkKey) throws(SegmentError) -> EncodedChunk? {
        let order = self.order ?? accounts.orderOfPlaces
        self.order = order
        try gather(order)
        gatherer.visitRuns { entry, run, scenario in
            fold.add(entry, run: run, scenario: scenario, of: gatherer.pool)
        }
        return gatherer.encode(under: key)
    }

    /// Gathers the next chunk, segment by segment.
    private mutating func gather(_ order: [UInt32]) throws(SegmentError) {
        let none = UInt32.max
        lastWanted.append(contentsOf: repeatElement(none, count: sources.count - lastWanted.count))
        previousWanted.removeAll(keepingCapacity: true)
        var touched: [Int] = []
        var wanted: [WantedEntry] = []
        while done < order.count, !gatherer.isFull {
            let place = places[Int(order[done])]
            let source = Int(place >> 32)
            if lastWanted[source] == none { touched.append(source) }
            previousWanted.append(lastWanted[source])
            lastWanted[source] = UInt32(truncatingIfNeeded: wanted.count)
            wanted.append(gatherer.next(at: Int(place & 0xFFFF_FFFF)))
            done += 1
        }
        var ofSource: [WantedEntry] = []
        for source in touched {
            ofSource.removeAll(keepingCapacity: true)
            var next = lastWanted[source]
            while next != none {
                ofSource.append(wanted[Int(next)])
                next = previousWanted[Int(next)]
            }
            lastWanted[source] = none
            try gatherer.gather(ofSource, of: sources[source])
        }
    }

    /// The runs of scenarios that were added up, in the order in which they are stored.
    public mutating func finishRuns() -> [RunSummary] { fold.finish() }
}

/// Several runs of the archive, older ones first, merged into one.
public struct ArchiveMerge: Sendable {
    /// Reads the next chunk of a run; nil after its last.
    public typealias Reading = (_ run: Int) throws(StoreError) -> ArchiveChunk?

    private var gatherer: EntryGatherer
    /// What is being read of each run; nil before the first chunk, and after the last.
    private var chunks: [ChunkEntries?]
    /// What the chunk takes of each of them and is not gathered yet.
    private var wanted: [[WantedEntry]]
    private var places: [Int]
    /// Whose entries come next in each run; past all accounts at its end.
    private var accounts: [UInt64]
    private static let end = UInt64.max

    public init(runs count: Int, chunkEntries: Int, _ read: Reading) throws(StoreError) {
        gatherer = EntryGatherer(chunkEntries: chunkEntries)
        chunks = [ChunkEntries?](repeating: nil, count: count)
        wanted = [[WantedEntry]](repeating: [], count: count)
        places = [Int](repeating: 0, count: count)
        accounts = [UInt64](repeating: Self.end, count: count)
        for run in 0..<count { try readNext(run, read) }
    }

    /// The next chunk; nil after the last.
    public mutating func next(
        under key: ChunkKey, _ read: Reading
    ) throws(StoreError) -> EncodedChunk? {
        if gatherer.pool.byteCount > TextPool.bytesUsual { try renewPool() }
        while !gatherer.isFull {
            // Of equal accounts the oldest run comes first, so that their entries stay in order.
            var run = 0
            for other in accounts.indices.dropFirst() where accounts[other] < accounts[run] {
                run = other
            }
            guard run < accounts.count, accounts[run] != Self.end else { break }
            try take(from: run, read)
        }
        for run in chunks.indices { try gather(from: run) }
        return gatherer.encode(under: key)
    }

    /// Gathers what the chunk takes of a run.
    private mutating func gather(from run: Int) throws(StoreError) {
        guard let source = chunks[run], !wanted[run].isEmpty else { return }
        do throws(SegmentError) {
            try gatherer.gather(wanted[run], of: source)
        } catch {
            throw .chunk(error)
        }
        wanted[run].removeAll(keepingCapacity: true)
    }

    /// Takes the account's entries of the chunk, as many as there is room for.
    private mutating func take(from run: Int, _ read: Reading) throws(StoreError) {
        guard let chunk = chunks[run]?.chunk else { return }
        let account = accounts[run]
        var place = places[run]
        while !gatherer.isFull, place < chunk.count, UInt64(chunk.account(at: place)) == account {
            wanted[run].append(gatherer.next(at: place))
            place += 1
        }
        places[run] = place
        if place < chunk.count {
            accounts[run] = UInt64(chunk.account(at: place))
        } else {
            try gather(from: run)
            try readNext(run, read)
        }
    }

    private mutating func readNext(_ run: Int, _ read: Reading) throws(StoreError) {
        places[run] = 0
        guard let chunk = try read(run) else {
            chunks[run] = nil
            accounts[run] = Self.end
            return
        }
        guard chunk.count > 0 else { throw .chunk(.malformed(at: 0)) }
        do throws(SegmentError) {
            chunks[run] = try ChunkEntries(chunk, &gatherer.pool)
        } catch {
            throw .chunk(error)
        }
        accounts[run] = UInt64(chunk.account(at: 0))
    }

    /// Forgets the texts of chunks that are done with.
    private mutating func renewPool() throws(StoreError) {
        gatherer.pool = TextPool()
        do throws(SegmentError) {
            for run in chunks.indices {
                guard let chunk = chunks[run]?.chunk else { continue }
                chunks[run] = try ChunkEntries(chunk, &gatherer.pool)
            }
        } catch {
            throw .chunk(error)
        }
    }
}

extension ArchiveChunk {
    /// The same without what goes with the details of the calls that `isDeleted` says, and how many
    /// those are; nil when there is none.
    public func withoutDetails(
        under key: ChunkKey, _ isDeleted: (Position) -> Bool
    ) throws(SegmentError) -> (chunk: EncodedChunk, entries: Int)? {
        var gatherer = EntryGatherer(chunkEntries: count)
        let source = try ChunkEntries(self, &gatherer.pool)
        var entries = 0
        let wanted = (0..<count).map { gatherer.next(at: $0) }
        try gatherer.gather(wanted, of: source)
        for place in 0..<count {
            guard gatherer.hasDetails(of: wanted[place]), isDeleted(position(at: place)) else {
                continue
            }
            gatherer.deleteDetails(of: wanted[place])
            entries += 1
        }
        guard entries > 0, let chunk = gatherer.encode(under: key) else { return nil }
        return (chunk, entries)
    }
}

extension StoreError {
    /// A chunk of the archive that is not what was written.
    public static func chunk(_ error: SegmentError) -> Self {
        .corrupt("archive.db: a chunk of the archive: \(error)")
    }
}
