import Credit
import HTTP
import JSON
import Ledger
import Terminal
import Wire

/// Imports calls of the past: what they cost is granted at their beginning, so that balances stay.
///
/// The file is read twice. The first time every row is checked as the server would check it, and what
/// each account needs is added up; the second time it is sent.
struct EntryImport {
    /// What one account's rows add up to.
    private struct Sums {
        let first: Instant
        let firstLine: Int
        var last: Instant
        var lastLine: Int
        var charged: Int128 = 0
        var refunded: Int128 = 0
        /// The most that charges less refunds came to.
        var peak: Int128 = 0
        /// What rows of the time `last` looked like, and how many of each.
        var seen: [String: Int] = [:]
    }

    /// The most charges that are sent at once, and about the most bytes.
    private static let batchItems = 1000
    private static let batchBytes = 1 << 19

    let path: String
    let skipped: Set<String>
    let target: ImportTarget
    private var accounts: [String: Sums] = [:]
    private var chargeCount = 0
    private var refundCount = 0
    private var leftOut: [String: Int] = [:]
    /// The ids of the charges that are refunded, and what they became.
    private var refunded: [String: String] = [:]
    private var waiting: [Waiting] = []
    private var waitingBytes = 0
    private var uncollected: Int128 = 0

    /// A charge that is to be sent.
    private struct Waiting {
        let line: Int
        let id: String?
        let body: [UInt8]
    }

    init(path: String, skipping skipped: Set<String>, to target: ImportTarget) {
        (self.path, self.skipped, self.target) = (path, skipped, target)
    }

    // MARK: The first reading

    /// Reads and checks every row; `keys` is what will be known of keys besides what the server has.
    mutating func check(_ keys: ImportedKeyNames) throws {
        let reader = try TableReader(path: path, form: .entries, skipping: skipped)
        let now = Instant.now
        let form = ChargeForm(.batchItem, limits: APILimits(), now: now, allowsPostedAt: true)
        var decoder = ChargeDecoder()
        try reader.forEachRow { row in
            guard let kind = kind(of: row) else { return }
            let (account, time) = try place(of: row, before: now)
            let credits = try Self.credits(of: row)
            if kind == .charge {
                if let key = row["key"]?.string { try keys.check(key, of: account, on: target) }
                let body = Self.body(of: row, account, time, credits, key: nil, as: "x")
                var texts: [UInt8] = []
                _ = try decoder.decode(body: body.span, form, to: &texts)
            } else if let id = row["refunds"]?.string {
                refunded[id] = ""
            }
            try count(row, kind, account, time, credits)
        }
    }

    private enum Kind {
        case charge
        case refund
    }

    /// What a row is imported as; nil for what follows from others or has no counterpart.
    private mutating func kind(of row: TableRow) -> Kind? {
        let kind = row["kind"]?.string ?? "charge"
        switch kind {
        case "charge", "capture": return .charge
        case "refund" where row["refunds"] != nil: return .refund
        default:
            leftOut[kind, default: 0] += 1
            return nil
        }
    }

    private func place(of row: TableRow, before now: Instant) throws -> (String, Instant) {
        guard let account = row["account"]?.string, try target.has(account: account) else {
            throw Failure.failed(
                "account: there is no such account, in the tables or on the server")
        }
        guard let text = row["created_at"]?.string,
            let time = try? Instant(rfc3339: text.utf8.span)
        else { throw Failure.failed("created_at: it is no time such as 2026-11-01T00:00:00Z") }
        guard time <= now else { throw Failure.failed("created_at: it is still to come") }
        if let sums = accounts[account], time < sums.last {
            throw Failure.failed(
                "created_at: it is before that of the account's row \(sums.lastLine): rows are in the "
                    + "order of time")
        }
        return (account, time)
    }

    private static func credits(of row: TableRow) throws -> Credits {
        guard let value = row["credits"] else { throw Failure.failed("credits is missing") }
        guard let credits = value.credits, credits >= .zero else {
            throw Failure.failed("credits: it is a decimal of 0 or more with at most 6 places")
        }
        return credits
    }

    private mutating func count(
        _ row: TableRow, _ kind: Kind, _ account: String, _ time: Instant, _ credits: Credits
    ) throws {
        var sums =
            accounts[account]
            ?? Sums(first: time, firstLine: row.line, last: time, lastLine: row.line)
        (sums.last, sums.lastLine) = (time, row.line)
        switch kind {
        case .charge:
            chargeCount += 1
            sums.charged += Int128(credits.micros)
        case .refund:
            refundCount += 1
            sums.refunded += Int128(credits.micros)
        }
        sums.peak = max(sums.peak, sums.charged - sums.refunded)
        guard sums.peak <= Int128(Credits.limit.micros) else {
            throw Failure.failed("credits: those of the account come to more than an amount can be")
        }
        accounts[account] = sums
    }

    /// What there is to import, in words.
    var summary: String {
        let charged = accounts.values.reduce(Int128(0)) { $0 + $1.charged }
        var text =
            "entries: \(chargeCount) charges of \(Self.text(charged)) credits, \(refundCount) refunds, "
            + "\(accounts.count) accounts"
        for (kind, count) in leftOut.sorted(by: { $0.key < $1.key }) {
            text += "\n  left out: \(count) of kind \(kind)"
        }
        return text
    }

    private static func text(_ micros: Int128) -> String {
        var bytes: [UInt8] = []
        CreditsSum(micros: micros).write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The body of a charge, as an item of a batch.
    private static func body(
        of row: TableRow, _ account: String, _ time: Instant, _ credits: Credits, key: String?,
        as idempotencyKey: String
    ) -> [UInt8] {
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.member("idempotency_key", idempotencyKey)
        json.member("account", account)
        if let key { json.member("key_id", key) }
        json.member("amount", credits)
        json.member("posted_at", time)
        json.member("on_short", "collect")
        for name in names {
            guard let value = row[name] else { continue }
            json.key(bytes: name.utf8.span)
            json.value(value)
        }
        json.endObject()
        return json.bytes
    }

    /// The fields of a call that are taken over as they are.
    private static let names = [
        "action", "team", "scenario", "scenario_type", "run", "module", "request_id", "status",
        "results", "bytes", "duration_ms", "check_run", "parameters", "metadata",
    ]
}

extension EntryImport {
    // MARK: The second reading

    /// Sends every row that was checked before; gives what was done, in words.
    mutating func run(_ keys: ImportedKeyNames) throws -> String {
        let reader = try TableReader(path: path, form: .entries, skipping: skipped)
        var bar = ProgressBar("entries", total: chargeCount + refundCount)
        defer { bar.finish() }
        var begun: [String: String] = [:]
        for account in accounts.keys { accounts[account]?.seen = [:] }
        var (done, repeated) = (0, 0)
        leftOut = [:]
        while let row = try reader.next() {
            guard let kind = kind(of: row), let account = row["account"]?.string,
                let sums = accounts[account], let text = row["created_at"]?.string,
                let time = try? Instant(rfc3339: text.utf8.span)
            else { continue }
            let credits = try Self.credits(of: row)
            if begun[account] == nil, sums.peak > 0 {
                let opened = try open(account, sums, row.line)
                begun[account] = opened.grant
                if opened.isReplayed { repeated += 1 }
            }
            let identity = identity(of: row, account, at: time)
            switch kind {
            case .charge:
                let key = try row["key"]?.string.map { try keys.id(of: $0, account, on: target) }
                let body = Self.body(of: row, account, time, credits, key: key, as: identity)
                waiting.append(Waiting(line: row.line, id: row["entry_id"]?.string, body: body))
                waitingBytes += body.count
                if waiting.count >= Self.batchItems || waitingBytes >= Self.batchBytes {
                    try sendWaiting()
                }
            case .refund:
                try sendWaiting()
                try refund(row, credits, at: time, as: identity)
            }
            done += 1
            bar.show(done)
        }
        try sendWaiting()
        try close(begun)
        var told = "entries: \(chargeCount) charges, \(refundCount) refunds imported"
        if repeated > 0 { told += "; those of \(repeated) accounts were there before" }
        if uncollected > 0 {
            told += "\n  not collected, as credits were short: \(Self.text(uncollected))"
        }
        return told
    }

    /// What sets a row apart from every other: its id, else all that it says and how often it said so at
    /// that time.
    private mutating func identity(of row: TableRow, _ account: String, at time: Instant) -> String
    {
        if let id = row["entry_id"]?.string { return target.idempotencyKey([account, id]) }
        let content = String(decoding: JSONValue.object(row.values).bytes, as: UTF8.self)
        if accounts[account]?.last != time {
            accounts[account]?.last = time
            accounts[account]?.seen = [:]
        }
        let count = accounts[account]?.seen[content] ?? 0
        accounts[account]?.seen[content] = count + 1
        return target.idempotencyKey([account, content, "\(count)"])
    }

    /// Grants what the account's rows take, before the first of them.
    private func open(
        _ account: String, _ sums: Sums, _ line: Int
    ) throws -> (grant: String, isReplayed: Bool) {
        let amount = Credits(micros: Int64(clamping: sums.peak))
        var json = JSONWriter()
        json.beginObject()
        json.member("amount", amount)
        json.member("kind", "adjustment")
        json.member("priority", Int64(0))
        json.member("note", "opening of imported entries")
        json.member("posted_at", sums.first)
        json.endObject()
        let key = target.idempotencyKey(["opening", account, sums.first.rfc3339, "\(sums.peak)"])
        do {
            let answer = try target.post("/v1/accounts/\(account)/grants", json.bytes, key: key)
            guard let grant = answer.json["grant_id"]?.string else {
                throw Failure.failed("no grant came back")
            }
            return (grant, answer.isReplayed)
        } catch Failure.failed(let message) {
            throw Failure.failed(
                "\(path):\(line): account \(account): \(message)\nEntries of the past are imported "
                    + "before an account has others, and before it has a plan.")
        }
    }

    private mutating func sendWaiting() throws {
        guard !waiting.isEmpty else { return }
        var body = Array("{\"charges\":[".utf8)
        for (index, item) in waiting.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body.append(contentsOf: item.body)
        }
        body.append(contentsOf: "]}".utf8)
        let request = target.connection.request(.post, "/v1/charges/batch", body: body)
        let results = try target.connection.send(request, allowing: [200]).json["results"]?.array
        guard let results, results.count == waiting.count else {
            throw Failure.failed("\(path): the answer to a batch has another number of results")
        }
        for (item, result) in zip(waiting, results) {
            guard let entry = result["entry"], let id = entry["entry_id"]?.string else {
                let problem = result["problem"]
                let field = problem?["field"]?.string.map { "\($0): " } ?? ""
                throw Failure.failed(
                    "\(path):\(item.line): \(field)\(problem?["detail"]?.string ?? "not recorded")")
            }
            if let old = item.id, refunded[old] != nil { refunded[old] = id }
            uncollected += Int128(entry["uncollected"]?.credits?.micros ?? 0)
        }
        waiting.removeAll(keepingCapacity: true)
        waitingBytes = 0
    }

    private func refund(
        _ row: TableRow, _ credits: Credits, at time: Instant, as key: String
    ) throws {
        guard let charge = row["refunds"]?.string, let id = refunded[charge], !id.isEmpty else {
            throw Failure.failed(
                "\(path):\(row.line): refunds: no charge before it has this entry_id")
        }
        var json = JSONWriter()
        json.beginObject()
        json.member("entry_id", id)
        json.member("amount", credits)
        json.member("posted_at", time)
        json.endObject()
        do {
            _ = try target.post("/v1/refunds", json.bytes, key: key)
        } catch Failure.failed(let message) {
            throw Failure.failed("\(path):\(row.line): \(message)")
        }
    }

    /// Takes back what refunds brought back to the openings, so that the balances are those of before.
    private func close(_ openings: [String: String]) throws {
        for (account, grant) in openings.sorted(by: { $0.key < $1.key }) {
            guard let sums = accounts[account], sums.charged - sums.refunded < sums.peak else {
                continue
            }
            var json = JSONWriter()
            json.beginObject()
            json.member("posted_at", sums.last)
            json.endObject()
            _ = try target.post(
                "/v1/accounts/\(account)/grants/\(grant)/void", json.bytes,
                key: target.idempotencyKey(["closing", account, grant]))
        }
    }
}
