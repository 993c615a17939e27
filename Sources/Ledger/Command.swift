public import Credit

/// A new account.
public struct NewAccount: Hashable, Sendable {
    public var id: Name
    public var name: String
    public var timeZone: String
    public var anchor: Instant?
    public var overdraftLimit: Credits
    public var priceList: Name?
    /// A canonical JSON object of strings, or empty.
    public var metadata: [UInt8]

    public init(id: Name, name: String) {
        self.id = id
        self.name = name
        timeZone = "UTC"
        overdraftLimit = .zero
        metadata = []
    }
}

/// Which fields of an account change; nil leaves one as it is.
public struct AccountChange: Hashable, Sendable {
    public var name: String?
    public var timeZone: String?
    public var overdraftLimit: Credits?
    /// The inner nil takes the account's own list away.
    public var priceList: Name??
    public var metadata: [UInt8]?

    public init() {}
}

/// Who holds an API key.
public enum APIKeyRole: Hashable, Sendable {
    case `operator`
    case service
    case customer(account: Name)
}

/// A new API key; only the SHA-256 of its secret is known here.
public struct NewAPIKey: Hashable, Sendable {
    public var role: APIKeyRole
    public var name: String
    public var secretHash: [UInt8]
    /// The first characters of the secret, to recognise it by.
    public var hint: String
    public var scopes: [String]
    public var expiresAt: Instant?

    public init(role: APIKeyRole, name: String, secretHash: [UInt8], hint: String) {
        self.role = role
        self.name = name
        self.secretHash = secretHash
        self.hint = hint
        scopes = []
    }
}

/// Which fields of an API key change; nil leaves one as it is.
public struct APIKeyChange: Hashable, Sendable {
    public var name: String?
    public var scopes: [String]?
    /// The inner nil takes the expiry away.
    public var expiresAt: Instant??

    public init() {}
}

/// A new grant of credits.
public struct NewGrant: Hashable, Sendable {
    public var amount: Credits
    public var source: GrantSource
    public var priority: Int32
    public var effectiveAt: Instant?
    public var expiresAt: Instant?
    /// What the vendor says of it: package, price_paid, payment_reference, note (canonical JSON).
    public var memo: [UInt8]

    public init(amount: Credits, source: GrantSource) {
        self.amount = amount
        self.source = source
        priority = source.usualPriority
        memo = []
    }
}

/// What a command asks of the balance of an account.
public enum MoneyRequest: Hashable, Sendable {
    case grant(NewGrant)
    case void(GrantID)
    case adjust(Credits, memo: [UInt8])
}

/// A request that moves credits but is no charge.
public struct MoneyCommand: Hashable, Sendable {
    public var account: Name
    public var idempotencyKey: [UInt8]
    public var fingerprint: UInt128
    public var postedAt: Instant?
    public var request: MoneyRequest

    public init(
        account: Name, idempotencyKey: [UInt8], fingerprint: UInt128, request: MoneyRequest
    ) {
        self.account = account
        self.idempotencyKey = idempotencyKey
        self.fingerprint = fingerprint
        self.request = request
    }
}

/// Any command but a charge.
public enum Command: Hashable, Sendable {
    case createAccount(NewAccount)
    case changeAccount(Name, AccountChange)
    case suspendAccount(Name)
    case resumeAccount(Name)
    case createAPIKey(NewAPIKey)
    /// `account` is that of the path, or nil for keys of operators and services.
    case changeAPIKey(APIKeyID, account: Name?, APIKeyChange)
    case revokeAPIKey(APIKeyID, account: Name?)
    /// A new version of a price list, as canonical JSON that Pricing has accepted.
    case putPriceList(Name, effectiveAt: Instant?, json: [UInt8])
    case money(MoneyCommand)
}
