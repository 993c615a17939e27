internal import Credit

/// Canonical JSON objects of one column, split into shapes and the integers that fill them.
///
/// A shape is the object's text with each plain integer of at most 18 digits outside strings
/// replaced by byte 1 (which canonical JSON never contains). Calls of one action share a shape,
/// so that it is written once, and their integers pack by place: first integers, second integers
/// and so on. Beyond ``placesMax`` integers the rest stays in the shape.
struct ParametersColumn {
    /// The most integers taken out of one object.
    static let placesMax = 8
    private static let mark: UInt8 = 1
    private static let digitsMax = 18

    private var shapeText: [UInt8] = []
    private var shapes: [ByteRange] = []
    private var values: [[UInt64]] = Array(repeating: [], count: placesMax)
    private var texts = TextColumn()

    /// Appends the column of `count` objects in `source` that `range` names.
    mutating func append(
        to bytes: inout [UInt8], scratch: inout [UInt64], count: Int, source: [UInt8],
        range: (Int) -> ByteRange
    ) {
        shapeText.removeAll(keepingCapacity: true)
        shapes.removeAll(keepingCapacity: true)
        for place in values.indices { values[place].removeAll(keepingCapacity: true) }
        for index in 0..<count { split(range(index), source) }
        let ranges = shapes
        texts.append(
            to: &bytes, scratch: &scratch, count: count, mayRepeat: true, source: shapeText,
            range: { ranges[$0] })
        for place in values {
            guard !place.isEmpty else { break }
            IntegerColumn.append(to: &bytes, scratch: &scratch, count: place.count) { place[$0] }
        }
    }

    private mutating func split(_ range: ByteRange, _ source: [UInt8]) {
        let start = shapeText.count
        var scanner = ShapeScanner(text: range.indices)
        var copied = range.indices.lowerBound
        var place = 0
        while place < Self.placesMax, let integer = scanner.nextInteger(in: source) {
            copy(source, copied..<integer.text.lowerBound)
            shapeText.append(Self.mark)
            values[place].append(integer.value)
            place += 1
            copied = integer.text.upperBound
        }
        copy(source, copied..<range.indices.upperBound)
        shapes.append(ByteRange(start: start, count: shapeText.count - start))
    }

    private mutating func copy(_ source: [UInt8], _ range: Range<Int>) {
        _ = shapeText.appending(source.span.extracting(range))
    }

    /// Finds integers outside strings in canonical JSON.
    private struct ShapeScanner {
        private var index: Int
        private let end: Int

        init(text: Range<Int>) {
            index = text.lowerBound
            end = text.upperBound
        }

        mutating func nextInteger(in source: [UInt8]) -> (text: Range<Int>, value: UInt64)? {
            while index < end {
                let byte = source[index]
                if byte == UInt8(ascii: "\"") {
                    skipString(in: source)
                } else if case 0x30...0x39 = byte {
                    if let integer = integer(in: source) { return integer }
                } else if byte == UInt8(ascii: "-") {
                    index += 1
                    _ = integer(in: source)
                } else {
                    index += 1
                }
            }
            return nil
        }

        private mutating func skipString(in source: [UInt8]) {
            index += 1
            while index < end, source[index] != UInt8(ascii: "\"") {
                index += source[index] == UInt8(ascii: "\\") ? 2 : 1
            }
            index += 1
        }

        /// Passes over a number; nil when it has a point or too many digits.
        private mutating func integer(in source: [UInt8]) -> (text: Range<Int>, value: UInt64)? {
            let start = index
            var value: UInt64 = 0
            while index < end, case 0x30...0x39 = source[index] {
                if index - start < digitsMax { value = value * 10 + UInt64(source[index] - 0x30) }
                index += 1
            }
            let digits = index - start
            guard index < end, source[index] == UInt8(ascii: ".") else {
                return digits <= digitsMax ? (start..<index, value) : nil
            }
            index += 1
            while index < end, case 0x30...0x39 = source[index] { index += 1 }
            return nil
        }
    }
}

extension ByteReader {
    /// Reads a column of `count` canonical JSON objects; copies them to the end of `texts`.
    mutating func parameters(
        _ count: Int, in bytes: Span<UInt8>, to texts: inout [UInt8]
    ) throws(SegmentError) -> [ByteRange] {
        var shapeText: [UInt8] = []
        let shapes = try self.texts(count, in: bytes, to: &shapeText)
        var columns = try places(of: shapes, in: shapeText).makeIterator()
        var values: [[UInt64]] = []
        while let size = columns.next() { values.append(try integers(size, in: bytes)) }
        var used = [Int](repeating: 0, count: values.count)
        return shapes.map { shape in
            let start = texts.count
            var place = 0
            for byte in shapeText[shape.indices] {
                guard byte == 1, place < values.count else {
                    texts.append(byte)
                    continue
                }
                texts.append(decimal: values[place][used[place]])
                used[place] += 1
                place += 1
            }
            return shape.isEmpty ? .empty : ByteRange(start: start, count: texts.count - start)
        }
    }

    /// How many integers the column of each place has.
    private func places(of shapes: [ByteRange], in text: [UInt8]) throws(SegmentError) -> [Int] {
        var sizes: [Int] = []
        for shape in shapes {
            let marks = text[shape.indices].count { $0 == 1 }
            guard marks <= ParametersColumn.placesMax else { throw .malformed(at: offset) }
            while sizes.count < marks { sizes.append(0) }
            for place in 0..<marks { sizes[place] += 1 }
        }
        return sizes
    }
}
