import API
import Glibc
import HTTP
import Synchronization
import Testing

struct StartingTests {
    /// A server whose services are still to come.
    private final class Slot: Sendable {
        let services = Mutex<APIServices?>(nil)
    }

    @Test func `says that it is not ready until it is, then answers on the same connection`() throws
    {
        let later = try TestServer()
        let slot = Slot()
        var configuration = HTTPServer.Configuration()
        configuration.address.port = 0
        let path = "/tmp/tally-start-\(getpid())-\(UInt64.random(in: 0...UInt64.max)).sock"
        configuration.unixSocketPath = path
        let server = try HTTPServer(configuration) { loop in
            StartingApplication(loop: loop) { slot.services.withLock { $0 } }
        }
        try server.start()
        defer { server.drain(within: .seconds(1)) }
        let client = try TestClient(path: path)
        #expect(try client.get("/health").status == 200)
        let waiting = try client.get("/ready")
        #expect(waiting.status == 503)
        #expect(waiting.headers["retry-after"] == "1")
        let refused = try client.post("/v1/charges", #"{"account":"a","action":"b"}"#)
        #expect(refused.status == 503)
        #expect(refused.json["code"] == .string("overloaded"))
        #expect(refused.headers["retry-after"] == "1")
        #expect(refused.json["request_id"].text?.isEmpty == false)
        slot.services.withLock { $0 = later.services }
        #expect(try client.get("/ready").status == 200)
        #expect(try client.get("/v1/balance?account=a").status == 401)
    }
}
