import Credit
import Engine
import Foundation
import HTTP
import Ledger

/// Calls over HTTP to a `tally serve` of its own: one charge each, or what stands beside it.
struct HTTPCase {
    /// What is asked for.
    enum Call: String {
        /// GET /health, which the loop answers by itself.
        case constant = "http-constant"
        /// GET /v1/balance, which the writer answers and nothing is stored for.
        case balance = "http-balance"
        /// POST /v1/charges with everything that a call records.
        case charge = "http-charge"
        /// POST /v1/charges/batch with a thousand such charges.
        case batch = "http-batch"
        /// The same of a server that reads and writes on two threads.
        case batchTwoLoops = "http-batch-two-loops"

        fileprivate var isBatch: Bool { self == .batch || self == .batchTwoLoops }
    }

    let call: Call
    let accounts: Int
    let connections: Int
    let seconds: Double

    /// The charges of one call.
    private static let batchCharges = 1000
    /// How many such calls are made ready before the clock starts: half a megabyte each.
    private static let batchesMax = 400

    private var chargesPerCall: Int { call.isBatch ? Self.batchCharges : 1 }

    func run(in folder: String) throws -> Measurement {
        let server = try ServerProcess(
            folder: folder, loops: call == .batchTwoLoops ? 2 : 1)
        defer { try? server.stop() }
        if call != .constant { try prepare(server) }
        var client = try LoadClient(port: server.port, connections: connections)
        defer { client.close() }
        var workload = Workload(accountCount: accounts, seed: 42)
        let now = Instant(micros: WallClock.micros())
        let constant = Array("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
        let balance = Array(
            """
            GET /v1/balance?account=\(Workload.account(0)) HTTP/1.1\r\nHost: localhost\r
            Authorization: Bearer \(server.key)\r\n\r\n
            """.utf8)
        var ready = try (0..<(call.isBatch ? Self.batchesMax : 0)).map { _ in
            try Self.batchRequest(&workload, now: now, key: server.key)
        }
        let taken = try client.run(seconds: seconds) {
            switch call {
            case .constant: constant
            case .balance: balance
            case .charge: Self.request(&workload, now: now, key: server.key)
            case .batch, .batchTwoLoops: ready.popLast()
            }
        }
        guard client.refusedCount == 0 else { throw BenchError.refused }
        return Measurement(
            name: call.rawValue, accounts: accounts, batch: chargesPerCall,
            count: client.latencies.count * chargesPerCall, seconds: taken,
            latencies: client.latencies, bytes: nil, connections: connections)
    }

    private func prepare(_ server: ServerProcess) throws {
        try server.send([server.request(.put, "/v1/price-lists/default", Workload.priceList)])
        let ids = (0..<accounts).map(Workload.account)
        try server.send(
            ids.map {
                server.request(.post, "/v1/accounts", "{\"id\":\"\($0)\",\"name\":\"\($0)\"}")
            }
        )
        try server.send(
            ids.map {
                server.request(
                    .post, "/v1/accounts/\($0)/grants", "{\"amount\":1000000000}",
                    idempotencyKey: "grant")
            })
    }

    private static func request(_ workload: inout Workload, now: Instant, key: String) -> [UInt8] {
        let batch = workload.batch(1, now: now)
        let charge = batch.charges[0]
        let body = body(charge, batch.bytes)
        var request: [UInt8] = []
        request.reserveCapacity(1024)
        request.append(
            text: "POST /v1/charges HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ")
        request.append(text: key)
        request.append(text: "\r\nContent-Type: application/json\r\nIdempotency-Key: ")
        request.append(contentsOf: batch.bytes[charge.idempotence.key.indices])
        request.append(text: "\r\nContent-Length: ")
        request.append(decimal: UInt64(body.count))
        request.append(text: "\r\n\r\n")
        return request + body
    }

    private static func batchRequest(
        _ workload: inout Workload, now: Instant, key: String
    ) throws -> [UInt8] {
        let batch = workload.batch(batchCharges, now: now)
        var body = Array("{\"charges\":[".utf8)
        for (index, charge) in batch.charges.enumerated() {
            let bare = self.body(charge, batch.bytes)
            body.append(text: index == 0 ? "{\"idempotency_key\":" : ",{\"idempotency_key\":")
            let text = String(decoding: batch.bytes[charge.idempotence.key.indices], as: UTF8.self)
            body += try JSONEncoder().encode(text)
            body.append(UInt8(ascii: ","))
            body += bare.dropFirst()
        }
        body.append(text: "]}")
        let head = """
            POST /v1/charges/batch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(key)\r
            Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n
            """
        return Array(head.utf8) + body
    }

    private static func body(_ charge: ChargeCommand, _ bytes: [UInt8]) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(512)
        func add(_ name: String, _ range: ByteRange, quoted: Bool = true) {
            body.append(text: body.isEmpty ? "{\"" : ",\"")
            body.append(text: name)
            body.append(text: quoted ? "\":\"" : "\":")
            body.append(contentsOf: bytes[range.indices])
            if quoted { body.append(UInt8(ascii: "\"")) }
        }
        let details = charge.details
        add("account", charge.account)
        add("action", charge.action)
        add("team", details.team)
        add("scenario", details.scenario)
        add("run", details.run)
        add("module", details.module)
        add("parameters", details.parameters, quoted: false)
        body.append(text: ",\"scenario_type\":\"agent\",\"status\":\"succeeded\",\"bytes\":")
        body.append(decimal: details.bytes.value ?? 0)
        body.append(text: ",\"occurred_at\":\"")
        body.append(instant: details.occurredAt)
        body.append(text: "\"}")
        return body
    }
}
