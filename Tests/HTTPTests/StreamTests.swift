import HTTP
import Testing

struct StreamTests {
    @Test func `a streamed answer is chunked and the connection kept`() throws {
        let socket = try EchoServer().connect()
        socket.send(String(repeating: "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n", count: 2))
        for _ in 0..<2 {
            let response = try socket.response()
            #expect(response.text == "one two three")
            #expect(response.fields["transfer-encoding"] == "chunked")
        }
    }

    @Test func `an HTTP 1 0 client gets a stream until the connection closes`() throws {
        let socket = try EchoServer().connect()
        socket.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        let text = String(decoding: try socket.rest(), as: UTF8.self)
        #expect(text.hasSuffix("\r\nConnection: close\r\n\r\none two three"))
        #expect(!text.lowercased().contains("transfer-encoding"))
    }

    @Test func `a stream may go on whenever its bytes have left`() throws {
        let socket = try EchoServer().connect()
        socket.send("GET /export HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try socket.response().body.count == 5_000_000)
    }

    @Test func `a large answer reaches a slow reader whole`() throws {
        let server = try EchoServer()
        let socket = try RawSocket(to: server, receiveBuffer: 8192)
        socket.send(String(repeating: "GET /large HTTP/1.1\r\nHost: a\r\n\r\n", count: 2))
        socket.endSending()
        let bytes = try socket.rest()
        #expect(bytes.count { $0 == UInt8(ascii: "x") } >= 2 * (8 << 20))
    }

    @Test func `a reader that takes nothing is cut`() throws {
        var limits = EchoServer.quickLimits
        limits.stallTimeout = .milliseconds(100)
        let server = try EchoServer(limits: limits)
        let socket = try RawSocket(to: server, receiveBuffer: 8192)
        socket.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        try waitUntil { server.server.counters.requests == 1 }
        try waitUntil { server.server.counters.connectionsOpen == 0 }
        #expect(throws: RawSocket.Failure.self) {
            guard try socket.rest().count > 8 << 20 else {
                throw RawSocket.Failure(description: "")
            }
        }
    }

    @Test func `a stream that a reader does not keep up with is cut`() throws {
        var limits = EchoServer.quickLimits
        limits.responseBacklogBytes = 1_000_000
        let server = try EchoServer(limits: limits)
        let socket = try RawSocket(to: server, receiveBuffer: 8192)
        socket.send("GET /flood HTTP/1.1\r\nHost: a\r\n\r\n")
        try waitUntil { server.server.counters.requests == 1 }
        try waitUntil { server.server.counters.connectionsOpen == 0 }
    }
}
