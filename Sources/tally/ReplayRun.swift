import Credit
import Glibc
import HTTP
import JSON
import Terminal

/// Charges the calls of a trace over HTTP, those of one account in order, and sums the answers.
struct ReplayRun {
    /// What was charged.
    struct Totals {
        var calls = 0
        var credits: Int128 = 0
        var accounts: [String: Int128] = [:]
        var keys: [String: Int128] = [:]
        var models: [String: Int128] = [:]
        var actions: [String: Int128] = [:]
        /// How many answers were those of an earlier replay.
        var replayed = 0
        var seconds = 0.0
    }

    let options: ReplayOptions
    let connection: TallyConnection
    let calls: [TraceCall]
    /// When the first call was recorded.
    let firstTime: Instant
    /// When the grants were posted, for a replay that is backdated.
    let start: Instant?

    private static let nanosPerSecond = 1_000_000_000.0

    /// The parameters that the price list prices by.
    static func parameters(_ call: TraceCall, _ options: ReplayOptions) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("input_tokens", call.inputTokens)
        json.member("model", options.model(call.kind))
        json.member("output_tokens", call.outputTokens)
        json.endObject()
        return json.bytes
    }

    /// Charges all calls; gives the totals of the answers.
    func run() throws -> Totals {
        let pool = try HTTPClientPool(connections: options.connections)
        var lanes = Lanes(calls, accountCount: options.accountCount)
        var totals = Totals()
        var bar = ProgressBar("replay", total: calls.count)
        let begin = Self.monotonic()
        let pace = options.atRecordedSpeed ? Pace(calls, begin: begin) : nil
        for lane in 0..<options.accountCount {
            if let row = lanes.next(lane) { add(row, to: pool, pace) }
        }
        while let (row, outcome) = pool.next() {
            try count(row, outcome, &totals)
            let rate = Double(totals.calls) * Self.nanosPerSecond / Double(Self.monotonic() - begin)
            bar.show(totals.calls, note: "\(totals.calls) calls, \(Int(rate)) a second")
            if let next = lanes.next(row % options.accountCount) { add(next, to: pool, pace) }
        }
        bar.finish()
        totals.seconds = Double(Self.monotonic() - begin) / Self.nanosPerSecond
        return totals
    }

    private func add(_ row: Int, to pool: HTTPClientPool, _ pace: Pace?) {
        pace?.wait(for: calls[row])
        pool.add(
            connection.request(
                .post, "/v1/charges", body: body(row),
                idempotencyKey: "replay-\(options.settings)-\(row)"),
            tag: row)
    }

    private func body(_ row: Int) -> [UInt8] {
        let call = calls[row]
        let account = options.account(of: row)
        let keys = ReplayOptions.keyNames
        let secret = ReplaySetup.secret(
            account: account, name: keys[row % keys.count], settingsOf: options.key)
        var json = JSONWriter()
        json.beginObject()
        json.member("account", account)
        json.member("customer_key", secret)
        json.member("action", call.kind.action)
        json.key("parameters")
        json.value(json: Self.parameters(call, options).span)
        if let start { json.member("posted_at", time(of: call, from: start)) }
        json.endObject()
        return json.bytes
    }

    /// The time of a call, moved so that the trace begins a second after `start`.
    private func time(of call: TraceCall, from start: Instant) -> Instant {
        Instant(micros: start.micros + 1_000_000 + call.time.micros - firstTime.micros)
    }

    private func count(
        _ row: Int, _ outcome: HTTPClientPool.Outcome, _ totals: inout Totals
    ) throws {
        let request = connection.request(.post, "/v1/charges")
        let reply: HTTPClientReply
        switch outcome {
        case .success(let answered): reply = answered
        case .failure(let error): throw Failure.failed("row \(row): \(error)")
        }
        let json = (try? JSONValue(reply.body)) ?? .null
        guard reply.status == 201, let credits = json["credits"]?.credits else {
            throw Failure.failed(
                "row \(row): " + TallyConnection.explanation(request, reply.status, json))
        }
        let micros = Int128(credits.micros)
        let keys = ReplayOptions.keyNames
        totals.calls += 1
        totals.credits += micros
        totals.accounts[options.account(of: row), default: 0] += micros
        totals.keys[keys[row % keys.count], default: 0] += micros
        totals.models[options.model(calls[row].kind), default: 0] += micros
        totals.actions[calls[row].kind.action, default: 0] += micros
        if reply.value(of: "Idempotent-Replayed") == "true" { totals.replayed += 1 }
    }

    static func monotonic() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// The rows of each account in order of time; one of an account is under way at a time.
private struct Lanes {
    private let rows: [[Int]]
    private var taken: [Int]

    init(_ calls: [TraceCall], accountCount: Int) {
        var rows = [[Int]](repeating: [], count: accountCount)
        for row in calls.indices { rows[row % accountCount].append(row) }
        self.rows = rows.map { lane in
            lane.sorted { (calls[$0].time, $0) < (calls[$1].time, $1) }
        }
        taken = [Int](repeating: 0, count: accountCount)
    }

    mutating func next(_ lane: Int) -> Int? {
        guard taken[lane] < rows[lane].count else { return nil }
        defer { taken[lane] += 1 }
        return rows[lane][taken[lane]]
    }
}

/// Holds calls back until as long after the first as they were recorded.
private struct Pace {
    private let first: Instant
    private let begin: Int64

    init(_ calls: [TraceCall], begin: Int64) {
        first = calls.min { $0.time < $1.time }?.time ?? .epoch
        self.begin = begin
    }

    func wait(for call: TraceCall) {
        let due = begin + (call.time.micros - first.micros) * 1000
        let left = due - ReplayRun.monotonic()
        guard left > 0 else { return }
        var time = timespec(
            tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
        unsafe nanosleep(&time, nil)
    }
}
