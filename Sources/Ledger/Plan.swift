public import Credit

/// How often a plan gives its credits.
public enum PlanPeriod: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    /// Once, when it begins.
    case none
    case month
    case year

    /// The name in JSON.
    public var text: String {
        switch self {
        case .none: "none"
        case .month: "month"
        case .year: "year"
        }
    }
}

/// What of a plan's unused credits goes over into the next period.
public struct Rollover: Hashable, Sendable, BitwiseCopyable {
    /// The most credits that an account may have from earlier periods, in micro-credits.
    public let limit: Int64
    /// For how many periods they last.
    public let periods: UInt32

    public init(limit: Int64, periods: UInt32) {
        self.limit = limit
        self.periods = periods
    }
}

/// What a plan gives; each version stays as it is.
public struct PlanTerms: Hashable, Sendable {
    public var id: Name
    public var name: String
    /// What each period gives, in micro-credits.
    public var credits: Int64
    public var period: PlanPeriod
    public var rollover: Rollover?
    /// The list that prices accounts without one of their own.
    public var priceList: Name?
    /// For how many days details are kept.
    public var retentionDays: UInt32
    /// How many requests a customer key may make in the window of the rate limit; 0 for the usual.
    public var requestsMax: UInt32

    public init(id: Name, name: String, credits: Int64, period: PlanPeriod) {
        self.id = id
        self.name = name
        self.credits = credits
        self.period = period
        retentionDays = 0
        requestsMax = 0
    }
}

/// One version of one plan.
public struct PlanReference: Hashable, Sendable {
    public let id: Name
    /// Counts the versions of the plan from 1 without gap.
    public let version: UInt32

    public init(id: Name, version: UInt32) {
        self.id = id
        self.version = version
    }
}

/// A version of a plan, as it was put.
public struct PlanEvent: Hashable, Sendable {
    public let terms: PlanTerms
    public let version: UInt32
    public let time: Instant

    public var reference: PlanReference { PlanReference(id: terms.id, version: version) }

    public init(terms: PlanTerms, version: UInt32, time: Instant) {
        self.terms = terms
        self.version = version
        self.time = time
    }
}

/// A billing period of an account begins, under a plan or none.
public struct PeriodEvent: Hashable, Sendable {
    public let account: AccountSlot
    /// Nil when the period before has ended by itself.
    public let key: EntryKey?
    public let plan: PlanReference?
    /// What periods are counted from.
    public let anchor: Instant
    /// 0 for the one that the anchor begins.
    public let number: Int64
    /// Up to `Instant.never` when it does not end.
    public let window: Range<Instant>
    public let time: Instant

    public init(
        account: AccountSlot, key: EntryKey?, plan: PlanReference?, anchor: Instant,
        number: Int64, window: Range<Instant>, time: Instant
    ) {
        self.account = account
        self.key = key
        self.plan = plan
        self.anchor = anchor
        self.number = number
        self.window = window
        self.time = time
    }
}

/// The plan that an account will have from its next period on.
public struct PendingPlanEvent: Hashable, Sendable {
    public let account: AccountSlot
    public let key: EntryKey
    /// Nil for none.
    public let plan: Name?
    /// When that will be.
    public let effectiveAt: Instant
    public let time: Instant

    public init(
        account: AccountSlot, key: EntryKey, plan: Name?, effectiveAt: Instant, time: Instant
    ) {
        self.account = account
        self.key = key
        self.plan = plan
        self.effectiveAt = effectiveAt
        self.time = time
    }
}

/// What an account has a plan for, and how far it is.
public struct Subscription: Hashable, Sendable {
    /// The version in force in this period; nil without a plan.
    public internal(set) var plan: PlanReference?
    public internal(set) var number: Int64 = 0
    public internal(set) var start = Instant.never
    public internal(set) var end = Instant.never
    /// The plan from the next period on: the inner nil is none.
    public internal(set) var pending: Name??
    /// What was left of the period's own credits when they ended, in micro-credits.
    public internal(set) var unused: Int64 = 0
    /// What calls had used when the period began, in micro-credits.
    public internal(set) var usedBefore: Int128 = 0

    public init() {}

    /// A subscription read back from a checkpoint.
    public init(
        restoring plan: PlanReference?, number: Int64, window: Range<Instant>, pending: Name??,
        unused: Int64, usedBefore: Int128
    ) {
        self.plan = plan
        self.number = number
        start = window.lowerBound
        end = window.upperBound
        self.pending = pending
        self.unused = unused
        self.usedBefore = usedBefore
    }
}
