internal import Credit

/// Integers of one column: the least of them, then each one's distance from it in as few bits as
/// the greatest needs (frame of reference).
///
/// Layout: width in bits (1 byte, 0-56 or 64), least value (varint), then count x width bits, low
/// bits first, padded to a byte. See docs/journal-format.md.
enum IntegerColumn {
    /// Widths above this are written as whole words, so that a value never spans nine bytes.
    private static let packedWidthMax = 56

    /// Appends the column of the integers at some places of `words`.
    static func append(_ words: [UInt64], _ places: Range<Int>, to bytes: inout [UInt8]) {
        let column = words.span.extracting(places)
        var least = UInt64.max
        var greatest: UInt64 = 0
        for index in column.indices {
            least = min(least, column[index])
            greatest = max(greatest, column[index])
        }
        guard column.count > 0 else { return appendHead(to: &bytes, width: 0, least: 0) }
        let needed = 64 - (greatest - least).leadingZeroBitCount
        let width = needed > packedWidthMax ? 64 : needed
        appendHead(to: &bytes, width: width, least: least)
        if width > 0 { pack(column, width: width, least: least, to: &bytes) }
    }

    private static func appendHead(to bytes: inout [UInt8], width: Int, least: UInt64) {
        bytes.append(UInt8(truncatingIfNeeded: width))
        bytes.append(varint: least)
    }

    private static func pack(
        _ words: Span<UInt64>, width: Int, least: UInt64, to bytes: inout [UInt8]
    ) {
        let size = (words.count * width + 7) / 8
        let first = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: size + 8))
        unsafe bytes.withUnsafeMutableBytes { buffer in
            var offset = first
            var pending: UInt64 = 0
            var bits = 0
            for index in words.indices {
                // At most seven bits are pending, so that 56 more fit; before 64 there are none.
                let word = pending | (words[index] &- least) &<< UInt64(truncatingIfNeeded: bits)
                unsafe buffer.storeBytes(
                    of: word.littleEndian, toByteOffset: offset, as: UInt64.self)
                let end = bits &+ width
                pending = end == 64 ? 0 : word &>> UInt64(truncatingIfNeeded: end & ~7)
                offset &+= end &>> 3
                bits = end & 7
            }
        }
        bytes.removeLast(8)
    }
}

/// A column of integers where it is stored: each can be read without the others.
struct StoredIntegers: Sendable {
    let count: Int
    /// Where the packed bits begin.
    private let start: Int
    private let width: Int
    private let least: UInt64
    private let mask: UInt64

    fileprivate init(count: Int, start: Int, width: Int, least: UInt64) {
        self.count = count
        self.start = start
        self.width = width
        self.least = least
        mask = width == 64 ? UInt64.max : (1 << UInt64(width)) - 1
    }

    /// What all integers are when they are equal.
    var common: UInt64? { width == 0 ? least : nil }

    /// The integer at `index`, which is less than `count`.
    @inline(__always)
    func value(at index: Int, in bytes: Span<UInt8>) -> UInt64 {
        guard width > 0 else { return least }
        let bit = index * width
        let raw = Self.word(in: bytes, at: start + bit >> 3) &>> UInt64(bit & 7)
        return (raw & mask) &+ least
    }

    /// All integers in order.
    func values(in bytes: Span<UInt8>) -> [UInt64] {
        guard width > 0 else { return [UInt64](repeating: least, count: count) }
        var words: [UInt64] = []
        words.reserveCapacity(count)
        for index in 0..<count { words.append(value(at: index, in: bytes)) }
        return words
    }

    /// The eight bytes from `start` as one integer; bytes past the end count as zero.
    @inline(__always)
    private static func word(in bytes: Span<UInt8>, at start: Int) -> UInt64 {
        if start + 8 <= bytes.count {
            return unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self)
        }
        var word: UInt64 = 0
        for index in start..<bytes.count {
            word |= UInt64(bytes[index]) << UInt64((index - start) * 8)
        }
        return word
    }
}

extension ByteReader {
    /// Passes over a column of `count` integers and says how to read single ones.
    mutating func storedIntegers(
        _ count: Int, in bytes: Span<UInt8>
    ) throws(SegmentError) -> StoredIntegers {
        let width = Int(try byte(in: bytes))
        let least = try varint(in: bytes)
        guard width <= 56 || width == 64 else { throw .malformed(at: offset) }
        let start = try take((count * width + 7) / 8, in: bytes)
        return StoredIntegers(count: count, start: start, width: width, least: least)
    }

    /// Reads a column of `count` integers.
    mutating func integers(
        _ count: Int, in bytes: Span<UInt8>
    ) throws(SegmentError) -> [UInt64] {
        try storedIntegers(count, in: bytes).values(in: bytes)
    }
}
