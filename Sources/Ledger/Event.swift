public import Credit

/// What every entry of an account has: whose, which, when, and the balance after it.
public struct EntryHead: Hashable, Sendable, BitwiseCopyable {
    public let account: AccountSlot
    /// Counts the entries of the account from 1 without gap.
    public let sequence: UInt64
    /// Ledger time; never decreases along the sequence.
    public let time: Instant
    public let balance: Balance

    @inlinable
    public init(account: AccountSlot, sequence: UInt64, time: Instant, balance: Balance) {
        self.account = account
        self.sequence = sequence
        self.time = time
        self.balance = balance
    }
}

/// Which rule of which version priced an entry.
public struct PriceReference: Hashable, Sendable, BitwiseCopyable {
    /// The number of the price list version in its partition, from 1; 0 for a price by hand.
    public let version: UInt32
    /// The place of the rule in that version.
    public let rule: UInt32

    /// A price that the caller named.
    public static let byHand = Self(version: 0, rule: 0)

    @inlinable
    public init(version: UInt32, rule: UInt32) {
        self.version = version
        self.rule = rule
    }
}

/// A decided charge; its texts and shares lie in buffers that the holder names.
///
/// `credits` = sum of its shares + `overdrawn` + `uncollected`. The same fields describe the placing
/// of a hold, which reserves those credits, and its capture; ``HoldRole`` says the rest.
public struct ChargeEvent: Hashable, Sendable, BitwiseCopyable {
    public var head: EntryHead
    /// What the call cost, in micro-credits.
    public var credits: Int64
    /// The part that became debt.
    public var overdrawn: Int64
    /// The part that could not be collected (`on_short: collect`).
    public var uncollected: Int64
    /// Where its lot shares begin.
    public var sharesStart: UInt32
    /// How many lots paid.
    public var sharesCount: UInt32
    public var price: PriceReference
    /// The customer key that the call used, or ``ChargeCommand/noKey``.
    public var key: APIKeySlot
    /// What the price counted, as `Pricing` says; 1 for a price per call.
    public var units: Int64
    public var idempotence: Idempotence
    public var action: ByteRange
    public var details: CallDetails
    /// Where it lies what the event says of a hold, or ``noRole`` for a plain charge.
    public var role = Self.noRole

    /// Says that an event is a plain charge.
    public static let noRole = UInt32.max

    @inlinable
    public init(
        head: EntryHead, credits: Int64, overdrawn: Int64, uncollected: Int64,
        sharesStart: UInt32, sharesCount: UInt32, price: PriceReference, key: APIKeySlot,
        units: Int64, idempotence: Idempotence, action: ByteRange, details: CallDetails
    ) {
        self.head = head
        self.credits = credits
        self.overdrawn = overdrawn
        self.uncollected = uncollected
        self.sharesStart = sharesStart
        self.sharesCount = sharesCount
        self.price = price
        self.key = key
        self.units = units
        self.idempotence = idempotence
        self.action = action
        self.details = details
    }

    /// What budgets go by.
    @inlinable
    public var scope: ScopeRanges { ScopeRanges(action: action, key: key, details: details) }

    /// The indices of its shares.
    @inlinable
    public var shares: Range<Int> { Int(sharesStart)..<Int(sharesStart) + Int(sharesCount) }
}

extension ChargeEvent {
    /// A charge to be filled field by field.
    public static let blank = ChargeEvent(
        head: EntryHead(
            account: 0, sequence: 0, time: .epoch,
            balance: Balance(available: .zero, held: .zero, negative: .zero)),
        credits: 0, overdrawn: 0, uncollected: 0, sharesStart: 0, sharesCount: 0,
        price: .byHand, key: ChargeCommand.noKey, units: 0,
        idempotence: Idempotence(key: .empty, fingerprint: 0), action: .empty,
        details: CallDetails())
}

/// The key that made an entry happen once, with its bytes.
public struct EntryKey: Hashable, Sendable {
    public let bytes: [UInt8]
    public let fingerprint: UInt128

    public init(bytes: [UInt8], fingerprint: UInt128) {
        self.bytes = bytes
        self.fingerprint = fingerprint
    }
}

/// Credits given by a grant, a positive adjustment, or a refund whose lot has ended.
public struct GrantEvent: Hashable, Sendable {
    public let head: EntryHead
    /// Nil when a refund caused it.
    public let key: EntryKey?
    public let amount: Credits
    public let source: GrantSource
    public let priority: Int32
    public let effectiveAt: Instant
    public let expiresAt: Instant
    /// The part that went straight into debt.
    public let repaid: Int64
    /// True for a positive adjustment and what a refund gives.
    public let isAdjustment: Bool
    public var memo: [UInt8]

    public init(
        head: EntryHead, key: EntryKey?, grant: NewGrant, effectiveAt: Instant,
        expiresAt: Instant, repaid: Int64, isAdjustment: Bool
    ) {
        self.head = head
        self.key = key
        amount = grant.amount
        source = grant.source
        priority = grant.priority
        self.effectiveAt = effectiveAt
        self.expiresAt = expiresAt
        self.repaid = repaid
        self.isAdjustment = isAdjustment
        memo = grant.memo
    }
}

/// Something that happened to one lot as a whole.
public struct LotEvent: Hashable, Sendable {
    public enum Cause: UInt8, Sendable, BitwiseCopyable {
        case activated
        case expired
        case voided
    }

    public let cause: Cause
    public let head: EntryHead
    public let grant: Position
    /// What became usable, expired or was taken back.
    public let amount: Int64
    /// Of what became usable, the part that went straight into debt.
    public let repaid: Int64
    /// Present for a void, which somebody asked for.
    public let key: EntryKey?

    public init(
        cause: Cause, head: EntryHead, grant: Position, amount: Int64, repaid: Int64,
        key: EntryKey?
    ) {
        self.cause = cause
        self.head = head
        self.grant = grant
        self.amount = amount
        self.repaid = repaid
        self.key = key
    }
}

/// A negative adjustment.
public struct AdjustmentEvent: Hashable, Sendable {
    public let head: EntryHead
    public let key: EntryKey
    /// What was taken, as a positive amount.
    public let amount: Credits
    public let shares: [LotShare]
    public let overdrawn: Int64
    public var memo: [UInt8]

    public init(
        head: EntryHead, key: EntryKey, amount: Credits, shares: [LotShare], overdrawn: Int64,
        memo: [UInt8]
    ) {
        self.head = head
        self.key = key
        self.amount = amount
        self.shares = shares
        self.overdrawn = overdrawn
        self.memo = memo
    }
}

/// All that a hold reserved came back.
public struct ReleaseEvent: Hashable, Sendable {
    public let head: EntryHead
    /// Nil when the hold expired.
    public let key: EntryKey?
    public let settlement: HoldSettlement

    public init(head: EntryHead, key: EntryKey?, settlement: HoldSettlement) {
        self.head = head
        self.key = key
        self.settlement = settlement
    }
}

/// A charge taken back, in whole or in part.
///
/// `amount` = `forgiven` + `repaid` + sum of its shares + `regranted`.
public struct RefundEvent: Hashable, Sendable {
    public let head: EntryHead
    public let key: EntryKey
    /// Where the charge was recorded.
    public let charge: Position
    /// Micro-credits, like every amount below.
    public let amount: Int64
    /// The part that had not been collected and no longer needs to be.
    public let forgiven: Int64
    /// The part that went into debt.
    public let repaid: Int64
    /// What came back to which lots.
    public let shares: [LotShare]
    /// The part of lots that have ended, which the entry that follows grants anew.
    public let regranted: Int64
    /// Where budgets counted the charge: it, or the hold that it captured.
    public let countedAt: Position
    /// What the charge said of its call.
    public let call: CallScope
    public var memo: [UInt8]

    /// The action of the charge.
    public var action: [UInt8] { call[.action] }
    /// The key of the charge, or ``ChargeCommand/noKey``.
    public var apiKey: APIKeySlot { call.key }

    public init(
        head: EntryHead, key: EntryKey, charge: Position, countedAt: Position,
        parts: RefundParts, call: CallScope, memo: [UInt8]
    ) {
        self.head = head
        self.key = key
        self.charge = charge
        amount = parts.amount
        forgiven = parts.forgiven
        repaid = parts.repaid
        shares = parts.shares
        regranted = parts.regranted
        self.countedAt = countedAt
        self.call = call
        self.memo = memo
    }
}

/// A refusal that is final for its key; changes no balance and takes no sequence number.
public struct RefusalEvent: Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        case insufficientCredits(required: Credits, spendable: Credits)
        case accountSuspended
        case holdNotOpen
        case refundExceedsCharge(refundable: Credits)
        case budgetExceeded(BudgetExcess)
    }

    public let account: AccountSlot
    public let time: Instant
    public let key: EntryKey
    public let reason: Reason
    /// The action of the call, empty for an adjustment.
    public let action: [UInt8]
    public let apiKey: APIKeySlot

    public init(
        account: AccountSlot, time: Instant, key: EntryKey, reason: Reason, action: [UInt8],
        apiKey: APIKeySlot
    ) {
        self.account = account
        self.time = time
        self.key = key
        self.reason = reason
        self.action = action
        self.apiKey = apiKey
    }
}

/// A budget of an account, new or with another limit.
public struct BudgetEvent: Hashable, Sendable {
    public let account: AccountSlot
    public let terms: BudgetTerms
    /// The window that a new one begins with, up to `Instant.never` when it has no end.
    public let window: Range<Instant>
    public let time: Instant

    public init(account: AccountSlot, terms: BudgetTerms, window: Range<Instant>, time: Instant) {
        self.account = account
        self.terms = terms
        self.window = window
        self.time = time
    }
}

/// A version of a price list.
public struct PriceListEvent: Hashable, Sendable {
    public let name: Name
    /// Counts the versions of the name from 1 without gap.
    public let version: UInt32
    public let effectiveAt: Instant
    public let json: [UInt8]
    public let time: Instant

    public init(name: Name, version: UInt32, effectiveAt: Instant, json: [UInt8], time: Instant) {
        self.name = name
        self.version = version
        self.effectiveAt = effectiveAt
        self.json = json
        self.time = time
    }
}

/// A decided event that is no charge (charges are ``ChargeEvent``, kept in columns).
public enum Event: Hashable, Sendable {
    case accountCreated(NewAccount, at: Instant)
    case accountChanged(AccountSlot, AccountChange, at: Instant)
    case accountSuspended(AccountSlot, at: Instant)
    case accountResumed(AccountSlot, at: Instant)
    case apiKeyCreated(NewAPIKey, at: Instant)
    case apiKeyChanged(APIKeySlot, APIKeyChange, at: Instant)
    case apiKeyRevoked(APIKeySlot, at: Instant)
    case priceListPut(PriceListEvent)
    case planPut(PlanEvent)
    case periodStarted(PeriodEvent)
    case planPending(PendingPlanEvent)
    case budgetPut(BudgetEvent)
    case budgetDeleted(AccountSlot, Name, at: Instant)
    /// The window of a budget has ended, and this one begins.
    case budgetRestarted(AccountSlot, Name, window: Range<Instant>, at: Instant)
    case granted(GrantEvent)
    case lot(LotEvent)
    case adjusted(AdjustmentEvent)
    case released(ReleaseEvent)
    case refunded(RefundEvent)
    case refused(RefusalEvent)
    case scenarioPut(ScenarioEvent)
    case runStarted(RunStartEvent)
    case runFinished(RunFinishEvent)

    /// The entry's head, for the events that are entries of an account.
    public var head: EntryHead? {
        switch self {
        case .granted(let event): event.head
        case .lot(let event): event.head
        case .adjusted(let event): event.head
        case .released(let event): event.head
        case .refunded(let event): event.head
        case .accountCreated, .accountChanged, .accountSuspended, .accountResumed,
            .apiKeyCreated, .apiKeyChanged, .apiKeyRevoked, .priceListPut, .budgetPut,
            .budgetDeleted, .budgetRestarted, .planPut, .periodStarted, .planPending, .refused,
            .scenarioPut, .runStarted, .runFinished:
            nil
        }
    }

    /// Whose balance it is, and the key that it is final for.
    public var key: (account: AccountSlot, key: EntryKey)? {
        switch self {
        case .granted(let event): event.key.map { (event.head.account, $0) }
        case .lot(let event): event.key.map { (event.head.account, $0) }
        case .adjusted(let event): (event.head.account, event.key)
        case .released(let event): event.key.map { (event.head.account, $0) }
        case .periodStarted(let event): event.key.map { (event.account, $0) }
        case .planPending(let event): (event.account, event.key)
        case .refunded(let event): (event.head.account, event.key)
        case .refused(let event): (event.account, event.key)
        case .accountCreated, .accountChanged, .accountSuspended, .accountResumed,
            .apiKeyCreated, .apiKeyChanged, .apiKeyRevoked, .priceListPut, .budgetPut,
            .budgetDeleted, .budgetRestarted, .planPut, .scenarioPut, .runStarted, .runFinished:
            nil
        }
    }
}
