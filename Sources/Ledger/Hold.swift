public import Credit

/// What happens to a hold that nobody settled before it expired.
public enum HoldExpiryPolicy: UInt8, Sendable, BitwiseCopyable {
    /// All of it comes back.
    case release
    /// All of it is charged.
    case capture
    /// Its minimum is charged, the rest comes back.
    case captureMinimum
}

/// How long a hold lasts, and what becomes of it then.
public struct HoldTerms: Hashable, Sendable, BitwiseCopyable {
    public let expiresAt: Instant
    public let onExpiry: HoldExpiryPolicy
    /// What is charged at the least when it expires unsettled, in micro-credits.
    public let minimum: Int64

    public init(expiresAt: Instant, onExpiry: HoldExpiryPolicy, minimum: Int64) {
        self.expiresAt = expiresAt
        self.onExpiry = onExpiry
        self.minimum = minimum
    }

    /// What is charged when it expires with `reserved` micro-credits; nil when it is released.
    func charged(of reserved: Int64) -> Int64? {
        switch onExpiry {
        case .release: nil
        case .capture: reserved
        case .captureMinimum: min(minimum, reserved)
        }
    }
}

/// How a hold ended: the one terminal step that each hold takes.
public struct HoldSettlement: Hashable, Sendable, BitwiseCopyable {
    public enum Cause: UInt8, Sendable, BitwiseCopyable {
        /// A request asked for it.
        case requested
        /// Its time was over.
        case expired
    }

    public let hold: Position
    public let cause: Cause
    /// All that it reserved, in micro-credits, like every amount below.
    public let reserved: Int64
    /// Of what came back, the part that went straight into debt.
    public let repaid: Int64
    /// Of what came back, the part that was lost: its grant had expired or was voided.
    public let lapsed: Int64

    public init(hold: Position, cause: Cause, reserved: Int64, repaid: Int64, lapsed: Int64) {
        self.hold = hold
        self.cause = cause
        self.reserved = reserved
        self.repaid = repaid
        self.lapsed = lapsed
    }
}

/// What a charge event says of a hold, when it is no plain charge.
public enum HoldRole: Hashable, Sendable, BitwiseCopyable {
    /// It reserves its credits instead of spending them.
    case placed(HoldTerms)
    /// It charges for a hold, which ends with it.
    case captured(HoldSettlement)
}

/// Credits of an account that are reserved and not yet settled.
public struct Hold: Hashable, Sendable {
    /// Where it was placed; its id is derived from it.
    public let position: Position
    public let account: AccountSlot
    /// When it was placed.
    public let placedAt: Instant
    public let terms: HoldTerms
    /// What it reserves of which lots, in burn order.
    public let shares: [LotShare]
    /// What it reserves of the overdraft.
    public let overdraft: Int64
    /// The price that it keeps.
    public let price: PriceReference
    /// The customer key that the call used, or ``ChargeCommand/noKey``.
    public let key: APIKeySlot
    public let units: Int64
    /// The action, in `texts`.
    public let action: ByteRange
    /// What is recorded of the call, in `texts`.
    public let details: CallDetails
    /// The texts that its ranges refer to.
    public let texts: [UInt8]
    /// The budgets' counters that it was added to.
    public internal(set) var counted: [BudgetCount] = []

    /// All that it reserves, in micro-credits.
    public var reserved: Int64 { shares.reduce(overdraft) { $0 + $1.micros } }

    /// What budgets go by, in `texts`.
    var scope: ScopeRanges { ScopeRanges(action: action, key: key, details: details) }

    /// The id of the hold.
    public var id: HoldID { position.id() }

    public init(
        position: Position, account: AccountSlot, placedAt: Instant, terms: HoldTerms,
        shares: [LotShare], overdraft: Int64, price: PriceReference, key: APIKeySlot,
        units: Int64, action: ByteRange, details: CallDetails, texts: [UInt8],
        counted: [BudgetCount] = []
    ) {
        self.position = position
        self.account = account
        self.placedAt = placedAt
        self.terms = terms
        self.shares = shares
        self.overdraft = overdraft
        self.price = price
        self.key = key
        self.units = units
        self.action = action
        self.details = details
        self.texts = texts
        self.counted = counted
    }

    /// The hold that an event placed, whose texts lie in `bytes`.
    init(
        _ event: ChargeEvent, _ terms: HoldTerms, shares: [LotShare], bytes: [UInt8],
        at position: Position
    ) {
        var texts: [UInt8] = []
        let action = texts.appending(bytes.span.extracting(event.action.indices))
        let details = event.details.copied(from: bytes.span, to: &texts)
        self.init(
            position: position, account: event.head.account, placedAt: event.head.time,
            terms: terms, shares: Array(shares[event.shares]), overdraft: event.overdrawn,
            price: event.price, key: event.key, units: event.units, action: action,
            details: details, texts: texts)
    }
}

extension CallDetails {
    /// The same, with its texts copied to the end of `texts`.
    public func copied(from bytes: Span<UInt8>, to texts: inout [UInt8]) -> Self {
        var copy = self
        copy.team = texts.appending(bytes.extracting(team.indices))
        copy.scenario = texts.appending(bytes.extracting(scenario.indices))
        copy.run = texts.appending(bytes.extracting(run.indices))
        copy.module = texts.appending(bytes.extracting(module.indices))
        copy.requestID = texts.appending(bytes.extracting(requestID.indices))
        copy.parameters = texts.appending(bytes.extracting(parameters.indices))
        copy.metadata = texts.appending(bytes.extracting(metadata.indices))
        return copy
    }
}
