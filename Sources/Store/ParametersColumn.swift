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

    private var line: [UInt8] = []
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
        if line.count < Int(range.count) {
            line = [UInt8](repeating: 0, count: Int(range.count) * 2)
        }
        let count = unsafe source.withUnsafeBufferPointer { source in
            unsafe line.withUnsafeMutableBufferPointer { line in
                unsafe Self.split(
                    UnsafeBufferPointer(rebasing: source[range.indices]), into: line, &values)
            }
        }
        shapeText.append(contentsOf: line[..<count])
        shapes.append(ByteRange(start: start, count: count))
    }

    /// Writes the shape of an object to `line` and its integers to `values`; gives the shape's
    /// length, which is never more than the object's.
    private static func split(
        _ text: UnsafeBufferPointer<UInt8>, into line: UnsafeMutableBufferPointer<UInt8>,
        _ values: inout [[UInt64]]
    ) -> Int {
        var count = 0
        var place = 0
        var index = 0
        var isInString = false
        while index < text.count {
            let byte = unsafe text[index]
            var end = index + 1
            if byte == UInt8(ascii: "\"") {
                isInString.toggle()
            } else if byte == UInt8(ascii: "\\") {
                end = min(end + 1, text.count)
            } else if !isInString, byte &- 0x30 < 10 {
                let number = unsafe PlainInteger(text, from: index)
                end = number.end
                if number.isTakenOut, place < placesMax {
                    values[place].append(number.value)
                    place += 1
                    unsafe line[count] = mark
                    count += 1
                    index = end
                }
            }
            while index < end {
                unsafe line[count] = text[index]
                count += 1
                index += 1
            }
        }
        return count
    }

    /// A number of canonical JSON, read from its first digit on.
    private struct PlainInteger {
        private(set) var value: UInt64 = 0
        private(set) var end: Int
        /// True when it may leave the shape: not negative, no fraction, few enough digits.
        private(set) var isTakenOut: Bool

        init(_ text: UnsafeBufferPointer<UInt8>, from start: Int) {
            end = start
            while end < text.count, unsafe text[end] &- 0x30 < 10 {
                if end - start < digitsMax { value = value * 10 + UInt64(unsafe text[end] - 0x30) }
                end += 1
            }
            let before = unsafe start > 0 ? text[start - 1] : 0
            let isNegative = before == UInt8(ascii: "-")
            isTakenOut = end - start <= digitsMax && !isNegative
            guard end < text.count, unsafe text[end] == UInt8(ascii: ".") else { return }
            isTakenOut = false
            end += 1
            while end < text.count, unsafe text[end] &- 0x30 < 10 { end += 1 }
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
