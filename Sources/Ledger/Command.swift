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
    /// The plan to begin with; an event of its own says so.
    public var plan: Name?

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
    /// Gives back all of the hold placed there.
    case release(Position)
    case refund(Refund)
    /// Another plan, or nil for none, at once or from the next period on.
    case subscribe(Name?, atPeriodEnd: Bool)
}

/// What of a charge is taken back.
public struct Refund: Hashable, Sendable {
    public var charge: RefundedCharge
    /// Nil takes back all that is left of the charge.
    public var amount: Credits?
    /// How long credits last whose own lot has ended, in seconds.
    public var validSeconds: Int64
    /// Why, as canonical JSON, or empty.
    public var memo: [UInt8]

    public init(charge: RefundedCharge, amount: Credits?, validSeconds: Int64, memo: [UInt8]) {
        self.charge = charge
        self.amount = amount
        self.validSeconds = validSeconds
        self.memo = memo
    }
}

/// A charge of the journal, as far as a refund needs to know it.
public struct RefundedCharge: Hashable, Sendable {
    public let position: Position
    /// Micro-credits, like every amount below.
    public let credits: Int64
    public let overdrawn: Int64
    public let uncollected: Int64
    /// The lots that paid, in the order in which they did.
    public let shares: [LotShare]
    /// What the charge said of its call.
    public let call: CallScope
    /// Where budgets counted the charge: it, or the hold that it captured.
    public let countedAt: Position

    public init(
        _ event: ChargeEvent, _ role: HoldRole? = nil, shares: [LotShare], bytes: [UInt8],
        at position: Position
    ) {
        self.position = position
        if case .captured(let settlement) = role {
            countedAt = settlement.hold
        } else {
            countedAt = position
        }
        credits = event.credits
        overdrawn = event.overdrawn
        uncollected = event.uncollected
        self.shares = Array(shares[event.shares])
        call = CallScope(event.scope, in: bytes.span)
    }
}

/// What a request for a hold says beside its call.
public struct HoldRequest: Hashable, Sendable, BitwiseCopyable {
    /// How long it lasts, in seconds from its placing.
    public var seconds: Int64
    public var onExpiry: HoldExpiryPolicy
    /// Micro-credits; only ``HoldExpiryPolicy/captureMinimum`` needs it.
    public var minimum: Int64

    public init(seconds: Int64, onExpiry: HoldExpiryPolicy, minimum: Int64) {
        self.seconds = seconds
        self.onExpiry = onExpiry
        self.minimum = minimum
    }
}

/// A request that moves credits but is no charge.
public struct MoneyCommand: Hashable, Sendable {
    /// Nil for the release of a hold that knows its account.
    public var account: Name?
    public var idempotencyKey: [UInt8]
    public var fingerprint: UInt128
    public var postedAt: Instant?
    public var request: MoneyRequest

    public init(
        account: Name?, idempotencyKey: [UInt8], fingerprint: UInt128, request: MoneyRequest
    ) {
        self.account = account
        self.idempotencyKey = idempotencyKey
        self.fingerprint = fingerprint
        self.request = request
    }
}

/// A run that begins, or has begun.
public struct RunStart: Hashable, Sendable {
    public var run: Name
    public var scenario: Name
    /// Nil when it begins now.
    public var startedAt: Instant?

    public init(run: Name, scenario: Name, startedAt: Instant? = nil) {
        self.run = run
        self.scenario = scenario
        self.startedAt = startedAt
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
    case putPlan(PlanTerms)
    case putBudget(account: Name, BudgetTerms)
    case deleteBudget(account: Name, Name)
    /// Describes a scenario, as canonical JSON that was checked, in place of what was said before.
    case putScenario(account: Name, Name, description: [UInt8])
    case startRun(account: Name, RunStart)
    case finishRun(account: Name, Name, CallStatus)
}
