import Testing

@testable import HTTP

/// The reader alone, without a network.
struct ReaderTests {
    /// A small generator that repeats itself for a seed (splitmix64).
    private struct SeededRandom: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }
    }

    private static let samples = [
        "GET /a?b HTTP/1.1\r\nHost: a\r\nX-Key: one\r\n\r\n",
        "POST /c HTTP/1.1\r\nHost: a:80\r\nContent-Length: 5\r\n\r\nhello",
        "PUT / HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\n",
        "HEAD http://a/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nhost: a\r\nExpect: 100-continue\r\n\r\n",
    ]
    /// Bytes that parsers stumble over.
    private static let mischief = Array("\r\n \t:;,\u{00}\u{0B}\u{7F}0123aAfFgG-+[]/?#%\"=".utf8)

    /// What the reader makes of `bytes` that come in `portions`, as text.
    private func reading(_ bytes: [UInt8], portions: [Int]) -> String {
        let parser = HeadParser()
        var limits = HTTPLimits()
        limits.headerBytesMax = 256
        var reader = RequestReader(request: HTTPRequest(remoteAddress: "", isUnixSocket: false))
        var told = ""
        var start = 0
        for end in portions + [bytes.count] where end >= start {
            unsafe bytes[start..<end].withUnsafeBytes { unsafe reader.append($0) }
            start = end
            do {
                while let line = try step(&reader, parser, limits) { told += line }
            } catch {
                return told + "\(error)"
            }
        }
        return told + "\(reader.stage)"
    }

    /// A line for the next head or request; nil when more bytes are needed.
    private func step(
        _ reader: inout RequestReader, _ parser: HeadParser, _ limits: HTTPLimits
    ) throws(HTTPRejection) -> String? {
        switch try reader.next(parser: parser, within: limits) {
        case .needsMore: return nil
        case .head:
            try reader.admitBody(limit: 64)
            return ""
        case .request:
            let request = reader.request
            defer { reader.finishRequest() }
            return "\(request.method) \(request.path) \(request.query ?? []) \(request.body)\n"
        }
    }

    @Test(arguments: UInt64(1)...400)
    func `however damaged bytes are cut, they read the same`(seed: UInt64) {
        var random = SeededRandom(state: seed)
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            bytes += Array((Self.samples.randomElement(using: &random) ?? "").utf8)
        }
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            let byte = Self.mischief.randomElement(using: &random) ?? 0
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[index] = byte
            case 1: bytes.insert(byte, at: index)
            default: bytes.remove(at: index)
            }
        }
        let whole = reading(bytes, portions: [])
        #expect(reading(bytes, portions: Array(0..<bytes.count)) == whole, "seed \(seed)")
        let cuts = (0..<4).map { _ in Int.random(in: 0...bytes.count, using: &random) }
        #expect(reading(bytes, portions: cuts.sorted()) == whole, "seed \(seed), cut at \(cuts)")
    }

    /// Whoever sees a line end at once must not give another answer than who sees it grow.
    @Test(arguments: [
        ("", 8300, "", "uriTooLong"), ("", 8300, "\u{00}", "uriTooLong"),
        ("", 99, "\u{00}", "malformedRequestLine"), ("GET /", 8300, "", "uriTooLong"),
        ("GET /", 8191, " HTTP/1.1\r\nHost: a", "get [47, 65"),
        ("GET /", 8192, " HTTP/1.1", "uriTooLong"),
        ("GET / HTTP/1.1\r\nA", 300, "", "headersTooLarge"),
        ("GET / HTTP/1.1\r\nA:", 300, "\u{00}", "headersTooLarge"),
        ("GET / HTTP/1.1\r\nA:", 99, "\u{00}", "malformedField"),
    ])
    func `a line that is too long is refused as that however it arrives`(
        start: String, count: Int, end: String, expected: String
    ) {
        let line = start + String(repeating: "A", count: count) + end
        let bytes = Array("\(line)\r\n\r\n".utf8)
        let whole = reading(bytes, portions: [])
        #expect(reading(bytes, portions: Array(0..<bytes.count)) == whole)
        #expect(whole.hasPrefix(expected))
    }

    @Test func `what is sound is read as one request each`() {
        let bytes = Array(Self.samples.joined().utf8)
        let lines = reading(bytes, portions: []).split(separator: "\n")
        #expect(lines.count == Self.samples.count + 1)
        #expect(lines.last == "idle")
    }
}
