import Dispatch
import HTTP
import Synchronization

/// A running server with the echo application, on a port of its own.
final class EchoServer: Sendable {
    let server: HTTPServer
    let worker: EchoWorker

    init(
        limits: HTTPLimits = EchoServer.quickLimits, loopCount: Int = 1, path: String? = nil
    ) throws {
        let worker = EchoWorker()
        var configuration = HTTPServer.Configuration()
        configuration.address.port = 0
        configuration.unixSocketPath = path
        configuration.loopCount = loopCount
        configuration.limits = limits
        self.worker = worker
        server = try HTTPServer(configuration) { EchoApplication(loop: $0, worker: worker) }
        try server.start()
    }

    deinit {
        worker.release()
        server.drain(within: .seconds(1))
    }

    /// The usual limits, looked at often.
    static var quickLimits: HTTPLimits {
        var limits = HTTPLimits()
        limits.tick = .milliseconds(10)
        return limits
    }

    var port: UInt16 { server.address.port }

    func connect() throws -> RawSocket {
        try RawSocket(to: self)
    }

    /// The server's answer to `bytes`, and whether the connection was closed after it.
    func answer(to bytes: String) throws -> RawResponse {
        let socket = try connect()
        socket.send(bytes)
        return try socket.response()
    }
}

/// Answers from another thread, at once or when told to.
final class EchoWorker: Sendable {
    struct Job {
        let exchange: ExchangeID
        let text: String
        let waker: LoopWaker
        let results: EchoResults
    }

    private let queue = DispatchQueue(label: "echo")
    private let held = Mutex<[Job]>([])
    private let heldCount = DispatchSemaphore(value: 0)

    func submit(_ jobs: [Job]) {
        queue.async {
            for job in jobs { job.results.add(job.exchange, job.text) }
            if let job = jobs.first { job.waker.wake() }
        }
    }

    /// Keeps a job until ``release()``.
    func hold(_ job: Job) {
        held.withLock { $0.append(job) }
        heldCount.signal()
    }

    /// Waits until another job is held.
    func waitForHeld() -> Bool {
        heldCount.wait(timeout: .now() + .seconds(5)) == .success
    }

    func release() {
        let jobs = held.withLock { held in
            defer { held = [] }
            return held
        }
        for job in jobs { submit([job]) }
    }
}

final class EchoResults: Sendable {
    private let list = Mutex<[(ExchangeID, String)]>([])

    func add(_ exchange: ExchangeID, _ text: String) {
        list.withLock { $0.append((exchange, text)) }
    }

    func take() -> [(ExchangeID, String)] {
        list.withLock { list in
            defer { list = [] }
            return list
        }
    }
}

/// Routes by the first part of the path; answers with what was asked.
final class EchoApplication: Application {
    private let loop: HTTPLoop
    private let worker: EchoWorker
    private let results = EchoResults()
    private var jobs: [EchoWorker.Job] = []
    private var exports: [ExchangeID: Int] = [:]

    init(loop: HTTPLoop, worker: EchoWorker) {
        self.loop = loop
        self.worker = worker
    }

    func bodyLimit(of request: HTTPRequest) -> BodyLimit {
        switch string(request.path) {
        case "/big": BodyLimit(4 << 20)
        case "/known": BodyLimit(10, otherwise: .unauthorized)
        default: BodyLimit(1024)
        }
    }

    func receive(_ request: HTTPRequest, as exchange: ExchangeID) {
        let text =
            "\(request.method.rawValue) \(string(request.path))?\(string(request.query ?? [])) "
            + "\(string(request.body))"
        let job = EchoWorker.Job(
            exchange: exchange, text: text, waker: loop.waker, results: results)
        switch string(request.path).split(separator: "/").first {
        case "later": jobs.append(job)
        case "hold": worker.hold(job)
        case "size": respond(exchange, string(request.query ?? []))
        case "large": respond(exchange, String(repeating: "x", count: 8 << 20))
        case "header": respond(exchange, header(of: request))
        case "stream": stream(exchange)
        case "flood": flood(exchange)
        case "export": export(exchange)
        case "big": respond(exchange, "\(request.body.count)")
        default: respond(exchange, text)
        }
    }

    func roundEnded() {
        worker.submit(jobs)
        jobs.removeAll()
    }

    func woken() {
        for (exchange, text) in results.take() { respond(exchange, text) }
    }

    func rejected(_ reason: HTTPRejection) -> HTTPResponse {
        HTTPResponse(
            status: reason.status, contentType: "text/plain", body: Array("\(reason)".utf8))
    }

    func flushed(_ exchange: ExchangeID) {
        guard let left = exports[exchange] else { return }
        guard left > 0 else {
            exports[exchange] = nil
            loop.endStream(exchange)
            return
        }
        exports[exchange] = left - 1
        loop.write([UInt8](repeating: 0x65, count: 100_000), to: exchange)
    }

    private func respond(_ exchange: ExchangeID, _ text: String) {
        let response = HTTPResponse(
            status: 200, contentType: "text/plain", body: Array(text.utf8))
        loop.respond(to: exchange, with: response)
    }

    private func stream(_ exchange: ExchangeID) {
        loop.beginStream(exchange, status: 200, contentType: "text/plain")
        for part in ["one ", "", "two ", "three"] { loop.write(Array(part.utf8), to: exchange) }
        loop.endStream(exchange)
    }

    /// Writes without ever looking whether the client reads.
    private func flood(_ exchange: ExchangeID) {
        loop.beginStream(exchange, status: 200, contentType: "text/plain")
        while loop.backlog(of: exchange) != nil {
            loop.write([UInt8](repeating: 0x66, count: 100_000), to: exchange)
        }
    }

    /// Writes 50 times 100 000 bytes, each when the last have left.
    private func export(_ exchange: ExchangeID) {
        loop.beginStream(exchange, status: 200, contentType: "text/plain")
        exports[exchange] = 50
    }

    private func header(of request: HTTPRequest) -> String {
        let first = request.withValue(of: "x-key") { $0.count } ?? -1
        let values = request.values(of: "x-key").map(string).joined(separator: "|")
        return "\(request.count(of: "x-key")) \(first) \(values) \(request.remoteAddress)"
    }

    private func string(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}
