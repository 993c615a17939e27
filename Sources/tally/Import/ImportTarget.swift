import Credit
import Digest
import HTTP
import JSON

/// The server that tables are imported into, and what has been asked of it.
final class ImportTarget {
    /// The keys of an account, by id.
    struct Keys {
        var ids: Set<String> = []
        var idsByName: [String: [String]] = [:]
        var scopes: [String: JSONValue] = [:]
        var revoked: Set<String> = []
    }

    let connection: TallyConnection
    /// What sets apart what is imported under another name although it looks the same.
    let batch: String
    private var accounts: [String: Bool] = [:]
    private var planned: Set<String> = []
    private var served: Set<String> = []
    private var keys: [String: Keys] = [:]

    init(_ connection: TallyConnection, batch: String) {
        self.connection = connection
        self.batch = batch
    }

    /// Says that an account will be there, and whether it will have a plan.
    func expect(account: String, hasPlan: Bool) {
        accounts[account] = true
        if hasPlan { planned.insert(account) }
    }

    /// True for an account whose plan grants it credits, as far as is known.
    func hasPlan(account: String) throws -> Bool {
        if planned.contains(account) { return true }
        try look(for: account)
        return planned.contains(account)
    }

    /// Asks for an account on the server, once.
    @discardableResult
    private func look(for account: String) throws -> Bool {
        guard served.insert(account).inserted else { return accounts[account] ?? false }
        let (status, json) = try connection.send(
            connection.request(.get, "/v1/accounts/\(account)"), allowing: [200, 404])
        if json["plan"]?.string != nil { planned.insert(account) }
        return status == 200
    }

    /// True when an account is there, or will be.
    func has(account: String) throws -> Bool {
        if let known = accounts[account] { return known }
        guard (try? Name(account)) != nil else { return false }
        let isThere = try look(for: account)
        accounts[account] = isThere
        return isThere
    }

    /// The newest entry of an account; nil for none.
    func newestEntry(of account: String) throws -> JSONValue? {
        try entries(of: account, "limit=1").first
    }

    /// The newest grants of an account at a time, at most a page of them.
    func grants(of account: String, at time: Instant) throws -> [JSONValue] {
        let end = Instant(micros: time.micros + 1)
        return try entries(
            of: account, "kind=grant&from=\(time.rfc3339)&to=\(end.rfc3339)&limit=1000")
    }

    /// True when an account has an entry of this time.
    func hasEntry(of account: String, at time: Instant) throws -> Bool {
        let end = Instant(micros: time.micros + 1)
        return try !entries(of: account, "from=\(time.rfc3339)&to=\(end.rfc3339)&limit=1").isEmpty
    }

    private func entries(of account: String, _ query: String) throws -> [JSONValue] {
        let (_, page) = try connection.send(
            connection.request(.get, "/v1/entries?account=\(account)&\(query)"),
            allowing: [200, 404])
        return page["data"]?.array ?? []
    }

    /// The keys of an account, asked for once.
    func keys(of account: String) throws -> Keys {
        if let known = keys[account] { return known }
        var found = Keys()
        var cursor: String?
        repeat {
            let more = cursor.map { "&cursor=\($0)" } ?? ""
            let (status, page) = try connection.send(
                connection.request(.get, "/v1/accounts/\(account)/keys?limit=1000\(more)"),
                allowing: [200, 404])
            guard status == 200 else { break }
            for key in page["data"]?.array ?? [] {
                guard let id = key["id"]?.string, let name = key["name"]?.string else { continue }
                found.ids.insert(id)
                found.idsByName[name, default: []].append(id)
                found.scopes[id] = key["scopes"]
                if key["revoked"] == .bool(true) { found.revoked.insert(id) }
            }
            cursor = page["next_cursor"]?.string
        } while cursor != nil
        keys[account] = found
        return found
    }

    /// Asks for keys anew, once some were made.
    func forgetKeys() { keys = [:] }

    /// An idempotency key of what is imported: the same for the same content, so that nothing is
    /// imported twice.
    func idempotencyKey(_ parts: [String]) -> String {
        let text = ([batch] + parts).joined(separator: "\u{0}")
        let digest = SHA256.digest(of: Array(text.utf8).span).prefix(16)
        return "import-"
            + digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Posts something that moves credits; gives the answer, and whether it was done before.
    func post(
        _ path: String, _ body: [UInt8], key: String, allowing allowed: Set<Int> = [200, 201]
    ) throws -> (status: Int, json: JSONValue, isReplayed: Bool) {
        let request = connection.request(.post, path, body: body, idempotencyKey: key)
        return try connection.exchange(request, allowing: allowed)
    }
}
