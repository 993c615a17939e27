/// What one lot paid.
public struct ModelShare: Hashable, Sendable {
    public var grant: Spot
    public var micros: Int64

    public init(grant: Spot, micros: Int64) {
        self.grant = grant
        self.micros = micros
    }
}

/// One event of the journal as the model predicts it; fields that do not apply are zero or empty.
public struct ModelEvent: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case accountCreated
        case accountChanged
        case accountSuspended
        case accountResumed
        case keyCreated
        case planPut
        case periodStarted
        case planPending
        case budgetPut
        case budgetDeleted
        case budgetRestarted
        case scenarioPut
        case runStarted
        case runFinished
        case charged
        case granted
        case activated
        case expired
        case voided
        case adjusted
        case held
        case captured
        case released
        case refunded
        case refusedFunds(required: Int64, spendable: Int64)
        case refusedSuspended
        case refusedHold
        case refusedRefund(left: Int64)
        case refusedBudget(name: String, limit: Int64, used: Int128, until: Int64)

        /// The kind without its figures.
        public var name: String { String("\(self)".prefix { $0 != "(" }) }

        /// The names of all kinds.
        public static var names: [String] {
            let plain: [Self] = [
                .accountCreated, .accountChanged, .accountSuspended, .accountResumed, .keyCreated,
                .planPut, .periodStarted, .planPending, .budgetPut, .budgetDeleted,
                .budgetRestarted, .scenarioPut, .runStarted, .runFinished, .charged, .granted,
                .activated, .expired, .voided, .adjusted,
                .held, .captured, .released, .refunded, .refusedFunds(required: 0, spendable: 0),
                .refusedSuspended, .refusedHold, .refusedRefund(left: 0),
                .refusedBudget(name: "", limit: 0, used: 0, until: 0),
            ]
            return plain.map(\.name)
        }
    }

    public var spot: Spot
    public var account: String
    public var kind: Kind
    public var time: Int64
    /// The place among the account's entries, from 1; 0 for what is no entry.
    public var sequence: UInt64 = 0
    public var amount: Int64 = 0
    public var shares: [ModelShare] = []
    public var overdrawn: Int64 = 0
    public var uncollected: Int64 = 0
    public var repaid: Int64 = 0
    /// Of what came back of a hold, what was lost.
    public var lapsed: Int64 = 0
    /// Of a refund, what nobody had paid, and what is granted anew.
    public var forgiven: Int64 = 0
    public var regranted: Int64 = 0
    /// The hold that ended, or the charge taken back.
    public var about: Spot?
    /// True when a hold ended because its time was over.
    public var isExpiry = false
    public var held: Int64 = 0
    public var available: Int64 = 0
    public var debt: Int64 = 0
    /// What budgets had used, and what the call changed of that.
    public var uses: [String] = []
    /// What is said of a plan, period, scenario or run.
    public var note = ""
    public var team = ""
    public var run = ""
    public var module = ""
    public var key = ""
    public var content: UInt64 = 0

    /// True for what stands among an account's entries: they, refusals, and where runs begin and end.
    public var isListed: Bool {
        switch kind {
        case .charged, .granted, .activated, .expired, .voided, .adjusted, .held, .captured,
            .released, .refunded, .refusedFunds, .refusedSuspended, .refusedHold,
            .refusedRefund, .refusedBudget, .runStarted, .runFinished:
            true
        case .accountCreated, .accountChanged, .accountSuspended, .accountResumed, .keyCreated,
            .budgetPut, .budgetDeleted, .budgetRestarted, .planPut, .periodStarted, .planPending,
            .scenarioPut:
            false
        }
    }

    /// True for the calls that usage counts.
    public var isCall: Bool { kind == .charged || kind == .captured }

    /// What usage adds up: what calls cost, less what was taken back.
    public var used: Int128 {
        switch kind {
        case .charged, .captured: Int128(amount)
        case .refunded: -Int128(amount)
        default: 0
        }
    }

    public init(spot: Spot, account: String, kind: Kind, time: Int64) {
        self.spot = spot
        self.account = account
        self.kind = kind
        self.time = time
    }
}

/// What became of an operation, as the model predicts it.
public enum ModelReply: Hashable, Sendable {
    /// Recorded there: an entry, or a refusal that is final for its key.
    case recorded(Spot)
    /// The key was used before; what happened first stands there.
    case seenBefore(Spot)
    /// Refused without a trace, with this code.
    case rejected(String)
    /// What the account holds; nil when there is no such account.
    case view(ModelView?)
}

/// Everything that can be asked about an account.
public struct ModelView: Hashable, Sendable {
    public struct Lot: Hashable, Sendable {
        public var grant: Spot
        public var granted: Int64
        public var remaining: Int64
        public var held: Int64
        public var spent: Int64
        public var expired: Int64
        public var voided: Int64
        public var isWaiting: Bool
        public var isClosed: Bool

        public init(
            grant: Spot, granted: Int64, remaining: Int64, held: Int64, spent: Int64,
            expired: Int64, voided: Int64, isWaiting: Bool, isClosed: Bool
        ) {
            self.grant = grant
            self.granted = granted
            self.remaining = remaining
            self.held = held
            self.spent = spent
            self.expired = expired
            self.voided = voided
            self.isWaiting = isWaiting
            self.isClosed = isClosed
        }
    }

    /// What several lots were.
    public struct Ended: Hashable, Sendable {
        public var granted: Int128 = 0
        public var spent: Int128 = 0
        public var expired: Int128 = 0
        public var voided: Int128 = 0

        init(_ lots: [Lot]) {
            for lot in lots {
                granted += Int128(lot.granted)
                spent += Int128(lot.spent)
                expired += Int128(lot.expired)
                voided += Int128(lot.voided)
            }
        }
    }

    public struct Budget: Hashable, Sendable {
        public var name: String
        public var limit: Int64
        public var since: Spot
        public var start: Int64
        public var end: Int64
        public var used: [String: Int128]

        public init(
            name: String, limit: Int64, since: Spot, start: Int64, end: Int64,
            used: [String: Int128]
        ) {
            self.name = name
            self.limit = limit
            self.since = since
            self.start = start
            self.end = end
            self.used = used
        }
    }

    public var account: String
    public var available: Int64
    public var held: Int64
    public var debt: Int64
    public var overdraft: Int64
    public var sequence: UInt64
    public var lastTime: Int64
    public var isSuspended: Bool
    public var granted: Int128
    public var charged: Int128
    public var uncollected: Int128
    public var refunded: Int128
    /// Those that can still pay in burn order, then those that were used up by grant.
    public var lots: [Lot]
    /// All others added up: nothing can come back to them.
    public var ended: Ended
    /// The open holds in the order in which they were placed.
    public var holds: [Spot]
    /// In the order of their names.
    public var budgets: [Budget]
    /// Plan, version, number, start, end, pending plan, unused, used before; nil without any.
    public var subscription: String?
    /// What was said last of each scenario, by id.
    public var scenarios: [String: String]

    public init(
        account: String, available: Int64, held: Int64, debt: Int64, overdraft: Int64,
        sequence: UInt64,
        lastTime: Int64, isSuspended: Bool, granted: Int128, charged: Int128,
        uncollected: Int128, refunded: Int128, lots: [Lot], ended: [Lot],
        holds: [Spot],
        budgets: [Budget], subscription: String?,
        scenarios: [String: String]
    ) {
        self.account = account
        self.available = available
        self.held = held
        self.debt = debt
        self.overdraft = overdraft
        self.sequence = sequence
        self.lastTime = lastTime
        self.isSuspended = isSuspended
        self.granted = granted
        self.charged = charged
        self.uncollected = uncollected
        self.refunded = refunded
        self.lots = lots
        self.ended = Ended(ended)
        self.holds = holds
        self.budgets = budgets
        self.subscription = subscription
        self.scenarios = scenarios
    }
}
