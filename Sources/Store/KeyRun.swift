public import Ledger

/// The idempotency keys of some segments on disk, in the order of their hashes.
public struct KeyRun: Sendable {
    /// Under which its pages lie.
    public let number: Int64
    /// Which segments' keys it holds; no two runs have one in common.
    public let range: SegmentRange
    public let count: Int
    /// Nil when the filters of all runs would take too much memory.
    public let filter: KeyFilter?

    public init(number: Int64, range: SegmentRange, count: Int, filter: KeyFilter?) {
        self.number = number
        self.range = range
        self.count = count
        self.filter = filter
    }
}

/// A part of a run: the keys whose hashes lie in a range, in order.
///
/// The ranges of a run's pages follow each other from 0 to the end of all hashes, so that a page
/// that is missing or in another's place is noticed by whoever looks for a key on it.
///
/// Layout: count, last segment of its run, range (start, end) (varints), first hash (varint), an integer column of
/// each further hash's distance from the one before, an integer column of the segments, CRC-32.
public struct KeyPage: Sendable {
    /// A page is about this large, so that two fit a page of SQLite.
    public static let bytesUsual = 1990
    /// The most keys of a page.
    public static let keysMax = 65_536
    /// Every hash is less.
    public static let hashEnd: UInt64 = 1 << UInt64(KeyRecord.hashBits)

    /// The last segment of the run that it belongs to.
    public let through: UInt64
    public let range: Range<UInt64>
    public let records: [KeyRecord]

    public init(through: UInt64, range: Range<UInt64>, records: [KeyRecord]) {
        self.through = through
        self.range = range
        self.records = records
    }

    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(varint: UInt64(records.count))
        bytes.append(varint: through)
        bytes.append(varint: range.lowerBound)
        bytes.append(varint: range.upperBound)
        guard let first = records.first else { return bytes.withChecksum() }
        bytes.append(varint: first.hash)
        let gaps = zip(records.dropFirst(), records).map { $0.hash &- $1.hash }
        IntegerColumn.append(gaps, 0..<gaps.count, to: &bytes)
        IntegerColumn.append(records.map(\.segment), 0..<records.count, to: &bytes)
        return bytes.withChecksum()
    }

    /// Reads what ``encoded`` gives.
    public init(from stored: [UInt8]) throws(SegmentError) {
        let bytes = try stored.checked()
        var reader = ByteReader()
        let count = try reader.count(limit: Self.keysMax, in: bytes.span)
        through = try reader.varint(in: bytes.span)
        let start = try reader.varint(in: bytes.span)
        let end = try reader.varint(in: bytes.span)
        guard start <= end else { throw .malformed(at: reader.offset) }
        range = start..<end
        guard count > 0 else {
            records = []
            return
        }
        var hash = try reader.varint(in: bytes.span)
        let gaps = try reader.integers(count - 1, in: bytes.span)
        let segments = try reader.integers(count, in: bytes.span)
        var records = [KeyRecord(hash: hash, segment: segments[0])]
        records.reserveCapacity(count)
        for (gap, segment) in zip(gaps, segments.dropFirst()) {
            hash &+= gap
            records.append(KeyRecord(hash: hash, segment: segment))
        }
        self.records = records
    }
}

/// Cuts keys that come in the order of their hashes into pages of about equal size.
public struct KeyPages: Sendable {
    private var waiting: [KeyRecord] = []
    private var start: UInt64 = 0
    private var pageCount: Int
    private let through: UInt64

    /// Pages of a run whose last segment is `through`; a page is tried with `pageKeys` keys first.
    public init(through: UInt64, pageKeys: Int = 400) {
        self.through = through
        pageCount = pageKeys
    }

    /// Takes the next key; gives a page when one is complete.
    public mutating func append(_ record: KeyRecord) -> KeyPage? {
        defer { waiting.append(record) }
        // Keys of equal hash stay on one page.
        guard let last = waiting.last, waiting.count >= pageCount, last.hash != record.hash else {
            return nil
        }
        let page = take(until: record.hash)
        let fitting = page.records.count * KeyPage.bytesUsual / page.encoded.count
        pageCount = min(max(fitting - 2, 16), 4000)
        return page
    }

    /// The last page, which may be empty.
    public mutating func finish() -> KeyPage { take(until: KeyPage.hashEnd) }

    private mutating func take(until end: UInt64) -> KeyPage {
        defer {
            waiting.removeAll(keepingCapacity: true)
            start = end
        }
        return KeyPage(through: through, range: start..<end, records: waiting)
    }
}

extension [KeyRecord] {
    /// Sorts by hash: four passes of eleven bits each, from the lowest.
    public mutating func sortByHash() {
        let passBits = 11
        var other = self
        for pass in 0..<KeyRecord.hashBits / passBits {
            let shift = UInt64(pass * passBits)
            var starts = [Int](repeating: 0, count: 1 << passBits)
            for record in self { starts[Self.digit(record, shift)] += 1 }
            var sum = 0
            for digit in starts.indices { (starts[digit], sum) = (sum, sum + starts[digit]) }
            for record in self {
                let digit = Self.digit(record, shift)
                other[starts[digit]] = record
                starts[digit] += 1
            }
            swap(&self, &other)
        }
    }

    @inline(__always)
    private static func digit(_ record: KeyRecord, _ shift: UInt64) -> Int {
        Int(truncatingIfNeeded: record.hash >> shift) & 0x7FF
    }
}

/// Where keys on disk are looked up.
public protocol KeyReader: Sendable {
    /// In which segments keys with these hashes may have been recorded.
    ///
    /// Disk as it is now is asked, whatever runs it has; `filters` save looking through some.
    func segments(
        of hashes: [UInt64], filters: [SegmentRange: KeyFilter]
    ) throws(StoreError) -> [[UInt64]]
}
