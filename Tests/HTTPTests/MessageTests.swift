import Testing

@testable import HTTP

struct MessageTests {
    @Test(arguments: [
        ("", ""), ("abc", "abc"), ("%41%7a%7A", "Azz"), ("a+b%2B", "a+b+"), ("%C3%A9", "é"),
        ("%2541", "%41"),
    ])
    func `percent escapes are read`(text: String, decoded: String) throws {
        #expect(try Array(text.utf8).percentDecoded() == Array(decoded.utf8))
    }

    @Test(arguments: ["%", "%4", "a%4", "%4g", "%g4", "%00", "a%00b", "%%41", "%+1"])
    func `bad escapes and NUL are refused`(text: String) {
        #expect(throws: PercentEncoding.Invalid.self) { try Array(text.utf8).percentDecoded() }
    }

    @Test(arguments: [
        ("A", "b\r\nC: d"), ("A", "b\n"), ("A", "\r"), ("A", "\u{00}"), ("A", "\u{7F}"),
        ("", "a"), ("A B", "c"), ("A:", "c"), ("A\r\n", "c"), ("é", "c"),
    ])
    func `what could end a header line is refused`(name: String, value: String) {
        var response = HTTPResponse(status: 200, contentType: nil)
        #expect(throws: HTTPResponse.InvalidField.self) {
            try response.add(field: name, value: value)
        }
        #expect(response.fields.isEmpty)
    }

    @Test func `header lines are appended`() throws {
        var response = HTTPResponse(status: 200, contentType: nil)
        try response.add(field: "X-A", value: "b c")
        try response.add(field: "D", value: "")
        #expect(response.fields == Array("X-A: b c\r\nD: \r\n".utf8))
    }

    @Test(arguments: [
        (Int64(784_111_777), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
        (0, "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"),
        (1_795_219_199, "Date: Fri, 20 Nov 2026 23:59:59 GMT\r\n"),
    ])
    func `the date is written as RFC 9110 says`(second: Int64, line: String) {
        #expect(String(decoding: DateText.line(second: second), as: UTF8.self) == line)
    }

    @Test func `every rejection has its status`() {
        let statuses = Set(HTTPRejection.allCases.map(\.status))
        #expect(statuses == [400, 401, 408, 413, 414, 417, 431, 501, 503, 505])
    }
}
