internal import Credit

/// Byte strings of one column: each in full, or as numbers into a dictionary of the distinct ones.
///
/// Layout: form (1 byte: 0 all empty, 1 plain, 2 dictionary); plain is an integer column of
/// lengths and the bytes; a dictionary is the number of distinct strings (varint), those strings as
/// a plain column, and an integer column of numbers. See docs/journal-format.md.
struct TextColumn {
    private enum Form {
        static let empty: UInt8 = 0
        static let plain: UInt8 = 1
        static let dictionary: UInt8 = 2
    }

    /// No dictionary is tried further when over three quarters of this many strings are distinct.
    private static let sampleCount = 64

    /// One cell per slot of the hash table: the number of a distinct string plus one.
    private var cells: [UInt32] = []
    private var distinct: [ByteRange] = []
    private var numbers: [UInt32] = []

    /// Appends the column of `count` strings in `source` that `range` names.
    ///
    /// A dictionary is built only when `mayRepeat`; it is given up when over half are distinct.
    @inline(__always)
    mutating func append(
        to bytes: inout [UInt8], scratch: inout [UInt64], count: Int, mayRepeat: Bool,
        source: [UInt8], range: (Int) -> ByteRange
    ) {
        var total = 0
        for index in 0..<count { total += Int(range(index).count) }
        guard total > 0 else { return bytes.append(Form.empty) }
        if mayRepeat, count > 1, collect(count, source: source, range: range) {
            appendDictionary(to: &bytes, scratch: &scratch, count: count, source: source)
        } else {
            bytes.append(Form.plain)
            Self.appendPlain(
                to: &bytes, scratch: &scratch, count: count, source: source, range: range)
        }
    }

    @inline(__always)
    private static func appendPlain(
        to bytes: inout [UInt8], scratch: inout [UInt64], count: Int, source: [UInt8],
        range: (Int) -> ByteRange
    ) {
        IntegerColumn.append(to: &bytes, scratch: &scratch, count: count) {
            UInt64(range($0).count)
        }
        appendTexts(to: &bytes, count: count, source: source, range: range)
    }

    /// Appends the strings one after the other.
    @inline(__always)
    private static func appendTexts(
        to bytes: inout [UInt8], count: Int, source: [UInt8], range: (Int) -> ByteRange
    ) {
        var total = 0
        for index in 0..<count { total += Int(range(index).count) }
        var end = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: total))
        unsafe bytes.withUnsafeMutableBytes { target in
            unsafe source.withUnsafeBytes { source in
                for index in 0..<count {
                    let text = range(index)
                    guard text.count > 0 else { continue }
                    let stretch = unsafe UnsafeRawBufferPointer(rebasing: source[text.indices])
                    unsafe UnsafeMutableRawBufferPointer(
                        rebasing: target[end..<end + stretch.count]
                    ).copyMemory(from: stretch)
                    end += stretch.count
                }
            }
        }
    }

    private mutating func appendDictionary(
        to bytes: inout [UInt8], scratch: inout [UInt64], count: Int, source: [UInt8]
    ) {
        bytes.append(Form.dictionary)
        bytes.append(varint: UInt64(distinct.count))
        let strings = distinct
        Self.appendPlain(
            to: &bytes, scratch: &scratch, count: strings.count, source: source,
            range: { strings[$0] })
        let indices = numbers
        IntegerColumn.append(to: &bytes, scratch: &scratch, count: count) { UInt64(indices[$0]) }
    }

    /// Numbers the distinct strings; false when there are too many for a dictionary to pay.
    @inline(__always)
    private mutating func collect(
        _ count: Int, source: [UInt8], range: (Int) -> ByteRange
    ) -> Bool {
        var size = 64
        while size < count * 2 { size *= 2 }
        cells.removeAll(keepingCapacity: true)
        cells.append(contentsOf: repeatElement(0, count: size))
        distinct.removeAll(keepingCapacity: true)
        numbers.removeAll(keepingCapacity: true)
        let distinctMax = max(1, count / 2)
        for index in 0..<count {
            let number = number(of: range(index), source: source)
            guard distinct.count <= distinctMax else { return false }
            if index == Self.sampleCount, distinct.count * 4 > Self.sampleCount * 3 {
                return false
            }
            numbers.append(number)
        }
        return true
    }

    @inline(__always)
    private mutating func number(of range: ByteRange, source: [UInt8]) -> UInt32 {
        let bytes = source.span
        let mask = cells.count - 1
        var cell = Int(truncatingIfNeeded: Bytes.hash(range, bytes)) & mask
        while cells[cell] != 0 {
            let number = cells[cell] - 1
            if Bytes.areEqual(distinct[Int(number)], range, bytes) { return number }
            cell = (cell + 1) & mask
        }
        distinct.append(range)
        cells[cell] = UInt32(truncatingIfNeeded: distinct.count)
        return UInt32(truncatingIfNeeded: distinct.count - 1)
    }
}

extension ByteReader {
    /// Reads a column of `count` byte strings; copies them to the end of `texts`.
    mutating func texts(
        _ count: Int, in bytes: Span<UInt8>, to texts: inout [UInt8]
    ) throws(SegmentError) -> [ByteRange] {
        switch try byte(in: bytes) {
        case 0: return [ByteRange](repeating: .empty, count: count)
        case 1: return try plainTexts(count, in: bytes, to: &texts)
        case 2:
            let distinctCount = try self.count(limit: count, in: bytes)
            let distinct = try plainTexts(distinctCount, in: bytes, to: &texts)
            var ranges: [ByteRange] = []
            ranges.reserveCapacity(count)
            for number in try integers(count, in: bytes) {
                guard number < UInt64(distinctCount) else { throw .malformed(at: offset) }
                ranges.append(distinct[Int(number)])
            }
            return ranges
        default: throw .malformed(at: offset)
        }
    }

    private mutating func plainTexts(
        _ count: Int, in bytes: Span<UInt8>, to texts: inout [UInt8]
    ) throws(SegmentError) -> [ByteRange] {
        var ranges: [ByteRange] = []
        ranges.reserveCapacity(count)
        for length in try integers(count, in: bytes) {
            guard length <= UInt64(bytes.count) else { throw .malformed(at: offset) }
            let start = try take(Int(length), in: bytes)
            ranges.append(texts.appending(bytes.extracting(start..<start + Int(length))))
        }
        return ranges
    }
}
