/// The bytes of a string with its escapes resolved, one after the other, without an allocation.
struct UnescapedBytes {
    private var index: Int
    private let end: Int
    /// What is left of the UTF-8 of an escape, the next byte lowest.
    private var pending: UInt32 = 0
    private var pendingCount = 0

    init(_ string: JSONString) {
        index = string.range.lowerBound
        end = string.range.upperBound
    }

    /// The next byte; nil at the end.
    mutating func next(in text: Span<UInt8>) -> UInt8? {
        if pendingCount > 0 { return nextPending() }
        guard index < end, index < text.count else { return nil }
        let byte = text[index]
        guard byte == UInt8(ascii: "\\") else {
            index += 1
            return byte
        }
        guard let scalar = Escape.scalar(in: text, at: &index) else { return nil }
        encode(scalar)
        return nextPending()
    }

    private mutating func nextPending() -> UInt8 {
        let byte = UInt8(truncatingIfNeeded: pending)
        pending >>= 8
        pendingCount -= 1
        return byte
    }

    private mutating func encode(_ scalar: UInt32) {
        let tail = { (shift: UInt32) in 0x80 | scalar >> shift & 0x3F }
        switch scalar {
        case 0..<0x80:
            (pending, pendingCount) = (scalar, 1)
        case 0x80..<0x800:
            (pending, pendingCount) = (0xC0 | scalar >> 6 | tail(0) << 8, 2)
        case 0x800..<0x10000:
            (pending, pendingCount) = (0xE0 | scalar >> 12 | tail(6) << 8 | tail(0) << 16, 3)
        default:
            pending = 0xF0 | scalar >> 18 | tail(12) << 8 | tail(6) << 16 | tail(0) << 24
            pendingCount = 4
        }
    }
}

extension [UInt8] {
    /// Appends bytes as they are.
    @inlinable
    public mutating func append(bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Appends the bytes that `string` stands for, its escapes resolved.
    public mutating func append(unescaped string: JSONString, of text: Span<UInt8>) {
        guard string.hasEscapes else {
            append(bytes: text.extracting(string.range))
            return
        }
        var bytes = UnescapedBytes(string)
        while let byte = bytes.next(in: text) { append(byte) }
    }
}
