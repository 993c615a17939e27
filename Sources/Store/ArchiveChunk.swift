public import Credit
public import Ledger

/// Summaries of entries as the archive stores them: by account, then in order, column by column.
///
/// Layout: count (varint); the greatest divisor that all credits have in common (varint); integer
/// columns of account, segment, index, time, kind, credits (zigzag, divided), which lots paid (0 none
/// of a plan, 1 only those, 2 both), what those of a plan paid where it is 2, key plus one, units
/// (zigzag), status, results and bytes; the length of a padding (varint) and so many zeros; integer
/// columns of duration plus one and, of starts of runs, when they began; text columns of action, team,
/// scenario, run and module; parameters; CRC-32. The integer and text columns are those of segments
/// (docs/journal-format.md).
public struct ArchiveChunk: Sendable {
    /// The most entries of a chunk.
    public static let entriesMax = 4096

    /// Behind so many bytes lies what can be deleted: durations, modules and parameters.
    ///
    /// SQLite keeps at most 1 002 bytes of such a row in a leaf, where rows that moved away may leave
    /// copies behind; the rest is in pages of its own, which are written over when they are freed
    /// (docs/adr/0028-retention.md).
    static let headBytesMin = 1024

    enum Integer: Int, CaseIterable {
        case account, segment, index, time, kind, credits, payer, ofPlan, key, units, status
        case results, bytes, duration, startedAt

        /// The value that a column before it has where this one has one; nil where it always has.
        var condition: (column: Self, value: UInt64)? {
            switch self {
            case .ofPlan: (.payer, Payer.both)
            case .startedAt: (.kind, UInt64(ListedKind.runStart.rawValue))
            default: nil
            }
        }
    }

    /// Which lots paid.
    enum Payer {
        static let extra: UInt64 = 0
        static let plan: UInt64 = 1
        static let both: UInt64 = 2
    }

    static let texts: [ChargeColumns.Text] = [.action, .team, .scenario, .run, .module]
    static let scenarioColumn = 2
    static let runColumn = 3
    static let moduleColumn = 4

    let stored: [UInt8]
    public let count: Int
    private let divisor: Int64
    private var integers: [StoredIntegers] = []
    private(set) var texts: [StoredTexts] = []
    let parameters: StoredParameters

    /// Reads an ``EncodedChunk``, stored under `key`.
    public init(from stored: [UInt8], under key: [Int64]) throws(SegmentError) {
        let bytes = try stored.checked(under: key)
        var reader = ByteReader()
        count = try reader.count(limit: Self.entriesMax, in: bytes.span)
        divisor = Int64(bitPattern: try reader.varint(in: bytes.span))
        for column in Integer.allCases {
            if column == .duration {
                let padding = try reader.count(limit: Self.headBytesMin, in: bytes.span)
                _ = try reader.take(padding, in: bytes.span)
            }
            var size = count
            if let (other, value) = column.condition {
                let others = integers[other.rawValue]
                size = (0..<count).count { others.value(at: $0, in: bytes.span) == value }
            }
            integers.append(try reader.storedIntegers(size, in: bytes.span))
        }
        for _ in Self.texts { texts.append(try reader.storedTexts(count, in: bytes.span)) }
        parameters = try reader.storedParameters(count, in: bytes.span)
        guard reader.offset == bytes.count else { throw .malformed(at: reader.offset) }
        self.stored = bytes
    }

    /// Which entries are of an account.
    public func places(of account: AccountSlot) -> Range<Int> {
        let start = first { $0 >= UInt64(account) }
        return start..<max(start, first { $0 > UInt64(account) })
    }

    /// Which of the entries at `places`, which are of one account, stand before `end`.
    public func places(_ places: Range<Int>, before end: Position?) -> Range<Int> {
        guard let end else { return places }
        var (low, high) = (places.lowerBound, places.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if position(at: middle) < end { low = middle + 1 } else { high = middle }
        }
        return places.lowerBound..<low
    }

    /// The first place from which the accounts meet a condition, which rises with them.
    private func first(_ isReached: (UInt64) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isReached(word(.account, middle)) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    public func account(at place: Int) -> AccountSlot {
        AccountSlot(truncatingIfNeeded: word(.account, place))
    }

    public func position(at place: Int) -> Position {
        Position(
            segment: word(.segment, place), index: UInt32(truncatingIfNeeded: word(.index, place)))
    }

    @inline(__always)
    private func word(_ column: Integer, _ place: Int) -> UInt64 {
        integers[column.rawValue].value(at: place, in: stored.span)
    }

    /// The entries at some places, with their parameters if asked for.
    public func summaries(
        _ places: Range<Int>, parameters asked: Bool = false
    ) throws(SegmentError) -> EntrySummaries {
        var summaries = EntrySummaries(bytes: stored)
        var before = Before(
            ofPlan: valuesBefore(places.lowerBound, in: .ofPlan),
            startedAt: valuesBefore(places.lowerBound, in: .startedAt))
        summaries.entries.reserveCapacity(places.count)
        for place in places {
            summaries.entries.append(try numbers(at: place, &before))
        }
        for (column, texts) in zip(Self.texts, texts) {
            let ranges = try texts.ranges(places, in: stored.span)
            for index in ranges.indices { summaries.entries[index][column] = ranges[index] }
        }
        guard asked else { return summaries }
        let ranges = try parameters.copy(places, from: stored.span, to: &summaries.bytes)
        for index in ranges.indices { summaries.entries[index].parameters = ranges[index] }
        return summaries
    }

    /// Where the columns stand that not every entry has a value in.
    struct Before: BitwiseCopyable {
        var ofPlan = 0
        var startedAt = 0
    }

    /// For each entry where it stands in them; empty when none has a value.
    var allBefore: [Before] {
        let columns = [Integer.ofPlan, .startedAt]
        guard columns.contains(where: { integers[$0.rawValue].count > 0 }) else { return [] }
        var before = Before()
        return (0..<count).map { place in
            defer {
                if word(.payer, place) == Payer.both { before.ofPlan += 1 }
                if word(.kind, place) == UInt64(ListedKind.runStart.rawValue) {
                    before.startedAt += 1
                }
            }
            return before
        }
    }

    /// How many entries before `place` have a value in such a column.
    private func valuesBefore(_ place: Int, in column: Integer) -> Int {
        guard let (other, value) = column.condition, integers[column.rawValue].count > 0
        else { return 0 }
        return (0..<place).count { word(other, $0) == value }
    }

    /// All of an entry but its texts.
    func numbers(
        at place: Int, _ before: inout Before
    ) throws(SegmentError) -> EntrySummary {
        guard let kind = ListedKind(rawValue: UInt8(truncatingIfNeeded: word(.kind, place))) else {
            throw .malformed(at: place)
        }
        var summary = EntrySummary.blank
        summary.account = account(at: place)
        summary.position = position(at: place)
        summary.time = Instant(micros: Int64(bitPattern: word(.time, place)))
        summary.kind = kind
        summary.credits = ZigZag.decode(word(.credits, place)) &* divisor
        switch word(.payer, place) {
        case Payer.extra: summary.extra = summary.credits
        case Payer.plan: summary.extra = 0
        default:
            summary.extra = summary.credits &- ZigZag.decode(word(.ofPlan, before.ofPlan))
            before.ofPlan += 1
        }
        summary.key = UInt32(truncatingIfNeeded: word(.key, place)) &- 1
        summary.units = ZigZag.decode(word(.units, place))
        summary.status = CallStatus(rawValue: UInt16(truncatingIfNeeded: word(.status, place)))
        summary.results = OptionalCount(stored: word(.results, place))
        summary.bytes = OptionalCount(stored: word(.bytes, place))
        summary.duration = OptionalCount(stored: word(.duration, place))
        guard kind == .runStart else { return summary }
        summary.startedAt = Instant(micros: Int64(bitPattern: word(.startedAt, before.startedAt)))
        before.startedAt += 1
        return summary
    }
}

/// Writes chunks of the archive; keeps its buffers.
struct ArchiveEncoder: Sendable {
    private var words: [UInt64] = []
    private var texts = CodeColumn()

    /// The stored form of entries, sorted by account and position, whose texts are codes of `pool`.
    mutating func encode(
        _ gathered: borrowing GatheredEntries, of pool: TextPool, under key: [Int64]
    ) -> [UInt8] {
        var output: [UInt8] = []
        output.append(varint: UInt64(gathered.entries.count))
        let divisor = Self.divisor(of: gathered.entries)
        output.append(varint: UInt64(bitPattern: divisor))
        for column in ArchiveChunk.Integer.allCases {
            if column == .duration { Self.pad(&output) }
            words.removeAll(keepingCapacity: true)
            for entry in gathered.entries {
                if let word = Self.word(column, of: entry, divisor) { words.append(word) }
            }
            IntegerColumn.append(words, words.indices, to: &output)
        }
        for codes in gathered.texts { texts.append(codes, of: pool, to: &output) }
        texts.append(gathered.parameters, of: pool, to: &output)
        for values in gathered.values {
            guard !values.isEmpty else { break }
            IntegerColumn.append(values, values.indices, to: &output)
        }
        return output.withChecksum(under: key)
    }

    private static func pad(_ output: inout [UInt8]) {
        let padding = max(0, ArchiveChunk.headBytesMin - output.count)
        output.append(varint: UInt64(padding))
        output.append(contentsOf: repeatElement(0, count: padding))
    }

    /// The greatest number that divides all credits, at least 1: prices are rounded to some step.
    private static func divisor(of entries: [EntrySummary]) -> Int64 {
        var divisor: UInt64 = 0
        for entry in entries {
            var rest = entry.credits.magnitude
            if divisor > 0 { rest %= divisor }
            // Euclid's algorithm, from where the divisor of those before stands.
            while rest > 0 { (divisor, rest) = (rest, divisor % rest) }
            if divisor == 1 { break }
        }
        return Int64(exactly: max(divisor, 1)) ?? 1
    }

    /// What stands in a column for an entry; nil when nothing does.
    @inline(__always)
    private static func word(
        _ column: ArchiveChunk.Integer, of entry: borrowing EntrySummary, _ divisor: Int64
    ) -> UInt64? {
        switch column {
        case .account: UInt64(entry.account)
        case .segment: entry.position.segment
        case .index: UInt64(entry.position.index)
        case .time: UInt64(bitPattern: entry.time.micros)
        case .kind: UInt64(entry.kind.rawValue)
        case .credits: ZigZag.encode(entry.credits / divisor)
        case .payer: entry.payer
        case .ofPlan:
            entry.payer == ArchiveChunk.Payer.both
                ? ZigZag.encode(entry.credits &- entry.extra) : nil
        case .key: UInt64(entry.key &+ 1)
        case .units: ZigZag.encode(entry.units)
        case .status: UInt64(entry.status.rawValue)
        case .results: entry.results.stored
        case .bytes: entry.bytes.stored
        case .duration: entry.duration.stored
        case .startedAt:
            entry.kind == .runStart ? UInt64(bitPattern: entry.startedAt.micros) : nil
        }
    }
}

extension EntrySummary {
    fileprivate var payer: UInt64 {
        if extra == credits { return ArchiveChunk.Payer.extra }
        return extra == 0 ? ArchiveChunk.Payer.plan : ArchiveChunk.Payer.both
    }
}
