internal import Credit
public import Ledger

/// Summaries of runs as the archive stores them, by account, then by the bytes of the run.
///
/// Layout: count (varint); integer columns of account, first segment and index, how many segments later
/// the last entry is, its index, first time, how much later the last time is, what was reported (1 the
/// start, 2 the end), how it ended, calls, failures; credits and bytes (zigzag of 128 bits, low and
/// high words); where the start was reported, when it began, where the end was, when that was (zigzag
/// of the distance from the first time); text columns of run and scenario; CRC-32 of it and of where
/// it is stored.
public struct RunChunk: Sendable {
    /// The most runs of a chunk.
    public static let runsMax = 512

    enum Word: Int, CaseIterable {
        case account, firstSegment, firstIndex, segments, lastIndex, firstTime, duration, reported
        case status, calls, failures
    }

    fileprivate static let startReported: UInt64 = 1
    fileprivate static let endReported: UInt64 = 2

    private let stored: [UInt8]
    public let count: Int
    private var words: [StoredIntegers] = []
    /// Low and high words of credits and bytes.
    private var sums: [StoredIntegers] = []
    private let starts: StoredIntegers
    private let ends: StoredIntegers
    private let names: [ByteRange]
    private let scenarios: StoredTexts

    /// Reads what ``encode(_:under:)`` gives.
    public init(from stored: [UInt8], under key: [Int64]) throws(SegmentError) {
        let checked = try stored.checked(under: key)
        let bytes = checked.span
        var reader = ByteReader()
        let count = try reader.count(limit: Self.runsMax, in: bytes)
        for _ in Word.allCases { words.append(try reader.storedIntegers(count, in: bytes)) }
        for _ in 0..<4 { sums.append(try reader.storedIntegers(count, in: bytes)) }
        let reported = words[Word.reported.rawValue].values(in: bytes)
        starts = try reader.storedIntegers(
            reported.count { $0 & Self.startReported != 0 }, in: bytes)
        ends = try reader.storedIntegers(
            reported.count { $0 & Self.endReported != 0 }, in: bytes)
        names = try reader.storedTexts(count, in: bytes).ranges(0..<count, in: bytes)
        scenarios = try reader.storedTexts(count, in: bytes)
        guard reader.offset == checked.count else { throw .malformed(at: reader.offset) }
        self.count = count
        self.stored = checked
    }

    /// The stored form of runs under `key`.
    public static func encode(_ runs: ArraySlice<RunSummary>, under key: [Int64]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(varint: UInt64(runs.count))
        for word in Word.allCases { append(runs.map { $0.word(word) }, to: &bytes) }
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

    private static func append(_ words: [UInt64], to bytes: inout [UInt8]) {
        IntegerColumn.append(words, words.indices, to: &bytes)
    }
}

extension RunChunk {
    /// All of its runs.
    public var all: [RunSummary] {
        get throws(SegmentError) {
            var runs: [RunSummary] = []
            for place in 0..<count { runs.append(try run(at: place)) }
            return runs
        }
    }

    /// The run of an account with this name, if it is among them.
    public func run(
        _ name: [UInt8], of account: AccountSlot
    ) throws(SegmentError) -> RunSummary? {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if compare(middle, name, account) < 0 { low = middle + 1 } else { high = middle }
        }
        return low < count && compare(low, name, account) == 0 ? try run(at: low) : nil
    }

    private func compare(_ place: Int, _ name: [UInt8], _ account: AccountSlot) -> Int {
        let own = word(.account, place)
        guard own == UInt64(account) else { return own < UInt64(account) ? -1 : 1 }
        return Bytes.compare(stored.span.extracting(names[place].indices), name.span)
    }

    private func word(_ word: Word, _ place: Int) -> UInt64 {
        words[word.rawValue].value(at: place, in: stored.span)
    }

    private func sum(_ column: Int, _ place: Int) -> Int128 {
        let low = UInt128(sums[column].value(at: place, in: stored.span))
        let high = UInt128(sums[column + 1].value(at: place, in: stored.span))
        return ZigZag.decode(high << 64 | low)
    }

    /// A time that some of the runs have, at a distance from the first time.
    private func time(
        _ flag: UInt64, _ column: StoredIntegers, _ place: Int
    ) -> Instant {
        guard word(.reported, place) & flag != 0 else { return .never }
        let before = (0..<place).count { word(.reported, $0) & flag != 0 }
        let distance = ZigZag.decode(column.value(at: before, in: stored.span))
        return Instant(micros: Int64(bitPattern: word(.firstTime, place)) &+ distance)
    }

    private func run(at place: Int) throws(SegmentError) -> RunSummary {
        let firstTime = Int64(bitPattern: word(.firstTime, place))
        var run = RunSummary(
            account: AccountSlot(truncatingIfNeeded: word(.account, place)),
            run: Array(stored[names[place].indices]),
            first: Position(
                segment: word(.firstSegment, place),
                index: UInt32(truncatingIfNeeded: word(.firstIndex, place))),
            time: Instant(micros: firstTime))
        run.scenario = Array(stored[try scenarios.range(at: place, in: stored.span)])
        run.last = Position(
            segment: run.first.segment &+ word(.segments, place),
            index: UInt32(truncatingIfNeeded: word(.lastIndex, place)))
        run.lastTime = Instant(micros: firstTime &+ Int64(bitPattern: word(.duration, place)))
        run.startedAt = time(Self.startReported, starts, place)
        run.finishedAt = time(Self.endReported, ends, place)
        run.status = CallStatus(rawValue: UInt16(truncatingIfNeeded: word(.status, place)))
        run.credits = sum(0, place)
        run.bytes = sum(2, place)
        run.calls = Int64(bitPattern: word(.calls, place))
        run.failures = Int64(bitPattern: word(.failures, place))
        return run
    }
}

extension RunSummary {
    /// What stands in a column of integers.
    fileprivate func word(_ word: RunChunk.Word) -> UInt64 {
        switch word {
        case .account: UInt64(account)
        case .firstSegment: first.segment
        case .firstIndex: UInt64(first.index)
        case .segments: last.segment &- first.segment
        case .lastIndex: UInt64(last.index)
        case .firstTime: UInt64(bitPattern: firstTime.micros)
        case .duration: UInt64(bitPattern: lastTime.micros &- firstTime.micros)
        case .reported:
            (startedAt != .never ? RunChunk.startReported : 0)
                | (finishedAt != .never ? RunChunk.endReported : 0)
        case .status: UInt64(status.rawValue)
        case .calls: UInt64(bitPattern: calls)
        case .failures: UInt64(bitPattern: failures)
        }
    }
}
