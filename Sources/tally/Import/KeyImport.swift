import Credit
import HTTP
import JSON
import Wire

/// What calls of the past may name keys by: those of the server, and those of the keys table.
struct ImportedKeyNames {
    /// The names of the keys in the table, by account and by their id there.
    fileprivate(set) var names: [String: [String: String]] = [:]
    /// The accounts and names of the table.
    fileprivate(set) var known: Set<[String]> = []

    /// Fails unless `key` is the id or the name of one key of the account.
    func check(_ key: String, of account: String, on target: ImportTarget) throws {
        let keys = try target.keys(of: account)
        let name = names[account]?[key] ?? key
        let isKnown =
            keys.ids.contains(key) || keys.idsByName[name]?.count == 1
            || keys.idsByName[name] == nil && known.contains([account, name])
        guard isKnown else {
            throw Failure.failed(
                "key: \(key) is the id or name of no key of the account, or of several; keys that are no "
                    + "longer used belong into the keys table as revoked")
        }
    }

    /// The id on the server of what a row calls a key.
    func id(of key: String, _ account: String, on target: ImportTarget) throws -> String {
        let keys = try target.keys(of: account)
        if keys.ids.contains(key) { return key }
        guard let id = keys.idsByName[names[account]?[key] ?? key]?.first else {
            throw Failure.failed("key: \(key) is no key of account \(account)")
        }
        return id
    }
}

/// Imports customers' keys by the hash of their secrets.
struct KeyImport {
    private struct Key {
        let line: Int
        let account: String
        let name: String
        let body: [UInt8]
        let isRevoked: Bool
    }

    let path: String
    let target: ImportTarget
    private var keys: [Key] = []
    private(set) var names = ImportedKeyNames()

    init(path: String, to target: ImportTarget) {
        (self.path, self.target) = (path, target)
    }

    /// The most keys of a table.
    private static let keysMax = 1_000_000

    /// Reads and checks every row.
    mutating func check(skipping skipped: Set<String>) throws {
        let reader = try TableReader(path: path, form: .keys, skipping: skipped)
        let now = Instant.now
        try reader.forEachRow { try add($0, now) }
    }

    private mutating func add(_ row: TableRow, _ now: Instant) throws {
        guard keys.count < Self.keysMax else {
            throw Failure.failed("a table has at most \(Self.keysMax) keys")
        }
        guard let account = row["account"]?.string, try target.has(account: account) else {
            throw Failure.failed(
                "account: there is no such account, in the tables or on the server")
        }
        guard let name = row["name"]?.string else { throw Failure.failed("name: it is a text") }
        guard names.known.insert([account, name]).inserted else {
            throw Failure.failed("name: another key of the account has this name")
        }
        if let id = row["id"]?.string { names.names[account, default: [:]][id] = name }
        var body: [String: JSONValue] = ["name": .string(name)]
        body["import_sha256"] = row["sha256"]
        body["scopes"] = row["scopes"]
        body["expires_at"] = row["expires_at"]
        let request = try KeyRequest(body: JSONValue.object(body).bytes, limits: APILimits())
        // A key that has expired cannot be made; it is made to be revoked.
        let hasExpired = request.expiresAt.map { $0 <= now } ?? false
        if hasExpired { body["expires_at"] = nil }
        keys.append(
            Key(
                line: row.line, account: account, name: name,
                body: JSONValue.object(body).bytes,
                isRevoked: hasExpired || row["revoked"] == .bool(true)))
    }

    var summary: String {
        let revoked = keys.count { $0.isRevoked }
        return "keys: \(keys.count), of which revoked or expired: \(revoked)"
    }

    /// Makes the keys that are not there; gives what was done, in words.
    func run() throws -> String {
        var made = 0
        for key in keys {
            let path = "/v1/accounts/\(key.account)/keys"
            let connection = target.connection
            let (status, json) = try connection.send(
                connection.request(.post, path, body: key.body), allowing: [201, 409])
            guard status == 201, let id = json["id"]?.string else {
                guard try target.keys(of: key.account).idsByName[key.name] != nil else {
                    throw Failure.failed(
                        "\(self.path):\(key.line): sha256: a key of another name or account has it")
                }
                continue
            }
            made += 1
            if key.isRevoked {
                try connection.send(
                    connection.request(.delete, "\(path)/\(id)"), allowing: [200, 204])
            }
        }
        target.forgetKeys()
        return "keys: \(made) imported, \(keys.count - made) were there"
    }
}
