internal import Credit
internal import Ledger

/// Summaries of runs as the archive stores them, by account, then by the bytes of the run.
///
/// Layout: count (varint); integer columns of account, first segment and index, how many segments later
/// the last entry is, its index, first time, how much later the last time is, what was reported (1 the
/// start, 2 the end), how it ended, calls, failures; credits and bytes (zigzag of 128 bits, low and
/// high words); where the start was reported, when it began, where the end was, when that was (zigzag
/// of the distance from the first time); text columns of run and scenario; CRC-32 of it and of where
/// it is stored.
public enum RunChunk: Sendable {
    /// The most runs of a chunk.
    public static let runsMax = 512

    private static let startReported: UInt64 = 1
    private static let endReported: UInt64 = 2

    /// The stored form of runs under `key`.
    public static func encode(_ runs: ArraySlice<RunSummary>, under key: [Int64]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(varint: UInt64(runs.count))
        for word in words { append(runs.map(word), to: &bytes) }
        for sum in [\RunSummary.credits, \.bytes] {
            let sums = runs.map { ZigZag.encode($0[keyPath: sum]) }
            append(sums.map { UInt64(truncatingIfNeeded: $0) }, to: &bytes)
            append(sums.map { UInt64(truncatingIfNeeded: $0 >> 64) }, to: &bytes)
        }
        for time in [\RunSummary.startedAt, \.finishedAt] {
            let reported = runs.filter { $0[keyPath: time] != .never }
            append(
                reported.map {
                    ZigZag.encode($0[keyPath: time].micros &- $0.firstTime.micros)
                }, to: &bytes)
        }
        for text in [\RunSummary.run, \.scenario] {
            var all: [UInt8] = []
            let ranges = runs.map { run in
                let own = run[keyPath: text]
                return all.appending(own.span)
            }
            var column = TextColumn()
            column.append(ranges, ranges.indices, of: all, to: &bytes)
        }
        return bytes.withChecksum(under: key)
    }

    private static var words: [(RunSummary) -> UInt64] {
        [
            { UInt64($0.account) }, { $0.first.segment }, { UInt64($0.first.index) },
            { $0.last.segment &- $0.first.segment }, { UInt64($0.last.index) },
            { UInt64(bitPattern: $0.firstTime.micros) },
            { UInt64(bitPattern: $0.lastTime.micros &- $0.firstTime.micros) },
            {
                ($0.startedAt != .never ? startReported : 0)
                    | ($0.finishedAt != .never ? endReported : 0)
            },
            { UInt64($0.status.rawValue) }, { UInt64(bitPattern: $0.calls) },
            { UInt64(bitPattern: $0.failures) },
        ]
    }

    private static func append(_ words: [UInt64], to bytes: inout [UInt8]) {
        IntegerColumn.append(words, words.indices, to: &bytes)
    }

    /// Reads what ``encode(_:under:)`` gives.
    public static func runs(
        from stored: [UInt8], under key: [Int64]
    ) throws(SegmentError) -> [RunSummary] {
        let checked = try stored.checked(under: key)
        let bytes = checked.span
        var reader = ByteReader()
        let count = try reader.count(limit: runsMax, in: bytes)
        var columns: [[UInt64]] = []
        for _ in words { columns.append(try reader.integers(count, in: bytes)) }
        let credits = try reader.wideSums(count, in: bytes)
        let transferred = try reader.wideSums(count, in: bytes)
        let starts = try reader.integers(
            columns[7].count { $0 & startReported != 0 }, in: bytes)
        let ends = try reader.integers(columns[7].count { $0 & endReported != 0 }, in: bytes)
        let names = try reader.storedTexts(count, in: bytes).ranges(0..<count, in: bytes)
        let scenarios = try reader.storedTexts(count, in: bytes).ranges(0..<count, in: bytes)
        guard reader.offset == checked.count else { throw .malformed(at: reader.offset) }
        var (startsLeft, endsLeft) = (starts[...], ends[...])
        var runs: [RunSummary] = []
        for place in 0..<count {
            var run = RunSummary(columns.map { $0[place] })
            run.run = Array(checked[names[place].indices])
            run.scenario = Array(checked[scenarios[place].indices])
            run.credits = credits[place]
            run.bytes = transferred[place]
            if columns[7][place] & startReported != 0, let start = startsLeft.popFirst() {
                run.startedAt = run.firstTime.moved(by: start)
            }
            if columns[7][place] & endReported != 0, let end = endsLeft.popFirst() {
                run.finishedAt = run.firstTime.moved(by: end)
            }
            runs.append(run)
        }
        return runs
    }
}

extension RunSummary {
    /// All of a run but its texts, sums and reported times, in the order of the columns.
    fileprivate init(_ words: [UInt64]) {
        let first = Position(segment: words[1], index: UInt32(truncatingIfNeeded: words[2]))
        var entry = EntrySummary(
            account: AccountSlot(truncatingIfNeeded: words[0]), position: first,
            time: Instant(micros: Int64(bitPattern: words[5])), kind: .runStart)
        entry.startedAt = .never
        self.init(entry, of: [])
        last = Position(
            segment: words[1] &+ words[3], index: UInt32(truncatingIfNeeded: words[4]))
        lastTime = Instant(micros: Int64(bitPattern: words[5] &+ words[6]))
        status = CallStatus(rawValue: UInt16(truncatingIfNeeded: words[8]))
        calls = Int64(bitPattern: words[9])
        failures = Int64(bitPattern: words[10])
    }
}

extension Instant {
    /// The time at a zigzag distance.
    fileprivate func moved(by distance: UInt64) -> Instant {
        Instant(micros: micros &+ ZigZag.decode(distance))
    }
}
