import JSON
import Testing

struct CanonicalTests {
    @Test(arguments: [
        ("1", "1"), ("1.0", "1"), ("1e2", "100"), ("1E-2", "0.01"), ("-0", "0"), ("-0.0e5", "0"),
        ("0e999999999999999999999", "0"), ("12.50", "12.5"), ("-12.50e1", "-125"), ("0.05", "0.05"),
        ("100", "100"), ("100e-2", "1"), ("1.5e1", "15"), ("1.25e1", "12.5"),
        ("0.00120e+1", "0.012"),
        ("123456789012345678901234567890", "123456789012345678901234567890"), ("10.01e1", "100.1"),
        ("1e39", "1" + String(repeating: "0", count: 39)),
        ("0.1e-39", "0." + String(repeating: "0", count: 39) + "1"),
        ("5000e-1", "500"), ("0.5e-0", "0.5"), ("-1e-3", "-0.001"), ("20.02", "20.02"),
        ("101e-1", "10.1"),
    ])
    func `spells numbers in one way`(text: String, canonical: String) throws {
        #expect(
            try String(decoding: CanonicalJSON.bytes(of: text.utf8.span), as: UTF8.self)
                == canonical)
    }

    @Test(arguments: [
        "1e40", "1e-41", "1e999999999999999999999", "1E-99999999999999999999999999",
        String(repeating: "9", count: 41), "0." + String(repeating: "9", count: 41),
    ])
    func `refuses numbers of over 40 digits`(text: String) {
        #expect(throws: JSONError(.outOfRange, at: 0)) {
            try CanonicalJSON.bytes(of: text.utf8.span)
        }
    }

    @Test(arguments: [
        (" { } ", "{}"), ("[ 1 , true , null ]", "[1,true,null]"),
        (#""\u0041\/\u00e9""#, #""A/é""#),
        (
            #""\u0022\u005C\u000a\u0008\u0009\u000c\u000D\u001F\u007f""#,
            #""\"\\\n\b\t\f\r\u001f"# + "\u{7F}\""
        ),
        (#"{"b":1,"a":2}"#, #"{"a":2,"b":1}"#),
        (#"{"b":{"d":1,"c":[{"z":1,"y":2}]},"a":2}"#, #"{"a":2,"b":{"c":[{"y":2,"z":1}],"d":1}}"#),
        (#"{"a!":1,"a":2}"#, #"{"a":2,"a!":1}"#),  // the quote is not part of the key
        (#"{"\n":1,"\u0001":2," ":3}"#, #"{"\u0001":2,"\n":1," ":3}"#),  // by bytes, not by escapes
        (#"{"\\":1,"]":2,"[":3}"#, #"{"[":3,"\\":1,"]":2}"#),
        ("{\"\u{FFFF}\":1,\"\u{10000}\":2,\"z\":3}", "{\"z\":3,\"\u{FFFF}\":1,\"\u{10000}\":2}"),
        (#"{"\ud800\udc00":1,"\uffff":2}"#, "{\"\u{FFFF}\":2,\"\u{10000}\":1}"),
    ])
    func `spells values in one way`(text: String, canonical: String) throws {
        #expect(
            try String(decoding: CanonicalJSON.bytes(of: text.utf8.span), as: UTF8.self)
                == canonical)
    }

    @Test func `leaves the output as it was when it refuses`() throws {
        var canonical = CanonicalJSON()
        var output = Array("kept".utf8)
        var cursor = JSONCursor()
        #expect(throws: JSONError(.outOfRange, at: 13)) {
            try canonical.append(#"{"b":1,"a":[ 1e99]}"#.utf8.span, at: &cursor, to: &output)
        }
        #expect(output == Array("kept".utf8))
        cursor = JSONCursor()
        try canonical.append(#"{"b":1,"a":2}"#.utf8.span, at: &cursor, to: &output)
        #expect(output == Array(#"kept{"a":2,"b":1}"#.utf8))
    }

    @Test(arguments: UInt64(1)...300)
    func `equal values give equal bytes whatever their spelling`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let value = Value.random(depth: 4, using: &random)
        let first = value.spelled(using: &random)
        let second = value.spelled(using: &random)
        let canonical = try CanonicalJSON.bytes(of: first.utf8.span)
        #expect(
            try CanonicalJSON.bytes(of: second.utf8.span) == canonical,
            "seed \(seed): \(first) \(second)")
        #expect(try CanonicalJSON.bytes(of: canonical.span) == canonical, "seed \(seed)")
        try JSONCursor.check(canonical.span)
    }

    @Test(arguments: UInt64(1)...300)
    func `values that differ give bytes that differ`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let (left, right) = (
            Value.random(depth: 2, using: &random), Value.random(depth: 2, using: &random)
        )
        let first = try CanonicalJSON.bytes(of: left.spelled(using: &random).utf8.span)
        let second = try CanonicalJSON.bytes(of: right.spelled(using: &random).utf8.span)
        #expect((first == second) == (left == right), "seed \(seed)")
    }
}

/// A JSON value as the test knows it, and its many spellings.
private indirect enum Value: Equatable {
    case null
    case bool(Bool)
    case number(digits: Int, exponent: Int)
    case string([UInt32])
    case array([Value])
    case object([[UInt32]: Value])

    static func random(depth: Int, using random: inout SeededRandom) -> Value {
        switch Int.random(in: 0..<(depth > 0 ? 6 : 4), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2:
            let digits = Int.random(in: -50...50, using: &random)
            guard digits % 10 != 0 else { return .number(digits: 0, exponent: 0) }
            return .number(digits: digits, exponent: .random(in: -6...6, using: &random))
        case 3: return .string(text(using: &random))
        case 4:
            let count = Int.random(in: 0...4, using: &random)
            return .array((0..<count).map { _ in .random(depth: depth - 1, using: &random) })
        default:
            var members: [[UInt32]: Value] = [:]
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                members[text(using: &random)] = .random(depth: depth - 1, using: &random)
            }
            return .object(members)
        }
    }

    private static func text(using random: inout SeededRandom) -> [UInt32] {
        let alphabet: [UInt32] = [
            0, 0x0A, 0x1F, 0x20, 0x22, 0x2F, 0x5C, 0x61, 0x62, 0xE9, 0xFFFF, 0x1_F600,
        ]
        let count = Int.random(in: 0...4, using: &random)
        return (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }
    }

    func spelled(using random: inout SeededRandom) -> String {
        let space = { (random: inout SeededRandom) in
            ["", "", " ", "\n\t"].randomElement(using: &random) ?? ""
        }
        switch self {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .number(let digits, let exponent):
            let moved = Int.random(in: 0...8, using: &random)
            let zeros = String(repeating: "0", count: moved)
            let sign = Bool.random(using: &random) ? "e" : "E"
            guard digits != 0 else {
                return ["0", "-0", "0.00", "0e7", "-0E-1"].randomElement(using: &random) ?? "0"
            }
            guard Bool.random(using: &random) else {
                return "\(digits).\(zeros)0\(sign)\(exponent)"
            }
            return "\(digits)\(zeros)\(sign)\(exponent - moved)"
        case .string(let text): return Self.quoted(text, using: &random)
        case .array(let values):
            let parts = values.map { space(&random) + $0.spelled(using: &random) + space(&random) }
            return "[\(parts.joined(separator: ","))]"
        case .object(let members):
            let order = members.keys.sorted { $0.lexicographicallyPrecedes($1) }.shuffled(
                using: &random)
            let parts = order.map { key in
                let value = members[key]?.spelled(using: &random) ?? "null"
                return space(&random) + Self.quoted(key, using: &random) + space(&random) + ":"
                    + value
            }
            return "{\(parts.joined(separator: ","))}"
        }
    }

    private static func quoted(_ text: [UInt32], using random: inout SeededRandom) -> String {
        var result = "\""
        for code in text {
            let mustEscape = code < 0x20 || code == 0x22 || code == 0x5C
            if mustEscape || Bool.random(using: &random) {
                let units =
                    code < 0x10000
                    ? [code] : [0xD800 + (code - 0x10000) >> 10, 0xDC00 + (code - 0x10000) & 0x3FF]
                for unit in units {
                    let hex = String(unit, radix: 16, uppercase: Bool.random(using: &random))
                    result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                }
            } else {
                result.unicodeScalars.append(Unicode.Scalar(code) ?? "?")
            }
        }
        return result + "\""
    }
}
