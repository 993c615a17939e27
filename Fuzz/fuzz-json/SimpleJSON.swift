/// A value of RFC 8259, read by a second parser that shares no code with `JSON`.
indirect enum SimpleJSON: Equatable {
    case word(String)
    /// Digits without needless zeros times ten to the exponent; none for zero.
    case number(isNegative: Bool, digits: [UInt8], exponent: Int)
    case string([UInt8])
    case array([SimpleJSON])
    case object([[UInt8]: SimpleJSON])

    /// Why a text is no value.
    enum Invalid: Error {
        case syntax
        /// A key twice, or nested too deep to be read here.
        case refused
    }

    init(_ text: [UInt8]) throws(Invalid) {
        var parser = SimpleParser(text: text)
        self = try parser.value(depth: 0)
        guard parser.next() == nil else { throw .syntax }
    }
}

/// A place in a text, moved by recursive descent.
private struct SimpleParser {
    private static let depthMax = 200

    let text: [UInt8]
    private var place = 0

    init(text: [UInt8]) { self.text = text }

    /// The next byte that is no space, which stays the next.
    mutating func next() -> UInt8? {
        while place < text.count {
            switch text[place] {
            case 0x20, 0x09, 0x0A, 0x0D: place += 1
            case let byte: return byte
            }
        }
        return nil
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard next() == UInt8(ascii: byte) else { return false }
        place += 1
        return true
    }

    mutating func value(depth: Int) throws(SimpleJSON.Invalid) -> SimpleJSON {
        guard depth < Self.depthMax else { throw .refused }
        switch next().map(Unicode.Scalar.init) {
        case "{": return try object(depth)
        case "[": return try array(depth)
        case "\"": return .string(try string())
        case "-", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9": return try number()
        default: return try word()
        }
    }

    private mutating func word() throws(SimpleJSON.Invalid) -> SimpleJSON {
        for word in ["true", "false", "null"] where text[place...].starts(with: word.utf8) {
            place += word.utf8.count
            return .word(word)
        }
        throw .syntax
    }

    private mutating func array(_ depth: Int) throws(SimpleJSON.Invalid) -> SimpleJSON {
        place += 1
        var values: [SimpleJSON] = []
        guard !take("]") else { return .array([]) }
        repeat { values.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw .syntax }
        return .array(values)
    }

    private mutating func object(_ depth: Int) throws(SimpleJSON.Invalid) -> SimpleJSON {
        place += 1
        var members: [[UInt8]: SimpleJSON] = [:]
        guard !take("}") else { return .object([:]) }
        repeat {
            guard next() == UInt8(ascii: "\"") else { throw .syntax }
            let key = try string()
            guard take(":") else { throw .syntax }
            let value = try value(depth: depth + 1)
            guard members.updateValue(value, forKey: key) == nil else { throw .refused }
        } while take(",")
        guard take("}") else { throw .syntax }
        return .object(members)
    }

    private mutating func string() throws(SimpleJSON.Invalid) -> [UInt8] {
        var units: [UInt8] = []
        place += 1
        while place < text.count {
            let byte = text[place]
            place += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard String(validating: units, as: UTF8.self) != nil else { throw .syntax }
                return units
            case UInt8(ascii: "\\"): try escape(to: &units)
            case ..<0x20: throw .syntax
            default: units.append(byte)
            }
        }
        throw .syntax
    }

    private mutating func escape(to units: inout [UInt8]) throws(SimpleJSON.Invalid) {
        guard place < text.count else { throw .syntax }
        let letter = Unicode.Scalar(text[place])
        place += 1
        switch letter {
        case "\"", "\\", "/": return units.append(UInt8(ascii: letter))
        case "b": return units.append(8)
        case "f": return units.append(12)
        case "n": return units.append(10)
        case "r": return units.append(13)
        case "t": return units.append(9)
        case "u": units += try unicode()
        default: throw .syntax
        }
    }

    /// The character whose code, or pair of codes, stands behind `\u`.
    private mutating func unicode() throws(SimpleJSON.Invalid) -> [UInt8] {
        var code = [try hexadecimal()]
        if UTF16.isLeadSurrogate(code[0]) {
            guard text[place...].starts(with: "\\u".utf8) else { throw .syntax }
            place += 2
            code.append(try hexadecimal())
        }
        guard let character = String(validating: code, as: UTF16.self) else { throw .syntax }
        return Array(character.utf8)
    }

    private mutating func hexadecimal() throws(SimpleJSON.Invalid) -> UInt16 {
        let digits = text[place...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw .syntax }
        place += 4
        return unit
    }

    private mutating func digits() throws(SimpleJSON.Invalid) -> [UInt8] {
        let found = text[place...].prefix { 0x30...0x39 ~= $0 }
        guard !found.isEmpty else { throw .syntax }
        place += found.count
        return Array(found)
    }

    private mutating func number() throws(SimpleJSON.Invalid) -> SimpleJSON {
        let isNegative = text[place] == UInt8(ascii: "-")
        if isNegative { place += 1 }
        var all = try digits()
        guard all.count == 1 || all[0] != 0x30 else { throw .syntax }
        var exponent = 0
        if place < text.count, text[place] == UInt8(ascii: ".") {
            place += 1
            let fraction = try digits()
            exponent -= fraction.count
            all += fraction
        }
        if place < text.count, text[place] | 0x20 == UInt8(ascii: "e") {
            place += 1
            var sign = 1
            if place < text.count, [0x2B, 0x2D].contains(text[place]) {
                sign = text[place] == 0x2D ? -1 : 1
                place += 1
            }
            let written = String(decoding: try digits(), as: UTF8.self)
            exponent += sign * (Int(written).map { min($0, 1 << 40) } ?? 1 << 40)
        }
        while all.last == 0x30 {
            all.removeLast()
            exponent += 1
        }
        let digits = Array(all.drop { $0 == 0x30 })
        guard !digits.isEmpty else { return .number(isNegative: false, digits: [], exponent: 0) }
        return .number(isNegative: isNegative, digits: digits, exponent: exponent)
    }
}
