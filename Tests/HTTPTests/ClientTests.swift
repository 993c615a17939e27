import Glibc
import HTTP
import Testing

struct ClientTests {
    private func request(
        _ server: EchoServer, _ path: String, method: HTTPMethod = .get, body: String = ""
    ) -> HTTPClientRequest {
        HTTPClientRequest(
            method: method, url: "http://\(server.server.address)\(path)", body: Array(body.utf8))
    }

    private func text(_ reply: HTTPClientReply) -> String {
        String(decoding: reply.body, as: UTF8.self)
    }

    @Test(arguments: [
        (HTTPMethod.get, "", "GET /a?b "), (.post, "", "POST /a?b "), (.post, "c", "POST /a?b c"),
        (.put, "c", "PUT /a?b c"), (.patch, "c", "PATCH /a?b c"), (.delete, "", "DELETE /a?b "),
        (.delete, "c", "DELETE /a?b c"), (.options, "", "OPTIONS /a?b "), (.head, "", ""),
        (.get, "c", "GET /a?b c"),
    ])
    func `every method goes out as it is`(method: HTTPMethod, body: String, answer: String) throws {
        let server = try EchoServer()
        let client = try HTTPClient()
        for _ in 0..<2 {
            let reply = try client.send(request(server, "/a?b", method: method, body: body))
            #expect(reply.status == 200)
            #expect(text(reply) == answer)
            #expect(reply.value(of: "CONTENT-TYPE") == "text/plain")
        }
        #expect(server.server.counters.connectionsAccepted == 1)
    }

    @Test func `header lines go out and come back`() throws {
        let server = try EchoServer()
        var sent = request(server, "/header")
        sent.fields = [.init(name: "X-Key", value: "one"), .init(name: "x-key", value: "")]
        #expect(text(try HTTPClient().send(sent)) == "2 3 one| 127.0.0.1")
        sent.fields = [.init(name: "X", value: "a\r\nX-Key: b")]
        #expect(throws: HTTPClientError.invalidRequest) { try HTTPClient().send(sent) }
    }

    @Test func `an error status and a streamed body are replies`() throws {
        let server = try EchoServer()
        let client = try HTTPClient()
        let large = String(repeating: "a", count: 2000)
        #expect(try client.send(request(server, "/", method: .post, body: large)).status == 413)
        #expect(text(try client.send(request(server, "/stream"))) == "one two three")
        #expect(try client.send(request(server, "/export")).body.count == 5_000_000)
    }

    @Test(arguments: ["", "127.0.0.1", "ftp://a/", "file:///etc/hosts", "http:/a", "http://a b/"])
    func `other addresses are refused`(url: String) {
        #expect(throws: HTTPClientError.invalidURL(url)) {
            try HTTPClient().send(HTTPClientRequest(url: url))
        }
    }

    @Test func `what goes wrong has a name`() throws {
        let server = try EchoServer()
        let client = try HTTPClient()
        var late = request(server, "/hold")
        late.timeout = .milliseconds(100)
        #expect(throws: HTTPClientError.timeout) { try client.send(late) }
        var large = request(server, "/large")
        large.replyBytesMax = 1_000_000
        #expect(throws: HTTPClientError.replyTooLarge) { try client.send(large) }
        var other = request(server, "/")
        other.method = .other
        #expect(throws: HTTPClientError.invalidRequest) { try client.send(other) }
        server.worker.release()
        let gone = request(server, "/")
        server.server.drain()
        #expect {
            try client.send(gone)
        } throws: {
            guard case .cannotConnect? = $0 as? HTTPClientError else { return false }
            return true
        }
    }

    @Test func `a unix socket is reached whatever the URL says`() throws {
        let path = "/tmp/tally-http-client-\(getpid()).sock"
        let server = try EchoServer(path: path)
        var request = HTTPClientRequest(url: "http://tally/later/x")
        request.unixSocketPath = path
        #expect(text(try HTTPClient().send(request)) == "GET /later/x? ")
        #expect(server.server.counters.requests == 1)
    }

    @Test func `a pool answers every request under its tag over few connections`() throws {
        let server = try EchoServer(loopCount: 2)
        let pool = try HTTPClientPool(connections: 8)
        for tag in 0..<500 {
            pool.add(request(server, "/\(tag % 2 == 0 ? "now" : "later")/\(tag)"), tag: tag)
        }
        pool.add(HTTPClientRequest(url: "nowhere"), tag: 500)
        var seen: Set<Int> = []
        while let (tag, outcome) = pool.next() {
            seen.insert(tag)
            switch outcome {
            case .success(let reply): #expect(text(reply).contains("/\(tag)?"))
            case .failure(let error):
                #expect(tag == 500)
                #expect(error == .invalidURL("nowhere"))
            }
        }
        #expect(seen.count == 501)
        #expect(pool.count == 0)
        #expect(server.server.counters.connectionsAccepted == 8)
    }

    @Test func `a pool may be left with requests in flight`() throws {
        let server = try EchoServer()
        let pool = try HTTPClientPool(connections: 2)
        for tag in 0..<4 { pool.add(request(server, tag == 1 ? "/" : "/hold"), tag: tag) }
        #expect(pool.next()?.tag == 1)
        #expect(pool.count == 3)
    }
}
