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
    struct Sums {
        let first: Instant
        let firstLine: Int
        var last: Instant
        var lastLine: Int
        var charged: Int128 = 0
        var refunded: Int128 = 0
        /// The most that charges less refunds came to.
        var peak: Int128 = 0
        /// How many rows of the time `last` were sent.
        var sent = 0
    }

    let path: String
    let skipped: Set<String>
    let target: ImportTarget
    var accounts: [String: Sums] = [:]
    var chargeCount = 0
    var refundCount = 0
    var leftOut: [String: Int] = [:]
    /// The ids of the charges that are refunded, and what they became.
    var refunded: [String: String] = [:]
    /// Of the charges of the table, by hashes of their accounts and ids.
    private var charges: Set<Int> = []

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
            guard let kind = try kind(of: row) else { return }
            let (account, time) = try place(of: row, before: now)
            let credits = try Self.credits(of: row)
            if kind == .charge {
                if let key = row["key"]?.string { try keys.check(key, of: account, on: target) }
                let body = Self.body(of: row, account, time, credits, key: nil, as: "x")
                var texts: [UInt8] = []
                _ = try decoder.decode(body: body.span, form, to: &texts)
                if let id = row["entry_id"]?.string { charges.insert([account, id].hashValue) }
            } else if let id = row["refunds"]?.string {
                guard charges.contains([account, id].hashValue) else {
                    throw Failure.failed(
                        "refunds: no charge of the account before it has the entry_id \(id.prefix(40))"
                    )
                }
                refunded[id] = ""
            }
            try count(row, kind, account, time, credits)
        }
    }

    enum Kind {
        case charge
        case refund
    }

    /// What follows from other entries, or from rules of another ledger; a refund that names no charge.
    private static let kindsLeftOut: Set<String> = [
        "refund", "hold", "release", "hold_expiry", "grant", "grant_activation", "grant_expiry",
        "void", "adjustment", "refusal", "subscription", "period",
    ]

    /// What a row is imported as; nil for what follows from others or has no counterpart.
    mutating func kind(of row: TableRow) throws -> Kind? {
        let kind = row["kind"]?.string ?? "charge"
        switch kind {
        case "charge", "capture": return .charge
        case "refund" where row["refunds"] != nil: return .refund
        case _ where Self.kindsLeftOut.contains(kind):
            leftOut[kind, default: 0] += 1
            return nil
        default:
            throw Failure.failed("kind: \(kind.prefix(40)) is no kind of entry, such as charge")
        }
    }

    /// The accounts that have later entries already, other than from an import of these.
    var refusals: [String] {
        get throws {
            try accounts.sorted { $0.key < $1.key }.compactMap { account, sums in
                guard let newest = try target.newestEntry(of: account)?["created_at"]?.string,
                    let time = try? Instant(rfc3339: newest.utf8.span), time > sums.first,
                    try !isOpened(account, sums)
                else { return nil }
                return "\(path):\(sums.firstLine): created_at: the account has entries up to "
                    + "\(newest); \(Self.orderRule)"
            }
        }
    }

    /// True when the grant is there that an import of these rows begins with; where all cost nothing there is
    /// none, and any entry of that time will do.
    private func isOpened(_ account: String, _ sums: Sums) throws -> Bool {
        guard sums.peak > 0 else { return try target.hasEntry(of: account, at: sums.first) }
        let note = openingNote(account, sums)
        return try target.grants(of: account, at: sums.first)
            .contains { $0["note"]?.string == note }
    }

    /// The idempotency key of the grant that the rows of an account are paid from.
    func openingKey(_ account: String, _ sums: Sums) -> String {
        target.idempotencyKey(["opening", account, sums.first.rfc3339, "\(sums.peak)"])
    }

    /// The note of that grant, by which it is known again.
    func openingNote(_ account: String, _ sums: Sums) -> String {
        "opening of imported entries, \(openingKey(account, sums))"
    }

    static let orderRule =
        "entries of the past are imported before an account has others, and before it has a plan"

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

    static func credits(of row: TableRow) throws -> Credits {
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

    static func text(_ micros: Int128) -> String {
        var bytes: [UInt8] = []
        CreditsSum(micros: micros).write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The body of a charge, as an item of a batch.
    static func body(
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
