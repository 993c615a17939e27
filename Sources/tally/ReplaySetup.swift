import Credit
import Digest
import HTTP
import JSON
import Pricing

/// Makes what a replay needs on the server: the price list, accounts with keys, grants.
///
/// Everything is made once: a second replay finds it and goes on.
struct ReplaySetup {
    static let priceListName = "azure-llm"
    /// Each account is granted its expected cost times this, rounded up to whole credits.
    private static let grantHeadroom: Int64 = 2

    let options: ReplayOptions
    let connection: TallyConnection
    /// When grants are posted, for a replay that is backdated.
    let start: Instant?

    /// The customer key of an account; the same each time, so that nothing has to be kept.
    static func secret(account: String, name: String, settingsOf key: String) -> String {
        let digest = SHA256.digest(of: Array("\(key)|\(account)|\(name)".utf8).span)
        return "demo_"
            + digest.map { byte in
                let text = String(byte, radix: 16)
                return text.count == 1 ? "0" + text : text
            }.joined()
    }

    /// What the grants of one set of prices are recognised by.
    private static func note(_ options: ReplayOptions) -> String { "replay \(options.settings)" }

    /// When a backdated replay's grants are posted: where an earlier replay of the same prices
    /// posted them, else a second before the trace begins when it ends at `end`.
    ///
    /// Nil when the accounts have entries of another replay, which no entry may precede.
    static func start(
        of calls: [TraceCall], endingAt end: Instant, options: ReplayOptions,
        connection: TallyConnection
    ) throws -> Instant? {
        let account = options.account(of: 0)
        let (status, page) = try connection.send(
            connection.request(.get, "/v1/entries?account=\(account)&kind=grant&limit=1000"),
            allowing: [200, 404])
        let grants = page["data"]?.array ?? []
        if status == 404 || grants.isEmpty {
            let times = calls.map(\.time.micros)
            let length = (times.max() ?? 0) - (times.min() ?? 0)
            return Instant(micros: end.micros - length - 1_000_000)
        }
        let ours = grants.first { $0["note"]?.string == note(options) }
        let created = ours?["created_at"]?.string
        return created.flatMap { try? Instant(rfc3339: $0.utf8.span) }
    }

    /// Makes everything; gives true when it was there already.
    func run(_ calls: [TraceCall]) throws -> Bool {
        let list = try options.priceList(try PriceFile(path: options.prices))
        try putPriceList(list)
        let grants = try grants(calls, list)
        var isReused = true
        for index in 0..<options.accountCount {
            let account = options.account(of: index)
            if try createAccount(account) { isReused = false }
            try grant(grants[index], to: account)
        }
        return isReused
    }

    private func putPriceList(_ list: [UInt8]) throws {
        let path = "/v1/price-lists/\(Self.priceListName)"
        let wanted = try JSONValue(list)
        let (status, current) = try connection.send(
            connection.request(.get, path), allowing: [200, 404])
        let isSame =
            status == 200 && current["rules"] == wanted["rules"]
            && current["usd_per_credit"] == wanted["usd_per_credit"]
        if !isSame { try connection.send(connection.request(.put, path, body: list)) }
    }

    /// Creates an account and its keys; false when the account was there.
    private func createAccount(_ account: String) throws -> Bool {
        var json = JSONWriter()
        json.beginObject()
        json.member("id", account)
        json.member("name", "Demo \(account.dropFirst(5))")
        json.member("price_list", Self.priceListName)
        json.endObject()
        let (status, _) = try connection.send(
            connection.request(.post, "/v1/accounts", body: json.bytes), allowing: [201, 409])
        for name in ReplayOptions.keyNames { try createKey(name, of: account) }
        return status == 201
    }

    private func createKey(_ name: String, of account: String) throws {
        let secret = Self.secret(account: account, name: name, settingsOf: options.key)
        let hash = SHA256.digest(of: Array(secret.utf8).span).map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
        var json = JSONWriter()
        json.beginObject()
        json.member("name", name)
        json.member("import_sha256", hash)
        json.endObject()
        try connection.send(
            connection.request(.post, "/v1/accounts/\(account)/keys", body: json.bytes),
            allowing: [201, 409])
    }

    private func grant(_ amount: Credits, to account: String) throws {
        guard amount > .zero else { return }
        var json = JSONWriter()
        json.beginObject()
        json.member("amount", amount)
        json.member("note", Self.note(options))
        if let start { json.member("posted_at", start) }
        json.endObject()
        try connection.send(
            connection.request(
                .post, "/v1/accounts/\(account)/grants", body: json.bytes,
                idempotencyKey: "replay-grant-\(options.settings)"))
    }

    /// What each account needs: the cost of its calls by the very code that charges, and headroom.
    private func grants(_ calls: [TraceCall], _ list: [UInt8]) throws -> [Credits] {
        let prices = PriceList(
            name: try Name(Self.priceListName), version: 1, effectiveAt: .earliest,
            draft: try PriceList.Draft(json: list.span))
        var sums = [Int64](repeating: 0, count: options.accountCount)
        for (index, call) in calls.enumerated() {
            let parameters = try CanonicalJSON.bytes(
                of: ReplayRun.parameters(call, options).span)
            let quote = try prices.price(
                action: call.kind.action.utf8.span, parameters: parameters.span)
            let account = index % options.accountCount
            sums[account] = try Credits(micros: sums[account]).adding(quote.credits).micros
        }
        return sums.map { sum in
            let whole = sum / Credits.microsPerCredit * Self.grantHeadroom + Self.grantHeadroom
            return Credits(micros: whole * Credits.microsPerCredit)
        }
    }
}
