internal import Credit

/// Texts of one column split in two: a shape, which many share, and the integer in it.
///
/// The last run of digits of a text is taken out where it reads back the same: at most 18 digits that
/// do not begin with 0, or a single 0. Names such as `run-1048576` so take as many bits as the integers
/// of a column differ in.
struct NumberedTexts {
    /// Stands for the integer in a shape; no text may contain it.
    static let mark: UInt8 = 1
    private static let digitsMax = 18

    /// The shapes one after the other.
    private(set) var text: [UInt8] = []
    private(set) var shapes: [ByteRange] = []
    /// For each text the integer taken out; 0 for none.
    private(set) var values: [UInt64] = []

    /// Splits the texts of a column; false when one contains the mark.
    mutating func take(_ column: Span<ByteRange>, of source: [UInt8]) -> Bool {
        text.removeAll(keepingCapacity: true)
        shapes.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        let bytes = source.span
        for index in column.indices {
            guard take(bytes.extracting(column[index].indices)) else { return false }
        }
        return true
    }

    private mutating func take(_ bytes: Span<UInt8>) -> Bool {
        let start = text.count
        let digits = Self.digits(of: bytes)
        var value: UInt64 = 0
        for index in bytes.indices {
            guard bytes[index] != Self.mark else { return false }
            guard digits.contains(index) else {
                text.append(bytes[index])
                continue
            }
            if value == 0, index == digits.lowerBound { text.append(Self.mark) }
            value = value * 10 + UInt64(bytes[index] - 0x30)
        }
        shapes.append(ByteRange(start: start, count: text.count - start))
        values.append(value)
        return true
    }

    /// Where the integer of a text stands, if it has one; nil for a text that contains the mark.
    static func splitting(_ bytes: Span<UInt8>) -> Range<Int>? {
        for index in bytes.indices where bytes[index] == mark { return nil }
        return digits(of: bytes)
    }

    /// The last run of digits, if it may be taken out.
    private static func digits(of bytes: Span<UInt8>) -> Range<Int> {
        var end = bytes.count
        while end > 0, bytes[end - 1] &- 0x30 >= 10 { end -= 1 }
        var start = end
        while start > 0, bytes[start - 1] &- 0x30 < 10 { start -= 1 }
        let isPlain = end - start == 1 || start < end && bytes[start] != 0x30
        return isPlain && end - start <= digitsMax ? start..<end : 0..<0
    }
}

/// Such texts where they are stored.
struct StoredNumberedTexts: Sendable {
    let shapes: StoredTexts.Plain
    let numbers: StoredIntegers
    let values: StoredIntegers

    /// Writes the text at `index` to the end of `texts`.
    func copy(
        _ index: Int, from bytes: Span<UInt8>, to texts: inout [UInt8]
    ) throws(SegmentError) -> ByteRange {
        let number = numbers.value(at: index, in: bytes)
        guard number < UInt64(shapes.lengths.count) else { throw .malformed(at: shapes.start) }
        let shape = bytes.extracting(shapes.range(at: Int(number), in: bytes))
        guard shape.count > 0 else { return .empty }
        let start = texts.count
        for place in shape.indices {
            if shape[place] == NumberedTexts.mark {
                texts.append(decimal: values.value(at: index, in: bytes))
            } else {
                texts.append(shape[place])
            }
        }
        return ByteRange(start: start, count: texts.count - start)
    }
}

extension ByteReader {
    /// Passes over a column of `count` texts behind its form, each of whose shapes has one integer at
    /// most.
    mutating func storedNumberedTexts(
        _ count: Int, in bytes: Span<UInt8>
    ) throws(SegmentError) -> StoredNumberedTexts {
        let distinct = try self.count(limit: count, in: bytes)
        let shapes = try storedPlainTexts(distinct, in: bytes)
        for index in 0..<distinct {
            var marks = 0
            for place in shapes.range(at: index, in: bytes)
            where bytes[place] == NumberedTexts.mark { marks += 1 }
            guard marks <= 1 else { throw .malformed(at: shapes.start) }
        }
        return StoredNumberedTexts(
            shapes: shapes, numbers: try storedIntegers(count, in: bytes),
            values: try storedIntegers(count, in: bytes))
    }
}
