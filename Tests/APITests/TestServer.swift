import API
import Credit
import Engine
import Glibc
import HTTP
import Ledger
import Reports
import Store
import Synchronization
import TestKit
import Testing
import Wire

/// Ledger time that a test can move on.
final class TestTime: LedgerTime {
    private let clock = LedgerClock(notBefore: .epoch)
    private let offset = Mutex<Int64>(0)

    func now() -> Instant {
        Instant(micros: clock.now().micros + offset.withLock { $0 })
    }

    func advance(seconds: Int64) {
        offset.withLock { $0 += seconds * 1_000_000 }
    }
}

/// Lets batches through to the writer, or not.
final class Gate: Sendable {
    /// True while the writer takes nothing more.
    let isFull = Mutex(false)
}

/// A whole server over a journal in memory, on a port and a socket of its own.
final class TestServer: Sendable {
    static let prices = """
        {"rules":[{"id":"fetch","action":"fetch","per_call":1.5},
        {"id":"tokens","action":"chat","parts":[{"parameter":"tokens","price":0.000001}]},
        {"id":"rows","action":"rows.*","parts":[{"parameter":"rows","price":2}],
        "outcomes":{"empty":0}}]}
        """

    let time = TestTime()
    let storage = MemoryStorage()
    let gate = Gate()
    let readiness = Readiness(isReady: true)
    let server: HTTPServer
    let services: APIServices
    private let pipeline: Pipeline
    private let usage: MemoryUsage
    let socketPath: String
    /// The secret of an operator's key.
    let operatorKey: String

    init(
        limits: APILimits = APILimits(), policy: APIPolicy = APIPolicy(), loops: Int = 1
    ) throws {
        let mailboxes = Mailboxes()
        let directory = try Directory(Catalogue(seed: 1))
        let usage = MemoryUsage(of: storage)
        let readModel = ReadModel(
            stored: usage, through: 0, archive: usage,
            tail: EntryTail(after: 0, partEvents: 1000))
        let pipeline = try Pipeline(
            engine: try Engine(ledger: Ledger(seed: 1), after: .start),
            stage: CommitStage(journal: MemoryJournal(storage: storage), after: .start), time: time,
            follower: PipelineFollower(
                fold: { contents in
                    directory.fold(contents)
                    readModel.fold(contents)
                },
                deliver: { mailboxes.deliver($0, $1) }, checkpoint: { _, _ in },
                failed: { _ in }))
        let (readiness, gate) = (readiness, gate)
        let services = try APIServices(
            directory: directory, readModel: readModel,
            segments: SegmentCache(journal: storage), time: time, mailboxes: mailboxes,
            readiness: readiness, limits: limits, policy: policy,
            metrics: {
                APIMetrics(
                    http: HTTPCounters(), pipeline: pipeline.counts, accounts: 0,
                    isReady: readiness.isReady, storage: StorageFigures())
            }, submit: { gate.isFull.withLock { $0 } ? false : pipeline.submit($0) })
        var configuration = HTTPServer.Configuration()
        configuration.address.port = 0
        configuration.loopCount = loops
        socketPath = "/tmp/tally-test-\(getpid())-\(UInt64.random(in: 0...UInt64.max)).sock"
        configuration.unixSocketPath = socketPath
        let server = try HTTPServer(configuration) {
            APIApplication(loop: $0, services: services)
        }
        try server.start()
        (self.server, self.services, self.pipeline) = (server, services, pipeline)
        self.usage = usage
        let socket = try TestClient(path: socketPath)
        let made = try socket.post("/admin/keys", #"{"role":"operator","name":"test"}"#)
        operatorKey = try #require(made.json["key"].text)
    }

    deinit {
        server.drain(within: .seconds(1))
        pipeline.stop()
        services.stop()
    }

    /// Puts the usage of until now into cells of so many quarters of an hour.
    func checkpoint(cellQuarters: Int32) throws {
        guard let frozen = services.readModel.freeze() else { return }
        try usage.write(frozen.usage, through: frozen.through, cellQuarters: cellQuarters)
        services.readModel.thaw(frozen)
        while let last = services.readModel.nextToArchive(all: true) {
            try usage.archive(through: last)
            services.readModel.forgetArchived(through: last)
        }
    }

    /// A connection that sends the operator's key.
    func `operator`() throws -> TestClient { try client(key: operatorKey) }

    func client(key: String? = nil) throws -> TestClient {
        try TestClient(to: self, key: key)
    }

    /// A connection with a new service key.
    func service() throws -> TestClient {
        let socket = try TestClient(path: socketPath)
        let made = try socket.post("/admin/keys", #"{"role":"service","name":"backend"}"#)
        let key: String = try #require(made.json["key"].text)
        return try client(key: key)
    }

    /// Makes an account with some credits, priced by ``prices``.
    @discardableResult
    func account(_ id: String, credits: String = "100") throws -> TestClient {
        let client = try `operator`()
        if try client.get("/v1/price-lists/default").status == 404 {
            #expect(try client.put("/v1/price-lists/default", Self.prices).status == 200)
        }
        let made = try client.post("/v1/accounts", #"{"id":"\#(id)","name":"Test"}"#)
        #expect(made.status == 201)
        if credits != "0" {
            let granted = try client.post(
                "/v1/accounts/\(id)/grants", #"{"amount":\#(credits)}"#, idempotency: "g-\(id)")
            #expect(granted.status == 201)
        }
        return client
    }

    /// A connection with a new key of an account's customer.
    func customer(of id: String, scopes: [String] = []) throws -> TestClient {
        let list = scopes.map { "\"\($0)\"" }.joined(separator: ",")
        let made = try `operator`().post(
            "/v1/accounts/\(id)/keys", #"{"name":"customer","scopes":[\#(list)]}"#)
        let key: String = try #require(made.json["key"].text)
        return try client(key: key)
    }
}
