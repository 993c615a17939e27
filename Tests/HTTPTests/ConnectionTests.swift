import HTTP
import Testing

struct ConnectionTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func `a request that comes byte by byte is answered`() throws {
        let socket = try EchoServer().connect()
        for byte in "POST /x?y HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".utf8 {
            socket.send([byte])
        }
        #expect(try socket.response().text == "POST /x?y abc")
    }

    @Test func `a chunked request may be cut at every byte`() throws {
        let server = try EchoServer()
        let bytes = Array(
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "3;x=y\r\nabc\r\n02\r\nde\r\n0\r\nA: b\r\n\r\n").utf8)
        let socket = try server.connect()
        for cut in 1..<bytes.count {
            socket.send(Array(bytes[..<cut]))
            socket.send(Array(bytes[cut...]))
            #expect(try socket.response().text == "POST /? abcde", "cut at \(cut)")
        }
    }

    @Test(arguments: ["now", "later", "mixed"])
    func `fifty requests in one write are answered in order`(route: String) throws {
        let socket = try EchoServer().connect()
        let paths = (0..<50).map { number in
            let first = route == "mixed" ? ["now", "later"][number % 2] : route
            return "/\(first)/\(number)"
        }
        let requests = paths.map { "POST \($0) HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nb" }
        socket.send(requests.joined())
        for path in paths { #expect(try socket.response().text == "POST \(path)? b") }
    }

    @Test func `more pipelined requests than may wait are all answered`() throws {
        let server = try EchoServer()
        let socket = try server.connect()
        let count = 4000  // 112 000 bytes, where 65 536 may wait behind the request held
        socket.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(server.worker.waitForHeld())
        socket.send(String(repeating: Self.get, count: count))
        server.worker.release()
        #expect(try socket.response().text == "GET /hold? ")
        for _ in 0..<count { #expect(try socket.response().status == 200) }
    }

    @Test(arguments: ["now", "later"])
    func `a client that ended its side gets all its answers`(route: String) throws {
        let socket = try EchoServer().connect()
        let request = "GET /\(route) HTTP/1.1\r\nHost: a\r\n\r\n"
        socket.send(String(repeating: request, count: 3) + "GET /cut")
        socket.endSending()
        for _ in 0..<3 { #expect(try socket.response().text == "GET /\(route)? ") }
        #expect(try socket.rest().isEmpty)
    }

    @Test func `a client that left before its answer does no harm`() throws {
        let server = try EchoServer()
        for _ in 0..<20 {
            let socket = try server.connect()
            socket.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(server.worker.waitForHeld())
            socket.reset()
        }
        server.worker.release()
        #expect(try server.answer(to: Self.get).status == 200)
    }

    @Test func `the connection is kept or closed as the client asks`() throws {
        let server = try EchoServer()
        let versions: [(String, String?)] = [
            ("1.1\r\nHost: a\r\n", nil), ("1.1\r\nHost: a\r\nConnection: close\r\n", "close"),
            ("1.0\r\n", "close"), ("1.0\r\nConnection: Keep-Alive\r\n", "keep-alive"),
        ]
        for (rest, connection) in versions {
            let socket = try server.connect()
            socket.send("GET / HTTP/\(rest)\r\n")
            #expect(try socket.response().fields["connection"] == connection)
            guard connection == "close" else {
                socket.send(Self.get)
                #expect(try socket.response().status == 200)
                continue
            }
            #expect(try socket.rest().isEmpty)
        }
    }

    @Test func `HEAD is answered with the length and no body`() throws {
        let socket = try EchoServer().connect()
        socket.send("HEAD /size?four HTTP/1.1\r\nHost: a\r\n\r\n" + Self.get)
        let response = try socket.response(isHead: true)
        #expect(response.fields["content-length"] == "4")
        #expect(response.fields["content-type"] == "text/plain")
        #expect(try socket.response().text == "GET /? ")
        socket.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n" + Self.get)
        #expect(try socket.response(isHead: true).fields["transfer-encoding"] == "chunked")
        #expect(try socket.response().text == "GET /? ")
    }

    @Test func `a client may wait to be told to send its body`() throws {
        let socket = try EchoServer().connect()
        let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n"
        socket.send(head + "Content-Length: 2\r\n\r\n")
        #expect(try socket.response().status == 100)
        socket.send("ab")
        #expect(try socket.response().text == "POST /? ab")
        socket.send(head + "Content-Length: 2\r\n\r\nab")
        #expect(try socket.response().text == "POST /? ab")
        socket.send(head + "\r\n")
        #expect(try socket.response().text == "POST /? ")
        socket.send(head + "Content-Length: 2000\r\n\r\n")
        #expect(try socket.response().status == 413)
    }

    @Test func `each header of a name can be seen`() throws {
        let socket = try EchoServer().connect()
        socket.send("GET /header HTTP/1.1\r\nHost: a\r\nX-Key: one \r\nx-kEY:two\r\n\r\n")
        #expect(try socket.response().text == "2 3 one|two 127.0.0.1")
        socket.send("GET /header HTTP/1.1\r\nHost: a\r\nX-Keys: one\r\n\r\n")
        #expect(try socket.response().text == "0 -1  127.0.0.1")
    }

    @Test func `answers carry the date and nothing about the server`() throws {
        let fields = try EchoServer().answer(to: Self.get).fields
        #expect(fields["date"]?.wholeMatch(of: /\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/) != nil)
        #expect(fields.keys.sorted() == ["content-length", "content-type", "date"])
    }

    @Test func `a body of megabytes arrives whole`() throws {
        let socket = try EchoServer().connect()
        let count = 4 << 20
        socket.send("POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n")
        socket.send([UInt8](repeating: 0x61, count: count))
        #expect(try socket.response().text == "\(count)")
        socket.send(Self.get)
        #expect(try socket.response().status == 200)
    }

    @Test func `a client that sends far too much still sees why it was refused`() throws {
        let socket = try EchoServer().connect()
        socket.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n")
        socket.send([UInt8](repeating: 0x61, count: 4_000_000))
        #expect(try socket.response().status == 413)
    }
}
