extension JSONCursor {
    /// Reads a quoted string at ``offset`` and checks its escapes and its UTF-8.
    mutating func quoted(in text: Span<UInt8>) throws(JSONError) -> JSONString {
        let first = offset + 1
        var index = first
        var hasEscapes = false
        while true {
            index = PlainBytes.end(in: text, from: index)
            guard index < text.count else { throw JSONError(.unexpectedEnd, at: index) }
            switch text[index] {
            case UInt8(ascii: "\""):
                offset = index + 1
                return JSONString(range: first..<index, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                let start = index
                guard Escape.scalar(in: text, at: &index) != nil else {
                    throw JSONError(.invalidEscape, at: start)
                }
            case 0x00..<0x20: throw JSONError(.controlCharacter, at: index)
            default:
                guard let length = UTF8Sequence.length(in: text, at: index) else {
                    throw JSONError(.invalidUTF8, at: index)
                }
                index += length
            }
        }
    }
}

/// The well-formed byte sequences of table 3-7 of the Unicode standard.
enum UTF8Sequence {
    /// The bytes, 2 to 4, of the sequence that starts at `index`; nil when it is malformed.
    static func length(in text: Span<UInt8>, at index: Int) -> Int? {
        let (count, second): (Int, ClosedRange<UInt8>)
        switch text[index] {
        case 0xC2...0xDF: (count, second) = (2, 0x80...0xBF)
        case 0xE0: (count, second) = (3, 0xA0...0xBF)
        case 0xED: (count, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (count, second) = (3, 0x80...0xBF)
        case 0xF0: (count, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (count, second) = (4, 0x80...0xBF)
        case 0xF4: (count, second) = (4, 0x80...0x8F)
        default: return nil
        }
        guard index + count <= text.count, second.contains(text[index + 1]) else { return nil }
        for place in 2..<max(count, 2) {
            guard 0x80...0xBF ~= text[index + place] else { return nil }
        }
        return count
    }
}

/// The escapes of RFC 8259 section 7.
enum Escape {
    /// The scalar that the escape at `index` stands for, and moves `index` behind it.
    ///
    /// A pair of surrogates is one escape; half of a pair is nil, as is any unknown escape.
    static func scalar(in text: Span<UInt8>, at index: inout Int) -> UInt32? {
        guard index + 1 < text.count else { return nil }
        let letter = text[index + 1]
        guard letter == UInt8(ascii: "u") else {
            index += 2
            return short(letter)
        }
        guard let first = hexUnit(in: text, at: index + 2) else { return nil }
        index += 6
        guard 0xD800...0xDFFF ~= first else { return first }
        guard first < 0xDC00, index + 1 < text.count, text[index] == UInt8(ascii: "\\"),
            text[index + 1] == UInt8(ascii: "u"),
            let second = hexUnit(in: text, at: index + 2), 0xDC00...0xDFFF ~= second
        else { return nil }
        index += 6
        return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }

    private static func short(_ letter: UInt8) -> UInt32? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): UInt32(letter)
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    private static func hexUnit(in text: Span<UInt8>, at index: Int) -> UInt32? {
        guard index + 4 <= text.count else { return nil }
        var unit: UInt32 = 0
        for place in index..<index + 4 {
            let digit: UInt8
            switch text[place] {
            case 0x30...0x39: digit = text[place] - 0x30
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = text[place] - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = text[place] - UInt8(ascii: "A") + 10
            default: return nil
            }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }
}
