import Credit
import HTTP
import JSON
import Terminal

/// Sends rows that were checked: grants what they take, charges, refunds, and takes back what is left.
///
/// What cannot be imported of an account ends the account, not the import.
struct EntrySending {
    /// The most charges that are sent at once, and about the most bytes.
    private static let batchItems = 1000
    private static let batchBytes = 1 << 19

    /// A charge that is to be sent.
    private struct Waiting {
        let line: Int
        let account: String
        let id: String?
        let body: [UInt8]
    }

    private let path: String
    private let target: ImportTarget
    private var entries: EntryImport
    private var waiting: [Waiting] = []
    private var waitingBytes = 0
    private var uncollected: Int128 = 0
    /// The grants that the rows of accounts are paid from.
    private var openings: [String: String] = [:]
    private var repeated = 0
    private var done = 0
    /// How many are there, from now or before.
    private var recorded = 0
    /// What went wrong, by account.
    private(set) var failures: [String: String] = [:]

    init(_ entries: EntryImport) {
        self.entries = entries
        (path, target) = (entries.path, entries.target)
    }

    /// Sends every row; gives what was done, in words.
    mutating func run(_ keys: ImportedKeyNames) throws -> String {
        let reader = try TableReader(path: path, form: .entries, skipping: entries.skipped)
        let total = entries.chargeCount + entries.refundCount
        var bar = ProgressBar("entries", total: total)
        defer { bar.finish() }
        try reader.forEachRow { row in
            guard let kind = try entries.kind(of: row), let account = row["account"]?.string,
                let text = row["created_at"]?.string,
                let time = try? Instant(rfc3339: text.utf8.span)
            else { return }
            let place = place(of: account, at: time)
            guard failures[account] == nil else { return }
            do {
                try send(row, kind, of: account, at: time, place: place, keys)
            } catch Failure.failed(let message) {
                failures[account] = "\(path):\(row.line): \(message)"
            }
            done += 1
            bar.show(done)
        }
        try sendWaiting()
        try close()
        return told
    }

    private var told: String {
        var told = "entries: \(recorded) of \(entries.chargeCount + entries.refundCount) are there"
        if repeated > 0 { told += "; \(repeated) accounts had theirs before" }
        if uncollected > 0 {
            told += "\n  not collected, as credits were short: \(EntryImport.text(uncollected))"
        }
        return told
    }

    private mutating func send(
        _ row: TableRow, _ kind: EntryImport.Kind, of account: String, at time: Instant,
        place: Int, _ keys: ImportedKeyNames
    ) throws {
        let credits = try EntryImport.credits(of: row)
        try open(account)
        // The same row is the same charge however it is spelled: by its id, else by its place in time.
        let identity = row["entry_id"]?.string ?? "\(time.rfc3339)#\(place)"
        switch kind {
        case .charge:
            let key = try row["key"]?.string.map { try keys.id(of: $0, account, on: target) }
            let body = EntryImport.body(
                of: row, account, time, credits, key: key,
                as: target.idempotencyKey(["charge", account, identity]))
            waiting.append(
                Waiting(
                    line: row.line, account: account, id: row["entry_id"]?.string, body: body))
            waitingBytes += body.count
            if waiting.count >= Self.batchItems || waitingBytes >= Self.batchBytes {
                try sendWaiting()
            }
        case .refund:
            try sendWaiting()
            guard failures[account] == nil else { return }
            // With its amount: one that was refused can be corrected.
            let key = target.idempotencyKey(["refund", account, identity, "\(credits.micros)"])
            try refund(row, credits, at: time, key: key)
        }
    }

    /// How many rows of the account were of the same time before.
    private mutating func place(of account: String, at time: Instant) -> Int {
        guard var sums = entries.accounts[account] else { return 0 }
        sums.sent = sums.last == time ? sums.sent + 1 : 1
        sums.last = time
        entries.accounts[account] = sums
        return sums.sent - 1
    }

    /// Grants what the account's rows take, before the first of them.
    private mutating func open(_ account: String) throws {
        guard openings[account] == nil, let sums = entries.accounts[account], sums.peak > 0 else {
            return
        }
        var json = JSONWriter()
        json.beginObject()
        json.member("amount", Credits(micros: Int64(clamping: sums.peak)))
        json.member("kind", "adjustment")
        json.member("priority", Int64(0))
        json.member("note", entries.openingNote(account, sums))
        json.member("posted_at", sums.first)
        json.endObject()
        let key = entries.openingKey(account, sums)
        let answer: (status: Int, json: JSONValue, isReplayed: Bool)
        do {
            answer = try target.post("/v1/accounts/\(account)/grants", json.bytes, key: key)
        } catch Failure.failed(let message) {
            throw Failure.failed("\(message); \(EntryImport.orderRule)")
        }
        guard let grant = answer.json["grant_id"]?.string else {
            throw Failure.failed("no grant came back")
        }
        openings[account] = grant
        if answer.isReplayed { repeated += 1 }
    }

    private mutating func sendWaiting() throws {
        let items = waiting.filter { failures[$0.account] == nil }
        waiting.removeAll(keepingCapacity: true)
        waitingBytes = 0
        guard !items.isEmpty else { return }
        var body = Array("{\"charges\":[".utf8)
        for (index, item) in items.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body.append(contentsOf: item.body)
        }
        body.append(contentsOf: "]}".utf8)
        let request = target.connection.request(.post, "/v1/charges/batch", body: body)
        let results = try target.connection.send(request, allowing: [200]).json["results"]?.array
        guard let results, results.count == items.count else {
            throw Failure.failed("the answer to a batch has another number of results")
        }
        for (item, result) in zip(items, results) {
            guard let entry = result["entry"], let id = entry["entry_id"]?.string else {
                let problem = result["problem"]
                let field = problem?["field"]?.string.map { "\($0): " } ?? ""
                let detail = problem?["detail"]?.string ?? "it was not recorded"
                if failures[item.account] == nil {
                    failures[item.account] = "\(path):\(item.line): \(field)\(detail)"
                }
                continue
            }
            recorded += 1
            if let old = item.id, entries.refunded[old] != nil { entries.refunded[old] = id }
            uncollected += Int128(entry["uncollected"]?.credits?.micros ?? 0)
        }
    }

    private mutating func refund(
        _ row: TableRow, _ credits: Credits, at time: Instant, key: String
    ) throws {
        guard let charge = row["refunds"]?.string, let id = entries.refunded[charge], !id.isEmpty
        else { throw Failure.failed("refunds: no charge before it has this entry_id") }
        var json = JSONWriter()
        json.beginObject()
        json.member("entry_id", id)
        json.member("amount", credits)
        json.member("posted_at", time)
        json.endObject()
        _ = try target.post("/v1/refunds", json.bytes, key: key)
        recorded += 1
    }

    /// Takes back what is left of the openings, so that balances are those of before: refunds brought it
    /// back, or rows were the same, or could not be imported.
    private mutating func close() throws {
        var bar = ProgressBar("close", total: openings.count)
        defer { bar.finish() }
        for (index, (account, grant)) in openings.sorted(by: { $0.key < $1.key }).enumerated() {
            let path = "/v1/accounts/\(account)/grants/\(grant)/void"
            var json = JSONWriter()
            json.beginObject()
            json.member("posted_at", entries.accounts[account]?.last)
            json.endObject()
            let key = target.idempotencyKey(["closing", account, grant])
            let answer = try target.post(path, json.bytes, key: key, allowing: [200, 201, 422])
            // An account that was charged meanwhile takes nothing at an earlier time.
            if answer.status == 422, answer.json["field"]?.string == "posted_at" {
                _ = try target.post(path, [], key: key + "-now", allowing: [200, 201, 422])
            }
            bar.show(index + 1)
        }
    }
}
