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
    private static let escape = UInt8(ascii: "\\")

    /// The shapes one after the other, with eight bytes to spare for whole words.
    private var shapeText: [UInt8] = []
    private var shapes: [ByteRange] = []
    /// The integers of the first place, then those of the second and so on, `stride` for each.
    private var values: [UInt64] = []
    private var stride = 0
    /// How many integers each place has.
    private var used = [Int](repeating: 0, count: placesMax)
    private var texts = TextColumn()

    /// Appends the column of the objects of `source` at some places of `ranges`.
    mutating func append(
        _ ranges: [ByteRange], _ places: Range<Int>, of source: [UInt8], to bytes: inout [UInt8]
    ) {
        let column = ranges.span.extracting(places)
        var total = 0
        for index in column.indices { total += Int(column[index].count) }
        makeRoom(column.count, bytes: total)
        var end = 0
        for index in column.indices {
            let length = split(column[index], source, to: end)
            shapes.append(ByteRange(start: end, count: length))
            end += length
        }
        texts.append(shapes, 0..<shapes.count, of: shapeText, to: &bytes)
        for place in used.indices {
            guard used[place] > 0 else { break }
            let first = place * stride
            IntegerColumn.append(values, first..<first + used[place], to: &bytes)
        }
    }

    private mutating func makeRoom(_ count: Int, bytes: Int) {
        shapes.removeAll(keepingCapacity: true)
        for place in used.indices { used[place] = 0 }
        stride = count
        if values.count < count * Self.placesMax {
            values = [UInt64](repeating: 0, count: count * Self.placesMax)
        }
        if shapeText.count < bytes + 8 { shapeText = [UInt8](repeating: 0, count: bytes + 8) }
    }

    /// Writes the shape of an object at `start` of the shapes and keeps its integers; gives the
    /// shape's length, which is never more than the object's.
    private mutating func split(_ range: ByteRange, _ source: [UInt8], to start: Int) -> Int {
        unsafe source.withUnsafeBytes { source in
            unsafe shapeText.withUnsafeMutableBytes { shapes in
                let text = unsafe UnsafeRawBufferPointer(rebasing: source[range.indices])
                let line = unsafe UnsafeMutableRawBufferPointer(rebasing: shapes[start...])
                var place = 0
                var index = 0
                var end = 0
                while index < text.count {
                    let byte = unsafe text[index]
                    if byte == UInt8(ascii: "\"") {
                        unsafe Self.copyString(text, from: &index, to: line, at: &end)
                        continue
                    }
                    guard byte &- 0x30 < 10 else {
                        unsafe line[end] = byte
                        index += 1
                        end += 1
                        continue
                    }
                    let number = unsafe PlainInteger(text, from: index)
                    if number.isTakenOut, place < Self.placesMax {
                        values[place * stride + used[place]] = number.value
                        used[place] += 1
                        place += 1
                        unsafe line[end] = Self.mark
                        index = number.end
                        end += 1
                    }
                    while index < number.end {
                        unsafe line[end] = text[index]
                        index += 1
                        end += 1
                    }
                }
                return end
            }
        }
    }

    /// Copies a string with its quotes, a word at a time while there is one.
    @inline(__always)
    private static func copyString(
        _ text: UnsafeRawBufferPointer, from index: inout Int,
        to line: UnsafeMutableRawBufferPointer, at end: inout Int
    ) {
        var isOpening = true
        while index < text.count {
            if !isOpening, index + 8 <= text.count {
                let word = unsafe text.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                unsafe line.storeBytes(of: word, toByteOffset: end, as: UInt64.self)
                let marks = Bytes.marks(word, UInt8(ascii: "\"")) | Bytes.marks(word, escape)
                let plain = marks == 0 ? 8 : marks.trailingZeroBitCount >> 3
                index += plain
                end += plain
                guard plain < 8 else { continue }
            }
            let byte = unsafe text[index]
            unsafe line[end] = byte
            index += 1
            end += 1
            if byte == escape, index < text.count {
                unsafe line[end] = text[index]
                index += 1
                end += 1
            } else if byte == UInt8(ascii: "\""), !isOpening {
                return
            }
            isOpening = false
        }
    }

    /// A number of canonical JSON, read from its first digit on.
    private struct PlainInteger {
        private(set) var value: UInt64 = 0
        private(set) var end: Int
        /// True when it may leave the shape: not negative, no fraction, few enough digits.
        private(set) var isTakenOut: Bool

        init(_ text: UnsafeRawBufferPointer, from start: Int) {
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
