/// The ledger's rules a second time, as plainly as they can be written.
///
/// It shares no code with what it checks: accounts are arrays of lots, every figure is recomputed
/// by scanning them, and keys are a dictionary from the key to what happened first. It predicts
/// every reply and every event of the journal, positions included.
public struct ModelLedger: Sendable {
    struct Lot: Sendable {
        let grant: Spot
        let source: GrantTerms.Source
        let priority: Int
        let from: Int64
        /// Int64.max when it never expires.
        let until: Int64
        let granted: Int64
        var left: Int64
        var held: Int64 = 0
        var spent: Int64 = 0
        var expired: Int64 = 0
        var voided: Int64 = 0
        /// False until an entry has said that it became usable.
        var isActive: Bool
        var isVoided = false
        /// True once an entry has said that it expired.
        var hasExpired = false

        var isClosed: Bool { isActive && left == 0 && held == 0 }
        /// True when nothing can be taken from it any more, though holds may still have some of it.
        var hasEnded: Bool { isClosed || isVoided || hasExpired }

        /// True when what comes back at `now` can be spent again.
        func takesBack(at now: Int64) -> Bool { !isVoided && now < until }
    }

    /// Credits set aside, as parts of lots in burn order and a part of the overdraft.
    struct Hold: Sendable {
        let spot: Spot
        let until: Int64
        let terms: HoldAsk
        var parts: [ModelShare]
        let overdraft: Int64
        var team = ""
        var run = ""
        var module = ""
        var counted: [(since: Spot, key: String)] = []

        var total: Int64 { parts.reduce(overdraft) { $0 + $1.micros } }
    }

    struct Account: Sendable {
        let name: String
        var overdraft: Int64
        var debt: Int64 = 0
        var isSuspended = false
        var sequence: UInt64 = 0
        var lastTime: Int64
        var granted: Int128 = 0
        var charged: Int128 = 0
        var uncollected: Int128 = 0
        var lots: [Lot] = []
        var refunded: Int128 = 0
        var holds: [Hold] = []
        /// How much of which charge was taken back.
        var refunds: [Spot: Int64] = [:]
        /// In the order of their names.
        var budgets: [Budget] = []
        var anchor: Int64 = 0
        var isAnchorFixed = false
        var subscription: Subscription?
        /// What was said last of each scenario.
        var scenarios: [String: String] = [:]
        var firsts: [String: Spot] = [:]

        var held: Int64 { holds.reduce(0) { $0 + $1.total } }
        var heldOverdraft: Int64 { holds.reduce(0) { $0 + $1.overdraft } }
        var available: Int64 { lots.filter(\.isActive).reduce(0) { $0 + $1.left } }
        var spendable: Int64 { available + overdraft - debt - heldOverdraft }

        /// The lots that can pay, in the order in which they do.
        var burnOrder: [Int] {
            lots.indices.filter { lots[$0].isActive && lots[$0].left > 0 && !lots[$0].hasEnded }
                .sorted { lots[$0].burnKey < lots[$1].burnKey }
        }
    }

    /// The largest sum that an account may be promised.
    static let creditsMax = Int128(1_000_000_000_000_000_000)

    var accounts: [Account] = []
    /// Every version of every plan.
    var plans: [Plan] = []
    private var keyHashes: Set<[UInt8]> = []
    /// The number of the segment at hand.
    public private(set) var segment: UInt64 = 1
    /// The events of the segment at hand, in order.
    public private(set) var events: [ModelEvent] = []

    public init() {}

    /// The names of all accounts in order of creation.
    public var names: [String] { accounts.map(\.name) }

    /// True when credits of any account are set aside.
    public var hasOpenHolds: Bool { accounts.contains { !$0.holds.isEmpty } }

    /// Times at which periods and windows end by themselves.
    public var edges: [Int64] {
        let periods = accounts.compactMap { $0.subscription?.end }
        return (periods + accounts.flatMap { $0.budgets.map(\.end) }).filter { $0 < .max }
    }

    /// Ends the segment at hand; nothing happens while it is empty.
    public mutating func endSegment() {
        guard !events.isEmpty else { return }
        segment += 1
        events = []
    }

    /// What becomes of an operation at `now`.
    public mutating func perform(_ operation: Operation, at now: Int64) -> ModelReply {
        switch operation {
        case .createAccount(let name, let overdraft, let plan, let anchor):
            guard place(of: name) == nil else { return .rejected("already_exists") }
            if let plan, !plans.contains(where: { $0.ask.id == plan }) {
                return .rejected("invalid_field")
            }
            accounts.append(Account(name: name, overdraft: overdraft, lastTime: .min))
            accounts[accounts.count - 1].anchor = anchor ?? now
            accounts[accounts.count - 1].isAnchorFixed = anchor != nil
            let reply = record(.accountCreated, of: name, at: now)
            if let plan { startPeriod(accounts.count - 1, plan, at: now, anchor: nil, nil) }
            return reply
        case .putPlan(let ask): return putPlan(ask, at: now)
        case .setOverdraft(let name, let limit):
            return change(name, .accountChanged, at: now) { $0.overdraft = limit }
        case .suspend(let name):
            return change(name, .accountSuspended, at: now) { $0.isSuspended = true }
        case .resume(let name):
            return change(name, .accountResumed, at: now) { $0.isSuspended = false }
        case .createKey(let hash, let account):
            if let account, place(of: account) == nil { return .rejected("not_found") }
            guard keyHashes.insert(hash).inserted else { return .rejected("already_exists") }
            return record(.keyCreated, of: account ?? "", at: now)
        case .putBudget(let name, let ask): return putBudget(ask, on: name, at: now)
        case .deleteBudget(let name, let budget):
            return deleteBudget(budget, on: name, at: now)
        case .scenario(let name, let ask): return perform(ask, on: name, at: now)
        case .move(let move): return perform(move, at: now)
        case .look(let name):
            guard let place = place(of: name) else { return .view(nil) }
            settle(place, at: now)
            return .view(view(of: name))
        }
    }

    func place(of name: String) -> Int? { accounts.firstIndex { $0.name == name } }

    private mutating func change(
        _ name: String, _ kind: ModelEvent.Kind, at now: Int64, _ body: (inout Account) -> Void
    ) -> ModelReply {
        guard let place = place(of: name) else { return .rejected("not_found") }
        body(&accounts[place])
        return record(kind, of: name, at: now)
    }

    private mutating func record(
        _ kind: ModelEvent.Kind, of name: String, at now: Int64
    ) -> ModelReply {
        .recorded(add(ModelEvent(spot: nextSpot, account: name, kind: kind, time: now)))
    }

    private mutating func perform(
        _ ask: ScenarioAsk, on name: String, at now: Int64
    ) -> ModelReply {
        guard let place = place(of: name) else { return .rejected("not_found") }
        var event = ModelEvent(spot: nextSpot, account: name, kind: .scenarioPut, time: now)
        switch ask {
        case .put(let id, let text):
            accounts[place].scenarios[id] = text
            event.note = "\(id) \(text)"
        case .start(let run, let scenario, let startedAt):
            event.kind = .runStarted
            event.note = "\(run) \(scenario) \(startedAt ?? now)"
        case .finish(let run, let status):
            event.kind = .runFinished
            event.note = "\(run) \(status)"
        }
        return .recorded(add(event))
    }

    var nextSpot: Spot { Spot(segment, events.count) }

    /// Puts an event into the segment at hand.
    @discardableResult
    mutating func add(_ event: ModelEvent) -> Spot {
        events.append(event)
        return event.spot
    }
}

extension ModelLedger.Lot {
    /// Priority, then soonest expiry, then the older grant.
    var burnKey: (Int, Int64, Spot) { (priority, until, grant) }
}

extension ModelLedger {
    /// What the account holds now, nil when there is none; makes no entries.
    public func view(of name: String) -> ModelView? {
        guard let place = place(of: name) else { return nil }
        let account = accounts[place]
        let open = account.lots.filter { !$0.isClosed }.sorted { $0.burnKey < $1.burnKey }
        let closed = account.lots.filter(\.isClosed)
        let usedUp = closed.filter { $0.takesBack(at: account.lastTime) }
        let ended = closed.filter { !$0.takesBack(at: account.lastTime) }
        return ModelView(
            account: name, available: account.available, held: account.held,
            debt: account.debt, overdraft: account.overdraft, sequence: account.sequence,
            lastTime: account.lastTime, isSuspended: account.isSuspended,
            granted: account.granted, charged: account.charged,
            uncollected: account.uncollected, refunded: account.refunded,
            lots: (open + usedUp).map(ModelView.Lot.init),
            ended: ended.map(ModelView.Lot.init),
            holds: account.holds.map(\.spot).sorted(),
            budgets: account.budgets.map(ModelView.Budget.init),
            subscription: account.subscription.map(\.text), scenarios: account.scenarios)
    }
}

extension ModelView.Lot {
    fileprivate init(_ lot: ModelLedger.Lot) {
        self.init(
            grant: lot.grant, granted: lot.granted, remaining: lot.left, held: lot.held,
            spent: lot.spent, expired: lot.expired, voided: lot.voided, isWaiting: !lot.isActive,
            isClosed: lot.isClosed)
    }
}

extension ModelView.Budget {
    fileprivate init(_ budget: ModelLedger.Budget) {
        self.init(
            name: budget.ask.name, limit: budget.ask.limit, since: budget.since,
            start: budget.start, end: budget.end, used: budget.used)
    }
}

extension ModelLedger.Subscription {
    fileprivate var text: String {
        let plan = plan.map { "\($0.ask.id) \($0.version)" } ?? "- 0"
        let pending = pending.map { $0 ?? "-" } ?? ""
        return "\(plan) \(number) \(start) \(end) \(pending) \(unused) \(usedBefore)"
    }
}
