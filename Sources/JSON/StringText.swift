extension [UInt8] {
    /// Appends UTF-8 as a JSON string with its quotes, escaping only what must be.
    public mutating func append(jsonString bytes: Span<UInt8>) {
        append(UInt8(ascii: "\""))
        append(escaping: bytes)
        append(UInt8(ascii: "\""))
    }

    /// Appends a text as a JSON string with its quotes, escaping only what must be.
    public mutating func append(jsonString text: String) {
        append(jsonString: text.utf8.span)
    }

    /// Appends a string of a JSON text in its canonical spelling.
    mutating func append(canonical string: JSONString, of text: Span<UInt8>) {
        guard string.hasEscapes else {
            let quoted = string.range.lowerBound - 1..<string.range.upperBound + 1
            append(bytes: text.extracting(quoted))
            return
        }
        append(UInt8(ascii: "\""))
        var bytes = UnescapedBytes(string)
        while let byte = bytes.next(in: text) {
            if mustEscape(byte) { append(escape: byte) } else { append(byte) }
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func append(escaping bytes: Span<UInt8>) {
        var first = 0
        var index = PlainBytes.end(in: bytes, from: 0)
        while index < bytes.count {
            if mustEscape(bytes[index]) {
                append(bytes: bytes.extracting(first..<index))
                append(escape: bytes[index])
                first = index + 1
            }
            index = PlainBytes.end(in: bytes, from: index + 1)
        }
        append(bytes: bytes.extracting(first..<bytes.count))
    }

    private mutating func append(escape byte: UInt8) {
        append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte)
        case 0x08: append(UInt8(ascii: "b"))
        case 0x09: append(UInt8(ascii: "t"))
        case 0x0A: append(UInt8(ascii: "n"))
        case 0x0C: append(UInt8(ascii: "f"))
        case 0x0D: append(UInt8(ascii: "r"))
        default:
            append(contentsOf: [UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0")])
            append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
            let low = byte & 0x0F
            append(low < 10 ? 0x30 + low : UInt8(ascii: "a") + low - 10)
        }
    }
}

/// True for the bytes that a JSON string cannot hold as they are.
private func mustEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
}
