public import Credit
public import JSON
public import Ledger

/// An account as its routes answer it.
public struct AccountAnswer: Sendable {
    public var profile: AccountProfile
    public var record: AccountRecord
    /// The plan from the next period on, where another was asked for; the inner nil is none.
    public var nextPlan: Name??

    public init(profile: AccountProfile, record: AccountRecord, nextPlan: Name??) {
        self.profile = profile
        self.record = record
        self.nextPlan = nextPlan
    }
}

extension AccountAnswer: JSONWritable {
    public func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("id", profile.id)
        writer.member("name", profile.name)
        writer.member("plan", profile.plan?.id)
        writer.key("next_plan")
        if let nextPlan {
            writer.beginObject()
            writer.member("plan", nextPlan)
            writer.member("effective_at", profile.periodEnd)
            writer.endObject()
        } else {
            writer.null()
        }
        writer.member("anchor", profile.anchor)
        writer.member("time_zone", profile.timeZone)
        writer.member("overdraft_limit", Credits(micros: record.overdraftLimit))
        writer.member("price_list", profile.priceList)
        writer.key("metadata")
        if profile.metadata.isEmpty {
            writer.beginObject()
            writer.endObject()
        } else {
            writer.value(json: profile.metadata.span)
        }
        writer.member("suspended", record.isSuspended)
        writer.member("created_at", profile.createdAt)
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }
}

/// An API key as its routes answer it; the secret is there once, when it was made.
public struct KeyAnswer: Sendable {
    public var key: APIKeyRecord
    public var secret: [UInt8]?

    public init(key: APIKeyRecord, secret: [UInt8]? = nil) {
        self.key = key
        self.secret = secret
    }
}

extension KeyAnswer: JSONWritable {
    public func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("id", key.id)
        writer.member("key_id", key.id)
        writer.member("name", key.name)
        switch key.role {
        case .operator: writer.member("role", "operator")
        case .service: writer.member("role", "service")
        case .customer(let account): writer.member("account", account)
        }
        if let secret {
            writer.key("key")
            writer.value(string: secret.span)
        }
        writer.member("hint", key.hint.isEmpty ? nil : key.hint)
        writer.key("scopes")
        writer.beginArray()
        for scope in key.scopes { writer.value(scope) }
        writer.endArray()
        writer.member("expires_at", key.expiresAt)
        writer.member("revoked", key.isRevoked)
        writer.member("created_at", key.createdAt)
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }
}

/// A page of a list: its items, and where the next page begins.
public struct PageAnswer<Item: JSONWritable & Sendable>: JSONWritable, Sendable {
    public var items: [Item]
    public var nextCursor: String?

    public init(items: [Item], nextCursor: String?) {
        self.items = items
        self.nextCursor = nextCursor
    }

    public func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        writer.key("data")
        writer.beginArray()
        for item in items { writer.value(item) }
        writer.endArray()
        writer.member("next_cursor", nextCursor)
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }
}
