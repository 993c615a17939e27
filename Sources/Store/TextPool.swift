internal import Credit

/// A text in a ``TextPool``, as its shape and the integer in it.
///
/// Two are equal just when their texts are.
struct TextCode: Equatable, Sendable, BitwiseCopyable {
    /// The number of a shape, or of a literal; 0 of the empty text.
    let shape: UInt32
    /// The integer taken out; 0 where none was.
    let value: UInt64

    static let empty = Self(shape: 0, value: 0)

    @inline(__always)
    var hash: UInt64 { KeyFilter.mix(value ^ UInt64(shape) << 40) }
}

/// Texts of many columns, each kept as a shape and the integer in it as ``NumberedTexts`` splits them, so
/// that a column which is stored like that is carried over without being written out.
struct TextPool: Sendable {
    /// How large a pool may grow before its user makes a new one, in bytes.
    static let bytesUsual = 16 << 20

    /// Texts with the mark where their integer was, and texts without any.
    private var shapes = NameTable()
    /// Texts that are not split.
    private var literals = NameTable()
    private var scratch: [UInt8] = []

    /// How many bytes its texts take.
    var byteCount: Int { shapes.allBytes.count + literals.allBytes.count }

    /// The code of a text.
    mutating func code(of text: Span<UInt8>) -> TextCode {
        guard let digits = NumberedTexts.splitting(text) else { return literal(text) }
        guard !digits.isEmpty else { return shape(text, filledWith: 0) }
        var split: [UInt8] = []
        swap(&split, &scratch)
        defer { swap(&split, &scratch) }
        split.removeAll(keepingCapacity: true)
        _ = split.appending(text.extracting(..<digits.lowerBound))
        split.append(NumberedTexts.mark)
        _ = split.appending(text.extracting(digits.upperBound...))
        var value: UInt64 = 0
        for index in digits { value = value * 10 + UInt64(text[index] - 0x30) }
        return shape(split.span, filledWith: value)
    }

    /// The code of a text whose integer has been taken out.
    mutating func shape(_ shape: Span<UInt8>, filledWith value: UInt64) -> TextCode {
        TextCode(shape: shapes.number(of: shape) << 1, value: value)
    }

    /// The code of a text that is kept as it is.
    mutating func literal(_ text: Span<UInt8>) -> TextCode {
        guard text.count > 0 else { return .empty }
        return TextCode(shape: literals.number(of: text) << 1 | 1, value: 0)
    }

    /// Writes the text of a code to the end of `bytes`; gives its length.
    @discardableResult
    func append(_ code: TextCode, to bytes: inout [UInt8]) -> Int {
        let start = bytes.count
        let isLiteral = code.shape & 1 == 1
        let table = isLiteral ? literals : shapes
        let range = table.range(code.shape >> 1)
        let text = table.allBytes.span.extracting(range.indices)
        guard !isLiteral else { return Int(bytes.appending(text).count) }
        for index in text.indices {
            if text[index] == NumberedTexts.mark {
                bytes.append(decimal: code.value)
            } else {
                bytes.append(text[index])
            }
        }
        return bytes.count - start
    }

    /// The text of a code.
    func bytes(_ code: TextCode) -> [UInt8] {
        var bytes: [UInt8] = []
        append(code, to: &bytes)
        return bytes
    }
}

/// Numbers the distinct ones of some codes in the order of their first use.
struct CodeNumbers: Sendable {
    private(set) var distinct: [TextCode] = []
    /// By hash: a number plus one, 0 where free.
    private var slots = [UInt32](repeating: 0, count: 64)

    /// Forgets all; makes room for so many.
    mutating func restart(expecting count: Int) {
        distinct.removeAll(keepingCapacity: true)
        var size = 64
        while size < count * 2 { size *= 2 }
        slots.removeAll(keepingCapacity: true)
        slots.append(contentsOf: repeatElement(0, count: size))
    }

    /// The number of a code, which is added if it is new.
    @inline(__always)
    mutating func number(of code: TextCode) -> Int {
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: code.hash) & mask
        while slots[place] != 0 {
            let number = Int(slots[place]) - 1
            if distinct[number] == code { return number }
            place = (place + 1) & mask
        }
        distinct.append(code)
        slots[place] = UInt32(truncatingIfNeeded: distinct.count)
        if distinct.count * 2 > slots.count { grow() }
        return distinct.count - 1
    }

    private mutating func grow() {
        let mask = slots.count * 2 - 1
        slots = [UInt32](repeating: 0, count: mask + 1)
        for (number, code) in distinct.enumerated() {
            var place = Int(truncatingIfNeeded: code.hash) & mask
            while slots[place] != 0 { place = (place + 1) & mask }
            slots[place] = UInt32(truncatingIfNeeded: number) + 1
        }
    }
}
