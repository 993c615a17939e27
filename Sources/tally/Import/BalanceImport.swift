import Credit
import HTTP
import JSON
import Ledger
import Terminal
import Wire

/// Imports what accounts have: a grant for each row, or an adjustment for what one owes.
struct BalanceImport {
    private struct Row {
        let line: Int
        let account: String
        let amount: Credits
        let body: [UInt8]
        let key: String

        var isDebt: Bool { amount < .zero }
    }

    let path: String
    let target: ImportTarget
    private var rows: [Row] = []
    private var sum: Int128 = 0
    private var accounts: Set<String> = []
    private var expiredCount = 0
    /// Those that the table says to have credits of a plan.
    private var ofPlan: Set<String> = []
    /// What could not be granted.
    private(set) var failures: [String] = []

    init(path: String, to target: ImportTarget) {
        (self.path, self.target) = (path, target)
    }

    /// The most rows of a table.
    private static let rowsMax = 5_000_000

    /// Reads and checks every row.
    mutating func check(skipping skipped: Set<String>) throws {
        let reader = try TableReader(path: path, form: .balances, skipping: skipped)
        var seen: [String: Int] = [:]
        let now = Instant.now
        try reader.forEachRow { try add($0, &seen, now) }
    }

    private mutating func add(
        _ row: TableRow, _ seen: inout [String: Int], _ now: Instant
    ) throws {
        guard rows.count < Self.rowsMax else {
            throw Failure.failed("a table has at most \(Self.rowsMax) rows")
        }
        guard let account = row["account"]?.string, try target.has(account: account) else {
            throw Failure.failed(
                "account: there is no such account, in the tables or on the server")
        }
        accounts.insert(account)
        // What holds reserve is the account's as well: holds are not moved.
        guard let credits = row["credits"]?.credits,
            let held = row["held"].map({ $0.credits }) ?? .zero,
            let amount = try? credits.adding(held)
        else { throw Failure.failed("credits: it is a decimal with at most 6 places") }
        guard amount != .zero else { return }
        var body = row.values
        for column in ["account", "credits", "held", "grant"] { body[column] = nil }
        if let end = row["expires_at"]?.string,
            let time = try? Instant(rfc3339: end.utf8.span), time <= now
        {
            expiredCount += 1
            return
        }
        body["amount"] = try JSONValue(Self.text(amount))
        if amount < .zero {
            let note = body["note"] ?? .string("balance imported")
            body = ["amount": body["amount"] ?? .null, "note": note]
        }
        let json = JSONValue.object(body).bytes
        _ =
            amount < .zero
            ? try MoneyBody(adjustment: json, limits: APILimits())
            : try MoneyBody(grant: json, limits: APILimits())
        sum += Int128(amount.micros)
        if ["plan", "rollover"].contains(row["kind"]?.string) { ofPlan.insert(account) }
        var identity = ["balance", account, row["grant"]?.string ?? "", ""]
        if row["grant"] == nil {
            identity[3] = String(decoding: json, as: UTF8.self)
            seen[account + identity[3], default: 0] += 1
            identity.append("\(seen[account + identity[3]] ?? 0)")
        }
        rows.append(
            Row(
                line: row.line, account: account, amount: amount, body: json,
                key: target.idempotencyKey(identity)))
    }

    private static func text(_ credits: Credits) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(credits: credits)
        return bytes
    }

    private static func text(_ micros: Int128) -> String {
        var bytes: [UInt8] = []
        CreditsSum(micros: micros).write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    var summary: String {
        let text =
            "balances: \(rows.count) grants of \(Self.text(sum)) credits, \(accounts.count) accounts"
        return expiredCount > 0 ? text + "\n  left out as expired: \(expiredCount)" : text
    }

    /// How many accounts get credits of a plan from the table and from the plan that they have.
    var plannedCount: Int {
        get throws { try ofPlan.count { try target.hasPlan(account: $0) } }
    }

    /// Grants each row; with `isWhole` the accounts then have nothing else that they had before.
    mutating func run(replacing isWhole: Bool) throws -> String {
        var (granted, repeated, voided) = (0, 0, 0)
        var grants: [String: [String]] = [:]
        var bar = ProgressBar("balances", total: rows.count)
        defer { bar.finish() }
        for row in rows where !row.isDebt {
            guard let answer = take(Result { try grant(row) }, to: row) else { continue }
            if answer.isReplayed { repeated += 1 } else { granted += 1 }
            bar.show(granted + repeated)
            if let id = answer.json["grant_id"]?.string {
                grants[row.account, default: []].append(id)
            }
        }
        if isWhole {
            for account in accounts.sorted() {
                voided += try voidOthers(of: account, but: grants[account] ?? [])
            }
        }
        // What is owed comes last: it is taken off what there is.
        for row in rows where row.isDebt {
            guard let answer = take(Result { try owe(row) }, to: row) else { continue }
            if answer.isReplayed { repeated += 1 } else { granted += 1 }
        }
        var told = "balances: \(granted) granted, \(repeated) were granted before"
        if isWhole { told += ", \(voided) other grants voided" }
        return told
    }

    private typealias Answer = (status: Int, json: JSONValue, isReplayed: Bool)

    /// Takes what is owed; what that is more than the account may owe, its overdraft limit is raised by
    /// meanwhile, so that nothing can be spent of it even if this ends in between.
    private func owe(_ row: Row) throws -> Answer {
        let connection = target.connection
        let (_, profile) = try connection.send(
            connection.request(.get, "/v1/accounts/\(row.account)"))
        let (_, balance) = try connection.send(
            connection.request(.get, "/v1/balance?account=\(row.account)"))
        let limit = Int128(profile["overdraft_limit"]?.credits?.micros ?? 0)
        let spendable =
            Int128(balance["available"]?.credits?.micros ?? 0) + limit
            - Int128(balance["negative"]?.credits?.micros ?? 0)
        let missing = -Int128(row.amount.micros) - spendable
        guard missing > 0 else { return try adjust(row) }
        try setOverdraftLimit(limit + missing, of: row.account)
        let answer = Result { try adjust(row) }
        try setOverdraftLimit(limit, of: row.account)
        return try answer.get()
    }

    private func setOverdraftLimit(_ micros: Int128, of account: String) throws {
        let connection = target.connection
        try connection.send(
            connection.request(
                .patch, "/v1/accounts/\(account)",
                body: Array("{\"overdraft_limit\":\(Self.text(micros))}".utf8)))
    }

    /// A refusal of before is final for its key: another one asks again.
    private func adjust(_ row: Row) throws -> Answer {
        let path = "/v1/accounts/\(row.account)/adjustments"
        let answer = try target.post(path, row.body, key: row.key, allowing: [200, 201, 402])
        guard answer.status == 402 else { return answer }
        return try target.post(path, row.body, key: row.key + "-again")
    }

    private func grant(_ row: Row) throws -> Answer {
        try target.post("/v1/accounts/\(row.account)/grants", row.body, key: row.key)
    }

    /// The answer; nil when it was refused, which ends nothing but this row.
    private mutating func take(
        _ answer: Result<Answer, any Error>, to row: Row
    ) -> (json: JSONValue, isReplayed: Bool)? {
        switch answer {
        case .success(let answer): return (answer.json, answer.isReplayed)
        case .failure(let error):
            let message = (error as? Failure)?.message ?? "\(error)"
            failures.append("\(path):\(row.line): \(message)")
            return nil
        }
    }

    /// Voids what an account has left of grants that it had before those that were imported; gives of how
    /// many.
    ///
    /// Ids rise with time: what was bought since an import stays when it is run again. Of an account that
    /// was granted nothing only what its plan gave is voided.
    private func voidOthers(of account: String, but grants: [String]) throws -> Int {
        let connection = target.connection
        let (_, balance) = try connection.send(
            connection.request(.get, "/v1/balance?account=\(account)"))
        let first = grants.min()
        var count = 0
        for grant in balance["grants"]?.array ?? [] {
            guard let id = grant["id"]?.string, let remaining = grant["remaining"]?.credits,
                remaining > .zero
            else { continue }
            let kind = grant["kind"]?.string ?? ""
            let isBefore = first.map { id < $0 } ?? ["plan", "rollover"].contains(kind)
            guard isBefore else { continue }
            _ = try target.post(
                "/v1/accounts/\(account)/grants/\(id)/void", [],
                key: target.idempotencyKey(["replaced", account, id]))
            count += 1
        }
        return count
    }
}
