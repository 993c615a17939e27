public import Credit

extension Ledger {
    /// The most budgets of an account.
    public static let budgetsMax = 1000
    /// How many budgets may stand above one another.
    public static let budgetDepthMax = 8

    /// True when calls of an account are counted against budgets.
    public func hasBudgets(_ slot: AccountSlot) -> Bool { records[Int(slot)].hasBudgets }

    /// The budgets of an account in the order of their names.
    public func budgets(of slot: AccountSlot) -> [Budget] {
        hasBudgets(slot) ? budgets[slot].all : []
    }

    /// A budget whose window has ended at `time` and must be given its next one.
    public func endedBudget(of slot: AccountSlot, at time: Instant) -> BudgetTerms? {
        guard records[Int(slot)].nextReset <= time else { return nil }
        return budgets[slot].all.first { $0.windowEnd <= time }?.terms
    }

    /// Refuses what a budget does not allow a call to cost; the first by name says so.
    @inline(__always)
    func checkBudgets(
        _ micros: Int64, _ call: ScopeRanges?, in bytes: Span<UInt8>, on slot: AccountSlot,
        at time: Instant
    ) throws(Rejection) {
        guard let call, micros > 0 else { return }
        if let excess = budgets[slot].excess(micros, call, in: bytes, at: time) {
            throw .budgetExceeded(excess)
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
            throw .budgetHasChildren
        }
    }

    mutating func apply(_ event: BudgetEvent, at position: Position) {
        budgets[event.account].put(event, at: position)
        noteBudgets(of: event.account, in: position.segment)
    }

    mutating func removeBudget(_ name: Name, of slot: AccountSlot, in segment: UInt64) {
        budgets[slot].remove(name)
        noteBudgets(of: slot, in: segment)
    }

    mutating func restartBudget(
        _ name: Name, of slot: AccountSlot, _ window: Range<Instant>, at position: Position
    ) {
        budgets[slot].restart(name, window, at: position)
        noteBudgets(of: slot, in: position.segment)
    }

    /// Keeps beside the balance whether there are budgets, and when the first window ends.
    mutating func noteBudgets(of slot: AccountSlot, in segment: UInt64) {
        let all = budgets[slot].all
        records[Int(slot)].hasBudgets = !all.isEmpty
        records[Int(slot)].nextReset = all.map(\.windowEnd).min() ?? .never
        records[Int(slot)].changedIn = max(records[Int(slot)].changedIn, segment)
    }
}
