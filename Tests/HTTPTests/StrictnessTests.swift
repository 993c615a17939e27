import Testing

struct StrictnessTests {
    private static let host = "Host: a\r\n"
    private static let chunked = "Transfer-Encoding: chunked\r\n"
    private static let chunkedPost = "POST / HTTP/1.1\r\n\(host)\(chunked)\r\n"
    /// What would be answered too if the server read on.
    private static let second = "GET /second HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test(arguments: [
        // The request line
        "get / HTTP/1.1\r\n\(host)\r\n", "FROB / HTTP/1.1\r\n\(host)\r\n",
        "GET  / HTTP/1.1\r\n\(host)\r\n", "GET / HTTP/1.1 \r\n\(host)\r\n",
        "GET\t/ HTTP/1.1\r\n\(host)\r\n", " GET / HTTP/1.1\r\n\(host)\r\n",
        "GET /\r\n\r\n", "GET / http/1.1\r\n\(host)\r\n", "GET / HTTP/1.1x\r\n\(host)\r\n",
        "GET / HTTP/11\r\n\(host)\r\n", "GET /a b HTTP/1.1\r\n\(host)\r\n",
        "GET a HTTP/1.1\r\n\(host)\r\n", "GET * HTTP/1.1\r\n\(host)\r\n",
        "GET /#f HTTP/1.1\r\n\(host)\r\n", "GET /\u{7F} HTTP/1.1\r\n\(host)\r\n",
        "GET /é HTTP/1.1\r\n\(host)\r\n", "CONNECT a:80 HTTP/1.1\r\n\(host)\r\n",
        "GET http:// HTTP/1.1\r\n\(host)\r\n", "GET http://u@a/ HTTP/1.1\r\n\(host)\r\n",
        "GET ftp://a/ HTTP/1.1\r\n\(host)\r\n", "\r\n\r\nGET / HTTP/1.1\r\n\(host)\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}\u{00}",
        // Line ends
        "GET / HTTP/1.1\n\(host)\r\n", "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\n\(host)\n", "GET / HTTP/1.1\r\(host)\r\n",
        "GET / HTTP/1.1\r\r\n\(host)\r\n", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
        // Header lines
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "GET / HTTP/1.1\r\n\(host)X Y: a\r\n\r\n",
        "GET / HTTP/1.1\r\n\(host)X: a\r\n b\r\n\r\n", "GET / HTTP/1.1\r\n \(host)\r\n",
        "GET / HTTP/1.1\r\n\(host)X: a\r\n\tb\r\n\r\n", "GET / HTTP/1.1\r\n\(host): a\r\n\r\n",
        "GET / HTTP/1.1\r\n\(host)X\r\n\r\n", "GET / HTTP/1.1\r\n\(host)X: \u{00}\r\n\r\n",
        "GET / HTTP/1.1\r\n\(host)X: \u{01}\r\n\r\n", "GET / HTTP/1.1\r\n\(host)X\u{00}: a\r\n\r\n",
        "GET / HTTP/1.1\r\n\(host)X: \u{7F}\r\n\r\n", "GET / HTTP/1.1\r\n\(host)(x): a\r\n\r\n",
        // Host
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\n\(host)\(host)\r\n",
        "GET / HTTP/1.0\r\n\(host)\(host)\r\n", "GET / HTTP/1.1\r\nHost:\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n",
        // Length
        "POST / HTTP/1.1\r\n\(host)Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
        "POST / HTTP/1.1\r\n\(host)Content-Length: 1\r\nContent-Length: 2\r\n\r\na",
        "POST / HTTP/1.1\r\n\(host)Content-Length: 1, 1\r\n\r\na",
        "POST / HTTP/1.1\r\n\(host)Content-Length: +1\r\n\r\na",
        "POST / HTTP/1.1\r\n\(host)Content-Length: -1\r\n\r\na",
        "POST / HTTP/1.1\r\n\(host)Content-Length: 0x1\r\n\r\na",
        "POST / HTTP/1.1\r\n\(host)Content-Length: 1 1\r\n\r\na",
        "POST / HTTP/1.1\r\n\(host)Content-Length:\r\n\r\n",
        "POST / HTTP/1.1\r\n\(host)Content-Length: 18446744073709551617\r\n\r\na",
        "POST / HTTP/1.1\r\n\(host)Content-Length: 5\r\n\(chunked)\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n\(host)\(chunked)Content-Length: 5\r\n\r\n0\r\n\r\n",
        // Transfer coding
        "POST / HTTP/1.1\r\n\(host)\(chunked)\(chunked)\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n\(host)Transfer-Encoding:\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: \u{0B}chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\n\(host)\(chunked)\r\n0\r\n\r\n",
        // Chunks
        chunkedPost + "+1\r\na\r\n0\r\n\r\n", chunkedPost + "-1\r\na\r\n0\r\n\r\n",
        chunkedPost + "0x1\r\na\r\n0\r\n\r\n", chunkedPost + " 1\r\na\r\n0\r\n\r\n",
        chunkedPost + "1 \r\na\r\n0\r\n\r\n", chunkedPost + "1\na\r\n0\r\n\r\n",
        chunkedPost + "1\rXa\r\n0\r\n\r\n", chunkedPost + "1\r\naX\r\n0\r\n\r\n",
        chunkedPost + "1\r\na\n0\r\n\r\n", chunkedPost + "1\r\na0\r\n\r\n",
        chunkedPost + "\r\na\r\n0\r\n\r\n", chunkedPost + "000000001\r\na\r\n0\r\n\r\n",
        chunkedPost + "10000000000000001\r\na\r\n0\r\n\r\n", chunkedPost + "g\r\na\r\n0\r\n\r\n",
        chunkedPost + "1;a\n\r\na\r\n0\r\n\r\n", chunkedPost + "1;\u{00}\r\na\r\n0\r\n\r\n",
        chunkedPost + "1;" + String(repeating: "e", count: 5000) + "\r\na\r\n0\r\n\r\n",
        chunkedPost + "0\r\n a: b\r\n\r\n", chunkedPost + "0\r\na\r\n\r\n",
        chunkedPost + "0\r\na: b\n\r\n", chunkedPost + "0\r\n\n",
        chunkedPost + "0\r\na: " + String(repeating: "t", count: 5000) + "\r\n\r\n",
    ])
    func `what two readers could take differently is refused and the connection closed`(
        bytes: String
    ) throws {
        let server = try EchoServer()
        let socket = try server.connect()
        socket.send(bytes + Self.second)
        let response = try socket.response()
        #expect(response.status == 400, "\(response.text)")
        #expect(response.fields["connection"] == "close")
        #expect(try socket.rest().isEmpty)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\(host)\r\n", "GET /? "),
        ("\r\nGET / HTTP/1.1\r\n\(host)\r\n", "GET /? "),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /? "),
        ("GET /a%20b?c=d?e HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET /a%20b?c=d?e "),
        ("GET http://a:1/b?c HTTP/1.1\r\n\(host)\r\n", "GET /b?c "),
        ("GET HTTPS://a HTTP/1.1\r\n\(host)\r\n", "GET /? "),
        ("GET http://a?c HTTP/1.1\r\n\(host)\r\n", "GET /?c "),
        ("OPTIONS * HTTP/1.1\r\n\(host)\r\n", "OPTIONS *? "),
        ("PROPFIND / HTTP/1.1\r\n\(host)\r\n", " /? "),
        ("GET / HTTP/1.1\r\n\(host)X:\r\nY: \u{09} é \r\n\r\n", "GET /? "),
        ("PUT / HTTP/1.1\r\n\(host)Content-Length: 2\r\n\r\nab", "PUT /? ab"),
        ("PUT / HTTP/1.1\r\n\(host)Content-Length: 002 \r\n\r\nab", "PUT /? ab"),
        (
            "PATCH / HTTP/1.1\r\n\(host)transfer-encoding: CHUNKED\r\n\r\n2\r\nab\r\n0\r\n\r\n",
            "PATCH /? ab"
        ),
        (
            chunkedPost + "1\r\na\r\n00000002;x=\"y z\"\r\nbc\r\n0\r\nT: u\r\nV:\r\n\r\n",
            "POST /? abc"
        ),
        (
            chunkedPost + "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n",
            "POST /? 01234567890123456789"
        ),
        ("GET / HTTP/1.1\r\n\(host)Upgrade: h2c\r\nConnection: upgrade\r\n\r\n", "GET /? "),
    ])
    func `what is unusual and clear is answered and the connection kept`(
        bytes: String, text: String
    ) throws {
        let server = try EchoServer()
        let socket = try server.connect()
        socket.send(bytes + Self.second)
        let response = try socket.response()
        #expect(response.status == 200)
        #expect(response.text == text)
        #expect(try socket.response().text == "GET /second? ")
    }

    @Test(arguments: [
        ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        ("GET / HTTP/1.2\r\n\(host)\r\n", 505),
        ("GET / HTTP/2.0\r\n\(host)\r\n", 505),
        ("GET / HTTP/0.9\r\n\(host)\r\n", 505),
        ("POST / HTTP/1.1\r\n\(host)Expect: more\r\nContent-Length: 1\r\n\r\na", 417),
        ("POST / HTTP/1.1\r\n\(host)Content-Length: 1025\r\n\r\n", 413),
        (chunkedPost + "401\r\na", 413),
        (chunkedPost + "400\r\n" + String(repeating: "a", count: 1024) + "\r\n1\r\na", 413),
        ("GET /" + String(repeating: "a", count: 8192) + " HTTP/1.1\r\n\(host)\r\n", 414),
        ("GET /" + String(repeating: "a", count: 9000), 414),
        ("GET / HTTP/1.1\r\n\(host)X: " + String(repeating: "a", count: 16_384) + "\r\n\r\n", 431),
        ("GET / HTTP/1.1\r\n\(host)X: " + String(repeating: "a", count: 17_000), 431),
        ("GET / HTTP/1.1\r\n\(host)" + String(repeating: "X: a\r\n", count: 100) + "\r\n", 431),
    ])
    func `what is over a limit or beyond us has its own status`(bytes: String, status: Int) throws {
        let server = try EchoServer()
        let socket = try server.connect()
        socket.send(bytes)
        let response = try socket.response()
        #expect(response.status == status, "\(response.text)")
        socket.endSending()
        #expect(try socket.rest().isEmpty)
    }

    @Test func `limits are reached and not passed`() throws {
        let server = try EchoServer()
        let longest = "/" + String(repeating: "a", count: 8191)
        #expect(try server.answer(to: "GET \(longest) HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
        let fields = String(repeating: "X: a\r\n", count: 99)
        #expect(
            try server.answer(to: "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n").status == 200)
        let body = String(repeating: "a", count: 1024)
        let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1024\r\n\r\n"
        #expect(try server.answer(to: head + body).status == 200)
    }
}
