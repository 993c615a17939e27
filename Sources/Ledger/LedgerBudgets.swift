public import Credit

/// The budgets of all accounts, those of each in the order of their names.
struct BudgetTable: Sendable {
    private var budgets: [AccountSlot: [Budget]] = [:]

    subscript(account: AccountSlot) -> [Budget] {
        get { budgets[account] ?? [] }
        set { budgets[account] = newValue.isEmpty ? nil : newValue }
        _modify { yield &budgets[account, default: []] }
    }
}

extension Ledger {
    /// The most budgets of an account.
    public static let budgetsMax = 1000
    /// How many budgets may stand above one another.
    public static let budgetDepthMax = 8

    /// True when calls of an account are counted against budgets.
    public func hasBudgets(_ slot: AccountSlot) -> Bool { records[Int(slot)].hasBudgets }

    /// The budgets of an account in the order of their names.
    public func budgets(of slot: AccountSlot) -> [Budget] {
        hasBudgets(slot) ? budgets[slot] : []
    }

    /// A budget whose window has ended at `time` and must be given its next one.
    public func endedBudget(of slot: AccountSlot, at time: Instant) -> BudgetTerms? {
        guard records[Int(slot)].nextReset <= time else { return nil }
        return budgets[slot].first { $0.windowEnd <= time }?.terms
    }

    /// Refuses what a budget does not allow a call to cost; the first by name says so.
    func checkBudgets(
        _ micros: Int64, _ call: CallScope?, on slot: AccountSlot, at time: Instant
    ) throws(Rejection) {
        guard let call, micros > 0 else { return }
        let all = budgets[slot]
        for index in Self.applying(all, to: call) where all[index].windowStart <= time {
            let budget = all[index]
            let used = budget.used(budget.terms.counterKey(of: call))
            guard used + Int128(micros) > Int128(budget.terms.limit) else { continue }
            throw .budgetExceeded(
                BudgetExcess(
                    budget: budget.terms.name, limit: Credits(micros: budget.terms.limit),
                    used: used, resetsAt: budget.windowEnd))
        }
    }

    /// The budgets that are about a call, by themselves or as the parents of such, by name.
    static func applying(_ all: [Budget], to call: CallScope) -> [Int] {
        var found = Set<Int>()
        for index in all.indices where all[index].terms.includes(call) {
            var next: Int? = index
            while let place = next, found.insert(place).inserted {
                next = all[place].terms.parent.flatMap { parent in
                    all.firstIndex { $0.terms.name == parent }
                }
            }
        }
        return found.sorted()
    }

    /// Adds what a call costs or reserves to every budget that is about it.
    @discardableResult
    mutating func count(
        _ micros: Int64, _ call: CallScope, on slot: AccountSlot, at time: Instant
    ) -> [BudgetCount] {
        var counted: [BudgetCount] = []
        for index in Self.applying(budgets[slot], to: call)
        where budgets[slot][index].windowStart <= time {
            let since = budgets[slot][index].since
            let key = budgets[slot][index].terms.counterKey(of: call)
            let counter = budgets[slot][index].add(Int128(micros), to: key)
            counted.append(BudgetCount(since: since, key: counter))
        }
        return counted
    }

    /// Changes the counters that a hold was added to, as far as their windows are still the same.
    mutating func recount(_ hold: Hold, by micros: Int64) {
        guard !hold.counted.isEmpty else { return }
        for count in hold.counted {
            guard let index = budgets[hold.account].firstIndex(where: { $0.since == count.since })
            else { continue }
            budgets[hold.account][index].change(count.key, by: Int128(micros))
        }
    }

    /// Takes a refund off the windows in which its charge was counted, as far as they are the same.
    mutating func recount(_ refund: RefundEvent) {
        let slot = refund.head.account
        guard hasBudgets(slot) else { return }
        for index in Self.applying(budgets[slot], to: refund.call)
        where budgets[slot][index].since < refund.countedAt {
            let key = budgets[slot][index].terms.counterKey(of: refund.call)
            budgets[slot][index].change(key, by: -Int128(refund.amount))
        }
    }
}

extension Ledger {
    /// Checks that an account may get or change a budget.
    func check(_ terms: BudgetTerms, on slot: AccountSlot) throws(Rejection) {
        let all = budgets(of: slot)
        if let known = all.first(where: { $0.terms.name == terms.name }) {
            guard known.terms.hasShape(of: terms) else { throw .budgetShapeFixed }
            return
        }
        guard all.count < Self.budgetsMax else { throw .tooManyBudgets }
        var depth = 1
        var next = terms.parent
        while let name = next {
            guard let parent = all.first(where: { $0.terms.name == name }),
                depth < Self.budgetDepthMax
            else { throw .budgetParentInvalid }
            depth += 1
            next = parent.terms.parent
        }
    }

    /// Checks that an account may lose a budget.
    func checkRemoval(of name: Name, on slot: AccountSlot) throws(Rejection) {
        let all = budgets(of: slot)
        guard all.contains(where: { $0.terms.name == name }) else { throw .budgetNotFound }
        guard !all.contains(where: { $0.terms.parent == name }) else {
            throw .budgetParentInvalid
        }
    }

    mutating func apply(_ event: BudgetEvent, at position: Position) {
        let slot = event.account
        let name = event.terms.name
        if let index = budgets[slot].firstIndex(where: { $0.terms.name == name }) {
            budgets[slot][index].terms = event.terms
        } else {
            let budget = Budget(
                event.terms, since: position, windowStart: event.window.lowerBound,
                windowEnd: event.window.upperBound)
            let place = budgets[slot].firstIndex { name < $0.terms.name }
            budgets[slot].insert(budget, at: place ?? budgets[slot].count)
        }
        noteBudgets(of: slot, in: position.segment)
    }

    mutating func removeBudget(_ name: Name, of slot: AccountSlot, in segment: UInt64) {
        budgets[slot].removeAll { $0.terms.name == name }
        noteBudgets(of: slot, in: segment)
    }

    mutating func restartBudget(
        _ name: Name, of slot: AccountSlot, _ window: Range<Instant>, at position: Position
    ) {
        guard let index = budgets[slot].firstIndex(where: { $0.terms.name == name }) else {
            return
        }
        budgets[slot][index].restart(window, at: position)
        noteBudgets(of: slot, in: position.segment)
    }

    /// Keeps beside the balance whether there are budgets, and when the first window ends.
    mutating func noteBudgets(of slot: AccountSlot, in segment: UInt64) {
        let all = budgets[slot]
        if all.isEmpty { budgets[slot] = [] }
        records[Int(slot)].hasBudgets = !all.isEmpty
        records[Int(slot)].nextReset = all.map(\.windowEnd).min() ?? .never
        records[Int(slot)].changedIn = max(records[Int(slot)].changedIn, segment)
    }
}
