import JSON
import Testing

struct GrammarTests {
    @Test(arguments: [
        "0", "-0", "12", "-1.5", "1e9", "1E+2", "0.0e-0", "1.25E-7", "true", "false", "null",
        "\"\"", "\"a\"", " \t\r\n1 \t\r\n", "[]", "[ ]", "[1,2]", "[ 1 , [ ] , { } ]", "{}", "{ }",
        "{\"a\":1}", "{ \"a\" : { \"a\" : 1 } , \"b\" : [ ] }", "{\"\":0}",
        "\"\u{7F}\u{80}\u{10FFFF}\"",
        #""\"\\\/\b\f\n\r\t\u0041\u00e9\uD834\uDD1E""#, #""\u0000""#, "[{\"a\":1},{\"a\":1}]",
        "{\"a\":{\"b\":1},\"b\":{\"a\":1}}", "{\"A\":1,\"a\":1}", "{\"b\":1,\"a\":2,\"c\":3}",
        "99999999999999999999999999999999999999999999999999e999999999",
    ])
    func `accepts RFC 8259`(text: String) {
        #expect(throws: Never.self) { try JSONCursor.check(text.utf8.span) }
    }

    @Test(arguments: [
        ("", JSONError(.unexpectedEnd, at: 0)), (" ", JSONError(.unexpectedEnd, at: 1)),
        ("[", JSONError(.unexpectedEnd, at: 1)), ("{", JSONError(.unexpectedEnd, at: 1)),
        ("[1", JSONError(.unexpectedEnd, at: 2)), ("{\"a\"", JSONError(.unexpectedEnd, at: 4)),
        ("{\"a\":", JSONError(.unexpectedEnd, at: 5)), ("tru", JSONError(.unexpectedEnd, at: 3)),
        ("\"a", JSONError(.unexpectedEnd, at: 2)), ("-", JSONError(.unexpectedEnd, at: 1)),
        ("1.", JSONError(.unexpectedEnd, at: 2)), ("1e", JSONError(.unexpectedEnd, at: 2)),
        ("1e+", JSONError(.unexpectedEnd, at: 3)),
        ("\u{FEFF}1", JSONError(.unexpectedByte, at: 0)),  // byte order mark
        ("[1,]", JSONError(.unexpectedByte, at: 3)),
        ("{\"a\":1,}", JSONError(.unexpectedByte, at: 7)),
        ("[,1]", JSONError(.unexpectedByte, at: 1)), ("[1 2]", JSONError(.unexpectedByte, at: 3)),
        ("{,}", JSONError(.unexpectedByte, at: 1)), ("{a:1}", JSONError(.unexpectedByte, at: 1)),
        ("{'a':1}", JSONError(.unexpectedByte, at: 1)),
        ("{1:1}", JSONError(.unexpectedByte, at: 1)),
        ("{\"a\",1}", JSONError(.unexpectedByte, at: 4)),
        ("[1}", JSONError(.unexpectedByte, at: 2)),
        ("{\"a\":1]", JSONError(.unexpectedByte, at: 6)),
        ("{\"a\":}", JSONError(.unexpectedByte, at: 5)),
        ("[}", JSONError(.unexpectedByte, at: 1)), ("{]", JSONError(.unexpectedByte, at: 1)),
        ("{\"a\":1 \"b\":2}", JSONError(.unexpectedByte, at: 7)),
        ("]", JSONError(.unexpectedByte, at: 0)),
        ("/**/1", JSONError(.unexpectedByte, at: 0)), ("1//", JSONError(.trailingBytes, at: 1)),
        ("NaN", JSONError(.unexpectedByte, at: 0)), ("Infinity", JSONError(.unexpectedByte, at: 0)),
        ("-Infinity", JSONError(.unexpectedByte, at: 1)),
        ("nan", JSONError(.unexpectedByte, at: 1)),
        ("True", JSONError(.unexpectedByte, at: 0)), ("nul1", JSONError(.unexpectedByte, at: 3)),
        ("+1", JSONError(.unexpectedByte, at: 0)), ("01", JSONError(.unexpectedByte, at: 1)),
        ("-01", JSONError(.unexpectedByte, at: 2)), (".5", JSONError(.unexpectedByte, at: 0)),
        ("1.e1", JSONError(.unexpectedByte, at: 2)), ("1e1.5", JSONError(.trailingBytes, at: 3)),
        ("0x10", JSONError(.trailingBytes, at: 1)), ("1 1", JSONError(.trailingBytes, at: 2)),
        ("--1", JSONError(.unexpectedByte, at: 1)), ("1\u{0}", JSONError(.trailingBytes, at: 1)),
        ("\u{A0}1", JSONError(.unexpectedByte, at: 0)),
        ("\u{B}1", JSONError(.unexpectedByte, at: 0)),
        ("{}{}", JSONError(.trailingBytes, at: 2)), ("nullx", JSONError(.trailingBytes, at: 4)),
        ("\"a\tb\"", JSONError(.controlCharacter, at: 2)),
        ("\"a\nb\"", JSONError(.controlCharacter, at: 2)),
        ("\"\u{0}\"", JSONError(.controlCharacter, at: 1)),
    ])
    func `refuses everything else and says where`(text: String, error: JSONError) {
        #expect(throws: error) { try JSONCursor.check(text.utf8.span) }
    }

    @Test(arguments: [
        ("{\"a\":1,\"a\":1}", 8), ("{\"a\":1,\"b\":2,\"a\":3}", 14),
        ("{\"b\":1,\"a\":2,\"b\":3}", 14),
        (#"{"a":1,"\u0061":2}"#, 8), (#"{"\/":1,"/":2}"#, 9), (#"{"é":1,"\u00E9":2}"#, 9),
        (#"{"𝄞":1,"\ud834\uDD1E":2}"#, 11), ("[{\"x\":{\"a\":1,\"a\":1}}]", 14),
        ("{\"x\":1,\"x\":{\"x\":1}}", 8), (#"{"":1,"":2}"#, 7), (#"{"\u0000":1,"\u0000":2}"#, 13),
    ])
    func `refuses duplicate keys however they are spelled`(text: String, offset: Int) {
        let error = JSONError(.duplicateKey, at: offset)
        #expect(throws: error) { try JSONCursor.check(text.utf8.span) }
        #expect(throws: error) { try CanonicalJSON.bytes(of: text.utf8.span) }
    }

    @Test func `keys that differ by normal form only are different`() {
        let text = "{\"\u{E9}\":1,\"e\u{301}\":2}"
        #expect(throws: Never.self) { try JSONCursor.check(text.utf8.span) }
    }

    @Test(arguments: [("[", "]"), ("{\"a\":", "}")])
    func `nests 32 deep and no deeper`(open: String, close: String) throws {
        let inner = open == "[" ? "" : "1"
        let nested = { (depth: Int) in
            String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)
        }
        try JSONCursor.check(nested(32).utf8.span)
        #expect(throws: JSONError(.tooDeep, at: 32 * open.utf8.count)) {
            try JSONCursor.check(nested(33).utf8.span)
        }
        #expect(throws: JSONError(.tooDeep, at: 32 * open.utf8.count)) {
            try CanonicalJSON.bytes(of: nested(100_000).utf8.span)
        }
    }

    @Test(arguments: [true, false])
    func `an object has at most 1024 keys`(ascending: Bool) throws {
        let object = { (count: Int) in
            let numbers =
                ascending ? Array(10_000..<10_000 + count) : (10_000..<10_000 + count).reversed()
            return "{" + numbers.map { "\"\($0)\":0" }.joined(separator: ",") + "}"
        }
        try JSONCursor.check(object(1024).utf8.span)
        #expect(throws: JSONError(.tooManyKeys, at: 2 + 1024 * 10)) {
            try JSONCursor.check(object(1025).utf8.span)
        }
    }

    @Test func `what is cut off anywhere is refused`() throws {
        let text = Array(#"{"a":[1.5e3,true,null,"\u00e9é"],"b":{"c":false}}"#.utf8)
        try JSONCursor.check(text.span)
        for count in 0..<text.count {
            #expect(throws: JSONError.self, "\(count) bytes") {
                try JSONCursor.check(text.span.extracting(first: count))
            }
        }
    }

    @Test(arguments: UInt64(1)...200)
    func `no bytes whatever make it trap`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let good = Array(#"{"a":[1.5e3,true,null,"\u00e9é\ud834\udd1e"],"b":{"c":-0}}"#.utf8)
        let alphabet =
            Array(#"{}[]",:\u0123dDeE+-. truefalsn"#.utf8) + [0x00, 0x80, 0xC3, 0xED, 0xF4, 0xFF]
        for _ in 0..<50 {
            var text = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<text.count, using: &random)
                text[place] = alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            let isGood = (try? JSONCursor.check(text.span)) != nil
            let isCanonical = (try? CanonicalJSON.bytes(of: text.span)) != nil
            #expect(isGood || !isCanonical, "seed \(seed): \(text)")
        }
    }
}
