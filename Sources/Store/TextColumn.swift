internal import Credit

/// Byte strings of one column: each in full, or as numbers into a dictionary of the distinct ones, or as
/// shapes with integers (``NumberedTexts``).
///
/// Layout: form (1 byte: 0 all empty, 1 plain, 2 dictionary, 3 numbered); plain is an integer column of
/// lengths and the bytes; a dictionary is the number of distinct strings (varint), those strings as
/// a plain column, and an integer column of numbers; numbered is a dictionary of shapes and an integer
/// column of the integers. See docs/journal-format.md.
struct TextColumn {
    enum Form {
        static let empty: UInt8 = 0
        static let plain: UInt8 = 1
        static let dictionary: UInt8 = 2
        static let numbered: UInt8 = 3
    }

    /// No dictionary is tried further when over three quarters of this many strings are distinct.
    static let sampleCount = 64
    /// Fewer strings are not numbered: they gain little.
    private static let numberedMin = 64
    /// Strings are numbered when there are so many times fewer shapes.
    private static let shapesShare = 16

    /// A place of the hash table.
    private struct Cell: BitwiseCopyable {
        /// The number of a distinct string plus one; 0 when free.
        var numberPlusOne: UInt32 = 0
        var count: UInt32 = 0
        var ends = Bytes.Ends()
    }

    private var cells: [Cell] = []
    private var distinct: [ByteRange] = []
    private var numbers: [UInt64] = []
    private var lengths: [UInt64] = []
    private var numbered = NumberedTexts()

    /// Appends the column of the strings of `source` at some places of `ranges`.
    ///
    /// A dictionary is built only when they `mayRepeat`; it is given up when over half are distinct.
    /// Then they are numbered if they may be and few shapes are found; true when they were.
    @discardableResult
    mutating func append(
        _ ranges: [ByteRange], _ places: Range<Int>, of source: [UInt8], mayRepeat: Bool = true,
        mayNumber: Bool = false, to bytes: inout [UInt8]
    ) -> Bool {
        let column = ranges.span.extracting(places)
        var total = 0
        for index in column.indices { total += Int(column[index].count) }
        guard total > 0 else {
            bytes.append(Form.empty)
            return false
        }
        if mayRepeat, column.count > 1, collect(column, source: source, most: column.count / 2) {
            bytes.append(Form.dictionary)
            appendDictionary(of: source, to: &bytes)
            return false
        }
        if mayNumber, column.count >= Self.numberedMin,
            appendNumbered(column, of: source, to: &bytes)
        {
            return true
        }
        bytes.append(Form.plain)
        appendPlain(column, bytes: total, of: source, to: &bytes)
        return false
    }

    /// False when that would not pay.
    private mutating func appendNumbered(
        _ column: Span<ByteRange>, of source: [UInt8], to bytes: inout [UInt8]
    ) -> Bool {
        guard numbered.take(column, of: source) else { return false }
        let (shapes, text) = (numbered.shapes, numbered.text)
        guard collect(shapes.span, source: text, most: column.count / Self.shapesShare) else {
            return false
        }
        bytes.append(Form.numbered)
        appendDictionary(of: text, to: &bytes)
        IntegerColumn.append(numbered.values, numbered.values.indices, to: &bytes)
        return true
    }

    /// Appends the distinct strings that were collected, and the number of each.
    private mutating func appendDictionary(of source: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(varint: UInt64(distinct.count))
        let strings = distinct
        appendPlain(
            strings.span, bytes: strings.reduce(0) { $0 + Int($1.count) }, of: source, to: &bytes)
        IntegerColumn.append(numbers, 0..<numbers.count, to: &bytes)
    }

    /// Appends the strings' lengths, then the strings, `total` bytes, one after the other.
    private mutating func appendPlain(
        _ column: Span<ByteRange>, bytes total: Int, of source: [UInt8], to bytes: inout [UInt8]
    ) {
        lengths.removeAll(keepingCapacity: true)
        for index in column.indices { lengths.append(UInt64(column[index].count)) }
        IntegerColumn.append(lengths, 0..<lengths.count, to: &bytes)
        var end = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: total))
        unsafe bytes.withUnsafeMutableBytes { target in
            unsafe source.withUnsafeBytes { source in
                for index in column.indices {
                    let text = column[index]
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

    /// Numbers the distinct strings; false when there are too many for a dictionary to pay.
    private mutating func collect(
        _ column: Span<ByteRange>, source: [UInt8], most: Int
    ) -> Bool {
        var size = 64
        while size < column.count * 2 { size *= 2 }
        cells.removeAll(keepingCapacity: true)
        cells.append(contentsOf: repeatElement(Cell(), count: size))
        distinct.removeAll(keepingCapacity: true)
        numbers.removeAll(keepingCapacity: true)
        let distinctMax = max(1, most)
        let text = source.span
        for index in column.indices {
            let number = number(of: column[index], in: text)
            guard distinct.count <= distinctMax else { return false }
            if index == Self.sampleCount, distinct.count * 4 > Self.sampleCount * 3 {
                return false
            }
            numbers.append(number)
        }
        return true
    }

    @inline(__always)
    private mutating func number(of range: ByteRange, in text: Span<UInt8>) -> UInt64 {
        let mask = cells.count - 1
        let ends = Bytes.Ends(of: range, in: text)
        var place = Int(truncatingIfNeeded: ends.hash(range, text)) & mask
        while true {
            let cell = cells[place]
            guard cell.numberPlusOne != 0 else { break }
            if cell.count == range.count, cell.ends == ends,
                range.count <= Bytes.Ends.count
                    || Bytes.areEqual(distinct[Int(cell.numberPlusOne) - 1], range, text)
            {
                return UInt64(cell.numberPlusOne - 1)
            }
            place = (place + 1) & mask
        }
        distinct.append(range)
        cells[place] = Cell(
            numberPlusOne: UInt32(truncatingIfNeeded: distinct.count), count: range.count,
            ends: ends)
        return UInt64(distinct.count - 1)
    }
}

/// A column of byte strings where it is stored: each can be read without the others.
struct StoredTexts: Sendable {
    /// Strings one after the other.
    struct Plain: Sendable {
        let lengths: StoredIntegers
        /// Where the first one begins.
        let start: Int

        /// Where the string at `index` lies: at once when all are of one length, else after summing
        /// up the lengths of those before.
        func range(at index: Int, in bytes: Span<UInt8>) -> Range<Int> {
            if let length = lengths.common {
                let first = start + index * Int(length)
                return first..<first + Int(length)
            }
            var first = start
            for before in 0..<index { first += Int(lengths.value(at: before, in: bytes)) }
            return first..<first + Int(lengths.value(at: index, in: bytes))
        }
    }

    enum Form: Sendable {
        case empty
        case plain(Plain)
        case dictionary(distinct: Plain, numbers: StoredIntegers)
        /// They do not lie in the bytes read, but are written anew.
        case numbered(StoredNumberedTexts)
    }

    let form: Form

    /// Writes the string at `index` to the end of `texts`.
    func copy(
        _ index: Int, from bytes: Span<UInt8>, to texts: inout [UInt8]
    ) throws(SegmentError) -> ByteRange {
        if case .numbered(let numbered) = form {
            return try numbered.copy(index, from: bytes, to: &texts)
        }
        let range = try range(at: index, in: bytes)
        return range.isEmpty ? .empty : texts.appending(bytes.extracting(range))
    }

    /// Where the string at `index`, which is less than the column's count, lies in the bytes read.
    func range(at index: Int, in bytes: Span<UInt8>) throws(SegmentError) -> Range<Int> {
        switch form {
        case .empty: return 0..<0
        case .plain(let plain): return plain.range(at: index, in: bytes)
        case .dictionary(let distinct, let numbers):
            let number = numbers.value(at: index, in: bytes)
            guard number < UInt64(distinct.lengths.count) else {
                throw .malformed(at: distinct.start)
            }
            return distinct.range(at: Int(number), in: bytes)
        case .numbered(let numbered): throw .malformed(at: numbered.shapes.start)
        }
    }
}

extension ByteReader {
    /// Passes over a column of `count` byte strings and says how to read single ones.
    mutating func storedTexts(
        _ count: Int, mayBeNumbered: Bool = false, in bytes: Span<UInt8>
    ) throws(SegmentError) -> StoredTexts {
        switch try byte(in: bytes) {
        case 0: return StoredTexts(form: .empty)
        case 1: return StoredTexts(form: .plain(try storedPlainTexts(count, in: bytes)))
        case 2:
            let distinctCount = try self.count(limit: count, in: bytes)
            let distinct = try storedPlainTexts(distinctCount, in: bytes)
            let numbers = try storedIntegers(count, in: bytes)
            return StoredTexts(form: .dictionary(distinct: distinct, numbers: numbers))
        case 3 where mayBeNumbered:
            return StoredTexts(form: .numbered(try storedNumberedTexts(count, in: bytes)))
        default: throw .malformed(at: offset)
        }
    }

    mutating func storedPlainTexts(
        _ count: Int, in bytes: Span<UInt8>
    ) throws(SegmentError) -> StoredTexts.Plain {
        let lengths = try storedIntegers(count, in: bytes)
        var total: UInt64 = 0
        for index in 0..<count {
            let length = lengths.value(at: index, in: bytes)
            guard length <= UInt64(bytes.count) else { throw .malformed(at: offset) }
            total += length
            guard total <= UInt64(bytes.count) else { throw .malformed(at: offset) }
        }
        return StoredTexts.Plain(lengths: lengths, start: try take(Int(total), in: bytes))
    }

    /// Reads a column of `count` byte strings; copies them to the end of `texts`.
    mutating func texts(
        _ count: Int, in bytes: Span<UInt8>, to texts: inout [UInt8]
    ) throws(SegmentError) -> [ByteRange] {
        try storedTexts(count, in: bytes).copyAll(count, from: bytes, to: &texts)
    }
}

extension StoredTexts {
    /// Where the strings at some places lie in the bytes read.
    func ranges(
        _ places: Range<Int>, in bytes: Span<UInt8>
    ) throws(SegmentError) -> [ByteRange] {
        switch form {
        case .empty: return [ByteRange](repeating: .empty, count: places.count)
        case .plain(let plain): return plain.ranges(places, in: bytes)
        case .dictionary(let plain, let numbers):
            let distinct = plain.ranges(0..<plain.lengths.count, in: bytes)
            var ranges: [ByteRange] = []
            ranges.reserveCapacity(places.count)
            for place in places {
                let number = numbers.value(at: place, in: bytes)
                guard number < UInt64(distinct.count) else {
                    throw .malformed(at: plain.start)
                }
                ranges.append(distinct[Int(number)])
            }
            return ranges
        case .numbered(let numbered): throw .malformed(at: numbered.shapes.start)
        }
    }

    /// Copies all strings, of which there are `count`, to the end of `texts`, each distinct one once.
    func copyAll(
        _ count: Int, from bytes: Span<UInt8>, to texts: inout [UInt8]
    ) throws(SegmentError) -> [ByteRange] {
        let stretch: Range<Int>
        switch form {
        case .empty: return [ByteRange](repeating: .empty, count: count)
        case .plain(let plain), .dictionary(let plain, _): stretch = plain.stretch(in: bytes)
        case .numbered(let numbered):
            var ranges: [ByteRange] = []
            ranges.reserveCapacity(count)
            for index in 0..<count {
                ranges.append(try numbered.copy(index, from: bytes, to: &texts))
            }
            return ranges
        }
        let shift = texts.count - stretch.lowerBound
        _ = texts.appending(bytes.extracting(stretch))
        return try ranges(0..<count, in: bytes).map { range in
            range.isEmpty
                ? .empty : ByteRange(start: Int(range.start) + shift, count: Int(range.count))
        }
    }
}

extension StoredTexts.Plain {
    /// Where the strings at some places lie.
    func ranges(_ places: Range<Int>, in bytes: Span<UInt8>) -> [ByteRange] {
        guard let first = places.first else { return [] }
        var ranges: [ByteRange] = []
        ranges.reserveCapacity(places.count)
        var start = range(at: first, in: bytes).lowerBound
        for place in places {
            let length = Int(lengths.value(at: place, in: bytes))
            ranges.append(length == 0 ? .empty : ByteRange(start: start, count: length))
            start += length
        }
        return ranges
    }

    /// Where all strings lie.
    fileprivate func stretch(in bytes: Span<UInt8>) -> Range<Int> {
        guard lengths.count > 0 else { return start..<start }
        return start..<range(at: lengths.count - 1, in: bytes).upperBound
    }
}
