import Glibc
import HTTP
import Testing

/// Waits until `condition` holds, looking every millisecond for five seconds.
func waitUntil(_ condition: () -> Bool) throws {
    for _ in 0..<5000 {
        if condition() { return }
        _ = poll(nil, 0, 1)
    }
    throw RawSocket.Failure(description: "did not happen")
}

struct LimitTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test(arguments: [
        "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n", "\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ])
    func `a slow head or body is refused in time, however it trickles`(bytes: String) throws {
        var limits = EchoServer.quickLimits
        limits.headTimeout = .milliseconds(150)
        limits.bodyTimeout = .milliseconds(150)
        let socket = try EchoServer(limits: limits).connect()
        socket.send(bytes)
        for _ in 0..<3 where socket.isQuiet(for: 30) { socket.send("a") }
        #expect(try socket.response().status == 408)
    }

    @Test func `an idle connection is closed without an answer`() throws {
        var limits = EchoServer.quickLimits
        limits.idleTimeout = .milliseconds(100)
        let server = try EchoServer(limits: limits)
        #expect(try server.connect().rest().isEmpty)
        let socket = try server.connect()
        for _ in 0..<4 {
            #expect(socket.isQuiet(for: 40))
            socket.send(Self.get)
            #expect(try socket.response().status == 200)
        }
        #expect(try socket.rest().isEmpty)
    }

    @Test func `waiting for the application is no idleness`() throws {
        var limits = EchoServer.quickLimits
        limits.idleTimeout = .milliseconds(50)
        limits.headTimeout = .milliseconds(50)
        limits.bodyTimeout = .milliseconds(50)
        let server = try EchoServer(limits: limits)
        let socket = try server.connect()
        socket.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(socket.isQuiet(for: 200))
        server.worker.release()
        #expect(try socket.response().status == 200)
    }

    @Test(arguments: [(2, 100), (100, 2)], [1, 2])
    func `connections over a limit are told so and closed`(
        limit: (perAddress: Int, total: Int), loopCount: Int
    ) throws {
        var limits = EchoServer.quickLimits
        limits.connectionsPerAddressMax = limit.perAddress
        limits.connectionsMax = limit.total
        let server = try EchoServer(limits: limits, loopCount: loopCount)
        do {
            let open = try (0..<2).map { _ in try server.connect() }
            for socket in open { socket.send(Self.get) }
            for socket in open { #expect(try socket.response().status == 200) }
            let refused = try server.connect()
            refused.send(Self.get)
            #expect(try refused.response().status == 503)
            refused.endSending()
            #expect(try refused.rest().isEmpty)
            #expect(server.server.counters.rejections == [.tooManyConnections: 1])
        }
        try waitUntil { server.server.counters.connectionsOpen == 0 }
        #expect(try server.answer(to: Self.get).status == 200)
    }

    private static func post(_ path: String, _ length: Int, sent: Int) -> String {
        "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n"
            + String(repeating: "x", count: sent)
    }

    @Test func `bodies of all together are held within a limit, but for short ones`() throws {
        var limits = HTTPLimits()
        limits.bodiesBytesMax = 400_000
        limits.shortBodyBytes = 10_000
        let server = try EchoServer(limits: limits)
        let first = try server.connect()
        first.send(Self.post("/big", 390_000, sent: 380_000))
        let second = try server.connect()
        second.send(Self.post("/big", 50_000, sent: 49_999))
        #expect(try second.response().status == 503)
        let short = try server.connect()
        short.send(Self.post("/big", 9_000, sent: 9_000))
        #expect(try short.response().status == 200)
        first.send(String(repeating: "x", count: 10_000))
        #expect(try first.response().status == 200)
        // What was sent and what was refused is room again.
        let third = try server.connect()
        third.send(Self.post("/big", 399_000, sent: 399_000))
        #expect(try third.response().status == 200)
        #expect(server.server.counters.rejections == [.tooManyBodies: 1])
    }

    @Test func `a body is not waited for that is too long for who sends it`() throws {
        let server = try EchoServer()
        let socket = try server.connect()
        socket.send(Self.post("/known", 10, sent: 10))
        #expect(try socket.response().status == 200)
        socket.send(Self.post("/known", 1 << 30, sent: 10))
        #expect(try socket.response().status == 401)
        let chunked = try server.connect()
        chunked.send(
            "POST /known HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n0123")
        #expect(try chunked.response().status == 401)
    }

    @Test func `counters tell what happened`() throws {
        let server = try EchoServer()
        let socket = try server.connect()
        socket.send(Self.get + Self.get + "BAD")
        socket.send("\r\n\r\n")
        for status in [200, 200, 400] { #expect(try socket.response().status == status) }
        let counters = server.server.counters
        #expect(counters.connectionsAccepted == 1)
        #expect(counters.requests == 2)
        #expect(counters.bytesIn == 2 * Self.get.utf8.count + 7)
        #expect(counters.bytesOut > 300)
        #expect(counters.rejections == [.malformedRequestLine: 1])
    }
}
