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
    fileprivate static let mark: UInt8 = 1
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

/// A column of canonical JSON objects where it is stored: each can be read without the others.
struct StoredParameters: Sendable {
    let shapes: StoredTexts
    let values: [StoredIntegers]
    /// How many integers are taken out of each distinct shape, or of each shape when all are plain.
    let marks: [Int]

    fileprivate init(shapes: StoredTexts, values: [StoredIntegers], marks: [Int]) {
        self.shapes = shapes
        self.values = values
        self.marks = marks
    }

    /// Copies the objects at some places to the end of `texts`.
    ///
    /// Takes the longer the further back they are, unless as many integers are taken out of each.
    func copy(
        _ places: Range<Int>, from bytes: Span<UInt8>, to texts: inout [UInt8]
    ) throws(SegmentError) -> [ByteRange] {
        let isUniform = marks.allSatisfy { $0 == values.count }
        var used = [Int](repeating: isUniform ? places.lowerBound : 0, count: values.count)
        if !isUniform {
            for before in 0..<places.lowerBound {
                for place in 0..<markCount(at: before, in: bytes) { used[place] += 1 }
            }
        }
        var ranges: [ByteRange] = []
        ranges.reserveCapacity(places.count)
        for (place, shape) in zip(places, try shapes.ranges(places, in: bytes)) {
            let text = bytes.extracting(shape.indices)
            ranges.append(write(text, used, from: bytes, to: &texts))
            for mark in 0..<markCount(at: place, in: bytes) { used[mark] += 1 }
        }
        return ranges
    }

    /// How many integers are taken out of the object at `index`, whose shape can be read.
    @inline(__always)
    private func markCount(at index: Int, in bytes: Span<UInt8>) -> Int {
        switch shapes.form {
        case .empty: 0
        case .plain: marks[index]
        case .dictionary(_, let numbers): marks[Int(numbers.value(at: index, in: bytes))]
        case .numbered: 0
        }
    }

    /// Writes an object: its shape, with the integers at the places `used` in between.
    private func write(
        _ shape: Span<UInt8>, _ used: [Int], from bytes: Span<UInt8>, to texts: inout [UInt8]
    ) -> ByteRange {
        guard shape.count > 0 else { return .empty }
        let start = texts.count
        var place = 0
        for index in shape.indices {
            if shape[index] == ParametersColumn.mark {
                texts.append(decimal: values[place].value(at: used[place], in: bytes))
                place += 1
            } else {
                texts.append(shape[index])
            }
        }
        return ByteRange(start: start, count: texts.count - start)
    }
}

extension ByteReader {
    /// Passes over a column of `count` objects and says how to read single ones.
    mutating func storedParameters(
        _ count: Int, in bytes: Span<UInt8>
    ) throws(SegmentError) -> StoredParameters {
        let shapes = try storedTexts(count, in: bytes)
        var marks: [Int] = []
        var uses: [Int] = []
        switch shapes.form {
        case .empty: break
        case .plain(let plain):
            marks = try self.marks(of: plain, in: bytes)
            uses = [Int](repeating: 1, count: count)
        case .dictionary(let distinct, let numbers):
            marks = try self.marks(of: distinct, in: bytes)
            uses = [Int](repeating: 0, count: marks.count)
            for index in 0..<count {
                let number = numbers.value(at: index, in: bytes)
                guard number < UInt64(uses.count) else { throw .malformed(at: offset) }
                uses[Int(number)] += 1
            }
        case .numbered: throw .malformed(at: offset)
        }
        var values: [StoredIntegers] = []
        for place in 0..<(marks.max() ?? 0) {
            let size = zip(marks, uses).reduce(0) { $1.0 > place ? $0 + $1.1 : $0 }
            values.append(try storedIntegers(size, in: bytes))
        }
        return StoredParameters(shapes: shapes, values: values, marks: marks)
    }

    /// How many integers are taken out of each shape.
    private func marks(
        of shapes: StoredTexts.Plain, in bytes: Span<UInt8>
    ) throws(SegmentError) -> [Int] {
        var counts: [Int] = []
        var place = shapes.start
        for index in 0..<shapes.lengths.count {
            let end = place + Int(shapes.lengths.value(at: index, in: bytes))
            var count = 0
            for offset in place..<end where bytes[offset] == ParametersColumn.mark { count += 1 }
            guard count <= ParametersColumn.placesMax else { throw .malformed(at: offset) }
            counts.append(count)
            place = end
        }
        return counts
    }

    /// Reads a column of `count` canonical JSON objects; copies them to the end of `texts`.
    mutating func parameters(
        _ count: Int, in bytes: Span<UInt8>, to texts: inout [UInt8]
    ) throws(SegmentError) -> [ByteRange] {
        try storedParameters(count, in: bytes).copy(0..<count, from: bytes, to: &texts)
    }
}
