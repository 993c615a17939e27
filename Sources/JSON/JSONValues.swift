/// What a JSON value is, told by its first byte.
public enum JSONKind: Hashable, Sendable {
    case object
    case array
    case string
    case number
    case bool
    case null

    @inline(__always)
    init?(firstByte: UInt8) {
        switch firstByte {
        case UInt8(ascii: "\""): self = .string
        case UInt8(ascii: "-"), 0x30...0x39: self = .number
        case UInt8(ascii: "{"): self = .object
        case UInt8(ascii: "["): self = .array
        case UInt8(ascii: "t"), UInt8(ascii: "f"): self = .bool
        case UInt8(ascii: "n"): self = .null
        default: return nil
        }
    }
}

/// Where a string or key stands in a text whose scanner found it to be good JSON and UTF-8.
///
/// Its bytes are `text.extracting(string.range)` when it has no escapes; `append(unescaped:of:)`
/// writes them in any case. They may contain the byte 0, spelled `\u0000`: who cannot take that
/// must refuse it.
public struct JSONString: Hashable, Sendable {
    /// The bytes between the quotes.
    public let range: Range<Int>
    /// True when a backslash is among them.
    public let hasEscapes: Bool

    /// True when the string is `other`, byte for byte after unescaping.
    public func equals(_ other: Span<UInt8>, in text: Span<UInt8>) -> Bool {
        var bytes = UnescapedBytes(self)
        for index in other.indices {
            guard bytes.next(in: text) == other[index] else { return false }
        }
        return bytes.next(in: text) == nil
    }

    /// True when the unescaped bytes of `self` come before those of `other` in the same text.
    func precedes(_ other: Self, in text: Span<UInt8>) -> Bool {
        guard !hasEscapes, !other.hasEscapes else { return precedesUnescaped(other, in: text) }
        let shift = other.range.lowerBound - range.lowerBound
        for index in range {
            guard index + shift < other.range.upperBound else { return false }
            let (mine, byte) = (text[index], text[index + shift])
            guard mine == byte else { return mine < byte }
        }
        return range.count < other.range.count
    }

    private func precedesUnescaped(_ other: Self, in text: Span<UInt8>) -> Bool {
        var left = UnescapedBytes(self)
        var right = UnescapedBytes(other)
        while let byte = right.next(in: text) {
            guard let mine = left.next(in: text) else { return true }
            guard mine == byte else { return mine < byte }
        }
        return false
    }
}

/// Where a number stands in a text whose scanner found it to be good JSON.
public struct JSONNumber: Hashable, Sendable {
    /// The bytes of the number.
    public let range: Range<Int>
    /// True when it has neither a point nor an exponent.
    public let isInteger: Bool
}
