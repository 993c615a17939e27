/// Where an event stands, in the model's own words: segment, then place in it.
public struct Spot: Hashable, Comparable, Sendable {
    public let segment: UInt64
    public let place: Int

    public init(_ segment: UInt64, _ place: Int) {
        self.segment = segment
        self.place = place
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.segment, left.place) < (right.segment, right.place)
    }
}

/// A request in plain values, which both the system under test and the model understand.
///
/// Amounts are micro-credits and times are microseconds, as bare integers on purpose: the model
/// shares no type with what it checks.
public enum Operation: Hashable, Sendable {
    case createAccount(String, overdraft: Int64, plan: String? = nil, anchor: Int64? = nil)
    case putPlan(PlanAsk)
    case setOverdraft(String, Int64)
    case suspend(String)
    case resume(String)
    /// A key whose secret has this SHA-256, of the account named or of a service.
    case createKey(hash: [UInt8], account: String?)
    case putBudget(String, BudgetAsk)
    case deleteBudget(String, String)
    case scenario(String, ScenarioAsk)
    case move(Move)
    /// Asks what the account holds.
    case look(String)
}

extension Operation {
    /// What it is, without its figures.
    public var kindName: String {
        let text = if case .move(let move) = self { "\(move.kind)" } else { "\(self)" }
        return String(text.prefix { $0 != "(" })
    }
}

/// A request that moves credits of an account once only, whatever it is.
public struct Move: Hashable, Sendable {
    /// What is to be moved.
    public enum Kind: Hashable, Sendable {
        case charge(Int64, collects: Bool)
        /// A charge for an action that no price list names.
        case unpricedCharge
        case grant(GrantTerms)
        case void(Spot)
        case adjust(Int64)
        case hold(HoldAsk)
        /// Charges for a hold: all of it unless an amount is named.
        case capture(Spot, amount: Int64?, refuses: Bool)
        case release(Spot)
        /// Takes back some of a charge, or all that is left of it.
        case refund(ChargeFacts, amount: Int64?)
        /// Another plan or none, at once or from the next period on.
        case subscribe(String?, atEnd: Bool)
    }

    public var account: String
    public var key: String
    public var postedAt: Int64?
    public var kind: Kind
    /// What a call says of itself, or nothing.
    public var team = ""
    public var run = ""
    public var module = ""

    public init(_ kind: Kind, on account: String, key: String, postedAt: Int64? = nil) {
        self.account = account
        self.key = key
        self.postedAt = postedAt
        self.kind = kind
    }
}

/// What a grant gives and when.
public struct GrantTerms: Hashable, Sendable {
    /// The five kinds of grants with their usual priorities.
    public enum Source: Int, CaseIterable, Sendable {
        case promo, rollover, plan, topUp, adjustment
    }

    public var amount: Int64
    public var source: Source
    public var priority: Int
    public var effectiveAt: Int64?
    public var expiresAt: Int64?

    public init(
        _ amount: Int64, source: Source = .topUp, priority: Int? = nil, from: Int64? = nil,
        until: Int64? = nil
    ) {
        self.amount = amount
        self.source = source
        self.priority = priority ?? [5, 8, 10, 20, 20][source.rawValue]
        effectiveAt = from
        expiresAt = until
    }
}

/// What a hold reserves and for how long.
public struct HoldAsk: Hashable, Sendable {
    public enum Policy: Int, CaseIterable, Sendable {
        case release, capture, captureMinimum
    }

    public var amount: Int64
    public var seconds: Int64
    public var policy: Policy
    public var minimum: Int64

    public init(_ amount: Int64, seconds: Int64, policy: Policy = .release, minimum: Int64 = 0) {
        self.amount = amount
        self.seconds = seconds
        self.policy = policy
        self.minimum = minimum
    }
}

/// A charge that was made durable, as far as a refund must know it.
public struct ChargeFacts: Hashable, Sendable {
    public var spot: Spot
    public var credits: Int64
    public var overdrawn: Int64
    public var uncollected: Int64
    public var shares: [ModelShare]
    public var team: String
    public var run: String
    /// Where budgets counted it: itself, or the hold that it captured.
    public var countedAt: Spot

    public init(_ event: ModelEvent) {
        spot = event.spot
        credits = event.amount
        overdrawn = event.overdrawn
        uncollected = event.uncollected
        shares = event.shares
        team = event.team
        run = event.run
        countedAt = event.kind == .captured ? event.about ?? event.spot : event.spot
    }
}

/// What each period of a plan gives.
public struct PlanAsk: Hashable, Sendable {
    public var id: String
    public var credits: Int64
    /// 0 for a plan without periods.
    public var months: Int
    public var rolloverMax: Int64?
    public var rolloverPeriods: Int

    public init(
        _ id: String, credits: Int64, months: Int, rolloverMax: Int64? = nil,
        rolloverPeriods: Int = 1
    ) {
        self.id = id
        self.credits = credits
        self.months = months
        self.rolloverMax = rolloverMax
        self.rolloverPeriods = rolloverPeriods
    }
}

/// What is said of a scenario or of one of its runs.
public enum ScenarioAsk: Hashable, Sendable {
    case put(String, text: String)
    /// A run that began then, or begins now.
    case start(run: String, scenario: String, at: Int64?)
    case finish(run: String, status: UInt16)
}

/// A cap on what calls of a team or run may cost.
public struct BudgetAsk: Hashable, Sendable {
    public enum Match: Hashable, Sendable {
        case each
        case only(String)
    }

    public enum Window: CaseIterable, Sendable {
        case none, run, hour, day
    }

    public var name: String
    public var team: Match?
    public var run: Match?
    public var limit: Int64
    public var window: Window
    public var parent: String?

    public init(
        _ name: String, team: Match? = nil, run: Match? = nil, limit: Int64, window: Window,
        parent: String? = nil
    ) {
        self.name = name
        self.team = team
        self.run = run
        self.limit = limit
        self.window = window
        self.parent = parent
    }
}

extension Move {
    /// A number that differs whenever what is asked differs, as a fingerprint does.
    public var contentNumber: UInt64 {
        var mixer = SeededRandom(seed: 1)
        for word in words { mixer = SeededRandom(seed: mixer.next() ^ word) }
        return mixer.next()
    }

    private var words: [UInt64] {
        [UInt64(bitPattern: postedAt ?? .min)] + kind.words
            + (team + "/" + run + "/" + module).utf8.map(UInt64.init)
    }
}

extension Move.Kind {
    fileprivate var words: [UInt64] {
        switch self {
        case .charge(let amount, let collects): [1, UInt64(bitPattern: amount), collects ? 1 : 0]
        case .unpricedCharge: [2]
        case .grant(let terms): [3] + terms.words
        case .void(let spot): [4, spot.segment, UInt64(spot.place)]
        case .adjust(let amount): [5, UInt64(bitPattern: amount)]
        case .hold(let terms):
            [6, terms.amount, terms.seconds, Int64(terms.policy.rawValue), terms.minimum]
                .map(UInt64.init(bitPattern:))
        case .capture(let spot, let amount, let refuses):
            [
                7, spot.segment, UInt64(spot.place), UInt64(bitPattern: amount ?? -1),
                refuses ? 1 : 0,
            ]
        case .release(let spot): [8, spot.segment, UInt64(spot.place)]
        case .subscribe(let plan, let atEnd):
            [10, atEnd ? 1 : 0, plan == nil ? 0 : 1] + (plan ?? "").utf8.map(UInt64.init)
        case .refund(let charge, let amount):
            [
                9, charge.spot.segment, UInt64(charge.spot.place),
                UInt64(bitPattern: amount ?? -1),
            ]
        }
    }
}

extension GrantTerms {
    fileprivate var words: [UInt64] {
        let numbers = [
            amount, Int64(source.rawValue), Int64(priority), effectiveAt ?? .min, expiresAt ?? .max,
        ]
        return numbers.map(UInt64.init(bitPattern:))
    }
}
