import Dispatch
import Glibc
import HTTP
import Synchronization
import Testing

struct ServerTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    private func configuration(port: UInt16, loopCount: Int = 1) -> HTTPServer.Configuration {
        var configuration = HTTPServer.Configuration()
        configuration.address.port = port
        configuration.loopCount = loopCount
        return configuration
    }

    private func bind(_ configuration: HTTPServer.Configuration) throws(HTTPServerError) {
        let worker = EchoWorker()
        _ = try HTTPServer(configuration) { EchoApplication(loop: $0, worker: worker) }
    }

    @Test(arguments: [1, 2], [1, 2])
    func `a port that is taken is refused by name`(first: Int, second: Int) throws {
        let server = try EchoServer(loopCount: first)
        let address = "127.0.0.1:\(server.port)"
        #expect(throws: HTTPServerError.addressInUse(address: address)) {
            try bind(configuration(port: server.port, loopCount: second))
        }
        #expect(HTTPServerError.addressInUse(address: address).description.contains(address))
    }

    @Test(arguments: ["no such host", "256.0.0.1"])
    func `what is no address is refused`(host: String) {
        var configuration = configuration(port: 0)
        configuration.address.host = host
        #expect(throws: HTTPServerError.invalidAddress("\(host):0")) { try bind(configuration) }
    }

    @Test(arguments: [
        ("127.0.0.1:80", "127.0.0.1", UInt16(80)), ("[::1]:0", "::1", 0),
        ("localhost:8080", "localhost", 8080),
    ])
    func `addresses are read and written`(text: String, host: String, port: UInt16) throws {
        let address = try HTTPAddress(text)
        #expect(address == HTTPAddress(host: host, port: port))
        #expect(address.description == text)
    }

    @Test(arguments: ["", "8080", ":80", "a:", "a:65536", "::1:80", "[]:80", "a:+1x"])
    func `other text is no address`(text: String) {
        #expect(throws: HTTPAddress.Invalid.self) { try HTTPAddress(text) }
    }

    @Test func `connections spread over the loops`() throws {
        let server = try EchoServer(loopCount: 2)
        let sockets = try (0..<40).map { _ in try server.connect() }
        for socket in sockets { socket.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n") }
        for socket in sockets { #expect(try socket.response().status == 200) }
        #expect(server.server.counters.requests == 40)
    }

    @Test func `a unix socket is its owner's alone and left behind by nobody`() throws {
        let path = "/tmp/tally-http-\(getpid()).sock"
        _ = unsafe unlink(path)
        do {
            let server = try EchoServer(path: path)
            var file = stat()
            #expect(unsafe stat(path, &file) == 0)
            #expect(file.st_mode & 0o777 == 0o600)
            let socket = try RawSocket(to: server, path: path)
            socket.send("GET /header HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try socket.response().text == "0 -1  ")
            var other = configuration(port: 0)
            other.unixSocketPath = path
            #expect(throws: HTTPServerError.addressInUse(address: path)) { try bind(other) }
            #expect(server.server.counters.requests == 1)
        }
        #expect(unsafe access(path, F_OK) != 0)
    }

    @Test func `a stale unix socket is replaced and another file is not`() throws {
        let path = "/tmp/tally-http-stale-\(getpid()).sock"
        var configuration = configuration(port: 0)
        configuration.unixSocketPath = path
        try bind(configuration)  // bound and never run: the file stays
        #expect(unsafe access(path, F_OK) == 0)
        try bind(configuration)
        _ = unsafe unlink(path)
        close(unsafe open(path, O_CREAT | O_WRONLY, 0o600))
        #expect(throws: HTTPServerError.notASocket(path: path)) { try bind(configuration) }
        _ = unsafe unlink(path)
        configuration.unixSocketPath = String(repeating: "a", count: 108)
        #expect(throws: HTTPServerError.self) { try bind(configuration) }
    }

    @Test(arguments: [1, 2])
    func `a drain answers what is in flight and closes the rest`(loopCount: Int) throws {
        let server = try EchoServer(loopCount: loopCount)
        let idle = try server.connect()
        idle.send(Self.get)
        #expect(try idle.response().status == 200)
        let busy = try server.connect()
        let held = "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n" + Self.get
        busy.send(held)
        #expect(server.worker.waitForHeld())
        let half = try server.connect()
        let begun = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na"
        half.send(begun)
        let sent = (Self.get + held + begun).utf8.count
        try waitUntil { server.server.counters.bytesIn == sent }
        let drained = DispatchSemaphore(value: 0)
        Thread.start { [server] in
            server.server.drain()
            drained.signal()
        }
        #expect(try idle.rest().isEmpty)
        try waitUntil { (try? server.connect()) == nil }
        half.send("b")
        #expect(try half.response().fields["connection"] == "close")
        #expect(try half.rest().isEmpty)
        server.worker.release()
        let answer = try busy.response()
        #expect(answer.text == "GET /hold? ")
        #expect(answer.fields["connection"] == "close")
        busy.endSending()
        #expect(try busy.rest().isEmpty)
        #expect(drained.wait(timeout: .now() + .seconds(5)) == .success)
    }

    @Test func `a drain ends in time whatever is in flight`() throws {
        let server = try EchoServer()
        let socket = try server.connect()
        socket.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(server.worker.waitForHeld())
        server.server.drain(within: .milliseconds(100))
        #expect(try socket.rest().isEmpty)
        server.worker.release()  // wakes a loop that has ended
        server.server.drain()
    }

    @Test func `requests sent before a drain are all answered`() throws {
        for _ in 0..<20 {
            let server = try EchoServer()
            let sockets = try (0..<8).map { _ in try server.connect() }
            for socket in sockets {
                socket.send(Self.get)
                #expect(try socket.response().status == 200)
            }
            for socket in sockets { socket.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n") }
            server.server.drain()
            for socket in sockets { #expect(try socket.response().text == "GET /later? ") }
        }
    }
}

private enum Thread {
    static func start(_ run: @escaping @Sendable () -> Void) {
        DispatchQueue.global().async(execute: run)
    }
}
