import JSON
import Testing

struct StringTests {
    @Test(arguments: [
        ("C3A9", true), ("E282AC", true), ("F09D849E", true), ("EFBFBF", true), ("F48FBFBF", true),
        ("ED9FBF", true), ("EE8080", true),
        ("80", false), ("BF", false), ("C3", false), ("C328", false), ("E282", false),
        ("E28228", false), ("F09D84", false), ("FE", false), ("FF", false),
        ("C080", false), ("C1BF", false), ("E08080", false), ("E09FBF", false),  // overlong
        ("F0808080", false), ("F08FBFBF", false),  // overlong
        ("EDA080", false), ("EDBFBF", false), ("EDA081EDB080", false),  // surrogates
        ("F4908080", false), ("F5808080", false), ("F8888080 80", false),  // over U+10FFFF
    ])
    func `takes UTF-8 alone`(hex: String, isGood: Bool) throws {
        let bytes = [UInt8](ascii: "\"") + bytes(hex) + [UInt8](ascii: "\"")
        if isGood {
            try JSONCursor.check(bytes.span)
        } else {
            #expect(throws: JSONError(.invalidUTF8, at: 1)) { try JSONCursor.check(bytes.span) }
        }
    }

    @Test(arguments: [
        #""\x""#, #""\""#, #""\U0041""#, #""\u""#, #""\u004""#, #""\u004g""#, #""\u 041""#,
        #""\ud834""#, #""\udd1e""#, #""\ud834\u0041""#, #""\ud834\n""#, #""\ud834 \udd1e""#,
        #""\udd1e\ud834""#, #""\ud834\ud834""#, #""\'""#, #""\u+041""#, "\"\\\n\"", #""\u{41}""#,
    ])
    func `refuses other escapes and half pairs`(text: String) {
        let reason = text == #""\""# ? JSONError.Reason.unexpectedEnd : .invalidEscape
        let error = #expect(throws: JSONError.self) { try JSONCursor.check(text.utf8.span) }
        #expect(error?.reason == reason)
    }

    @Test(arguments: [
        (#""""#, ""), (#""plain é""#, "plain é"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u0041\u00e9\u20AC\uD834\uDD1E!""#, "Aé€𝄞!"), (#""a\u0000b""#, "a\u{0}b"),
        (#""\u007f\u0080\u07ff\u0800\uffff""#, "\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}"),
        (#""\udbff\udfff\ud800\udc00""#, "\u{10FFFF}\u{10000}"),
    ])
    func `resolves escapes`(text: String, value: String) throws {
        var cursor = JSONCursor()
        let string = try cursor.string(in: text.utf8.span)
        try cursor.end(in: text.utf8.span)
        var bytes: [UInt8] = []
        bytes.append(unescaped: string, of: text.utf8.span)
        #expect(bytes == Array(value.utf8))
        let isEqual = string.equals(value.utf8.span, in: text.utf8.span)
        let isLonger = string.equals((value + "x").utf8.span, in: text.utf8.span)
        #expect(isEqual && !isLonger)
        #expect(string.hasEscapes == text.contains("\\"))
    }

    @Test(arguments: UInt64(1)...50)
    func `a string that is written reads back`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var text = ""
        for _ in 0..<Int.random(in: 0...40, using: &random) {
            let limit: UInt32 = Bool.random(using: &random) ? 0x80 : 0x11_0000
            text.unicodeScalars.append(
                Unicode.Scalar(.random(in: 0..<limit, using: &random)) ?? "\"")
        }
        var json: [UInt8] = []
        json.append(jsonString: text)
        var cursor = JSONCursor()
        let string = try cursor.string(in: json.span)
        try cursor.end(in: json.span)
        let isEqual = string.equals(text.utf8.span, in: json.span)
        #expect(isEqual, "seed \(seed)")
        #expect(try CanonicalJSON.bytes(of: json.span) == json, "seed \(seed)")
    }

    private func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.filter { $0 != " " }.map { UInt8($0.hexDigitValue ?? 0) }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

extension [UInt8] {
    init(ascii text: String) {
        self = Array(text.utf8)
    }
}
