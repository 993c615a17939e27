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
        if let name = names[account]?[key], known.contains([account, name]) { return }
        let keys = try target.keys(of: account)
        let isKnown =
            keys.ids.contains(key) || keys.idsByName[key]?.count == 1
            || keys.idsByName[key] == nil && known.contains([account, key])
        guard isKnown else {
            throw Failure.failed(
                "key: \(key) is the id or name of no key of the account, or of several; keys that are no "
                    + "longer used belong into the keys table as revoked")
        }
    }

    /// The id on the server of what a row calls a key.
    func id(of key: String, _ account: String, on target: ImportTarget) throws -> String {
        let keys = try target.keys(of: account)
        // The ids of the table first: those of another Tally can be the same as those of this one.
        if let name = names[account]?[key] {
            if let id = keys.idsByName[name]?.first { return id }
        } else if keys.ids.contains(key) {
            return key
        }
        guard let id = keys.idsByName[key]?.first else {
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
        let members: [String: JSONValue]
        let isRevoked: Bool
    }

    /// What a key may do until the entries are imported: nothing, as no call is of such an action.
    private static let noScopes = JSONValue.array([.string("import:pending")])

    let path: String
    let target: ImportTarget
    private var keys: [Key] = []
    private var hashes: Set<String> = []
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
        guard var name = row["name"]?.string else { throw Failure.failed("name: it is a text") }
        let id = row["id"]?.string
        // Keys are told apart by their names; of those with one name the others get their id.
        if names.known.contains([account, name]), let id { name += " (\(id))" }
        guard names.known.insert([account, name]).inserted else {
            throw Failure.failed("name: another key of the account has this name, and this no id")
        }
        if let id, names.names[account, default: [:]].updateValue(name, forKey: id) != nil {
            throw Failure.failed("id: another key of the account has it")
        }
        if let hash = row["sha256"]?.string?.lowercased(), !hashes.insert(hash).inserted {
            throw Failure.failed("sha256: another key has it")
        }
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
                members: body,
                isRevoked: hasExpired || row["revoked"] == .bool(true)))
    }

    var summary: String {
        let revoked = keys.count { $0.isRevoked }
        return "keys: \(keys.count), of which revoked or expired: \(revoked)"
    }

    /// Makes the keys that are not there; gives what was done, in words.
    ///
    /// With `isPending` they can do nothing before ``finish()``.
    func make(isPending: Bool) throws -> String {
        var made = 0
        for key in keys {
            var members = key.members
            if isPending, !key.isRevoked { members["scopes"] = Self.noScopes }
            let connection = target.connection
            let (status, _) = try connection.send(
                connection.request(
                    .post, "/v1/accounts/\(key.account)/keys",
                    body: JSONValue.object(members).bytes),
                allowing: [201, 409])
            if status == 201 {
                made += 1
            } else if try target.keys(of: key.account).idsByName[key.name] == nil {
                throw Failure.failed(
                    "\(path):\(key.line): sha256: a key of another name or account has it")
            }
        }
        target.forgetKeys()
        for key in keys where key.isRevoked { try revoke(key) }
        return "keys: \(made) imported, \(keys.count - made) were there"
    }

    /// Lets the keys do what the table says, once all else is there.
    func finish() throws {
        for key in keys where !key.isRevoked {
            let found = try target.keys(of: key.account)
            for id in found.idsByName[key.name] ?? [] where found.scopes[id] == Self.noScopes {
                let body = JSONValue.object(["scopes": key.members["scopes"] ?? .array([])])
                let path = "/v1/accounts/\(key.account)/keys/\(id)"
                try target.connection.send(
                    target.connection.request(.patch, path, body: body.bytes))
            }
        }
        target.forgetKeys()
    }

    /// Also of keys that were there: a run that was broken off may have left them active.
    private func revoke(_ key: Key) throws {
        let found = try target.keys(of: key.account)
        for id in found.idsByName[key.name] ?? [] where !found.revoked.contains(id) {
            try target.connection.send(
                target.connection.request(.delete, "/v1/accounts/\(key.account)/keys/\(id)"),
                allowing: [200, 204])
        }
    }
}
