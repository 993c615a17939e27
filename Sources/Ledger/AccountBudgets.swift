internal import Credit

/// The budgets of one account, in the order of their names.
struct AccountBudgets: Sendable {
    private(set) var all: [Budget] = []
    /// The places of those that stand beneath each of them, at whatever depth; empty when none does.
    private var beneath: [[Int]] = []

    static let none = Self()

    /// True when a budget is about a call, by itself or as what stands above one that is.
    @inline(__always)
    func applies(_ place: Int, to call: ScopeRanges, in bytes: Span<UInt8>) -> Bool {
        if all[place].terms.includes(call, in: bytes) { return true }
        guard !beneath.isEmpty else { return false }
        for lower in beneath[place] where all[lower].terms.includes(call, in: bytes) {
            return true
        }
        return false
    }

    /// The first budget by name that does not allow what a call costs.
    @inline(__always)
    func excess(
        _ micros: Int64, _ call: ScopeRanges, in bytes: Span<UInt8>, at time: Instant
    ) -> BudgetExcess? {
        for place in all.indices where all[place].windowStart <= time {
            guard applies(place, to: call, in: bytes) else { continue }
            let used = all[place].counted.used(by: call, in: bytes, all[place].terms)
            guard used + Int128(micros) > Int128(all[place].terms.limit) else { continue }
            return BudgetExcess(
                budget: all[place].terms.name, limit: Credits(micros: all[place].terms.limit),
                used: used, resetsAt: all[place].windowEnd)
        }
        return nil
    }

    /// Appends what the budgets that are about a call have used before `micros` are added to them, as
    /// recorded with the charge at `charge`; at most ``Ledger/budgetUsesMax``.
    @inline(__always)
    func appendUses(
        _ micros: Int64, _ call: ScopeRanges, in bytes: Span<UInt8>, at time: Instant,
        charge: Int, to uses: inout [RecordedUse]
    ) {
        var left = Ledger.budgetUsesMax
        for place in all.indices where all[place].windowStart <= time {
            guard left > 0, applies(place, to: call, in: bytes) else { continue }
            let before = all[place].counted.used(by: call, in: bytes, all[place].terms)
            let use = all[place].use(before: before, changing: micros)
            uses.append(RecordedUse(charge: charge, use: use))
            left -= 1
        }
    }

    /// Adds what a call costs or reserves to every budget that is about it.
    @inline(__always)
    mutating func count(
        _ micros: Int64, _ call: ScopeRanges, in bytes: Span<UInt8>, at time: Instant
    ) {
        for place in all.indices where all[place].windowStart <= time {
            guard applies(place, to: call, in: bytes) else { continue }
            all[place].counted.add(Int128(micros), by: call, in: bytes, all[place].terms)
        }
    }

    /// The counters that a call counts under.
    func counts(
        _ call: ScopeRanges, in bytes: Span<UInt8>, at time: Instant
    ) -> [BudgetCount] {
        var counts: [BudgetCount] = []
        for place in all.indices where all[place].windowStart <= time {
            guard applies(place, to: call, in: bytes),
                let key = all[place].counted.key(of: call, in: bytes, all[place].terms)
            else { continue }
            counts.append(BudgetCount(since: all[place].since, key: key))
        }
        return counts
    }

    /// Changes the counters that a hold was added to, as far as their windows are still the same.
    mutating func recount(_ hold: Hold, by micros: Int64) {
        for count in hold.counted {
            guard let place = all.firstIndex(where: { $0.since == count.since }) else { continue }
            all[place].counted.change(
                by: Int128(micros), hold.scope, in: hold.texts.span, all[place].terms)
        }
    }

    /// Takes a refund off the windows in which its charge was counted, as far as they are the same.
    mutating func recount(_ refund: RefundEvent) {
        let (call, texts) = (refund.call.ranges, refund.call.texts)
        for place in all.indices where all[place].since < refund.countedAt {
            guard applies(place, to: call, in: texts.span) else { continue }
            all[place].counted.change(
                by: -Int128(refund.amount), call, in: texts.span, all[place].terms)
        }
    }

    mutating func put(_ event: BudgetEvent, at position: Position) {
        let name = event.terms.name
        if let place = place(of: name) {
            all[place].terms = event.terms
        } else {
            let budget = Budget(
                event.terms, since: position, windowStart: event.window.lowerBound,
                windowEnd: event.window.upperBound)
            all.insert(budget, at: all.firstIndex { name < $0.terms.name } ?? all.count)
        }
        relate()
    }

    mutating func remove(_ name: Name) {
        all.removeAll { $0.terms.name == name }
        relate()
    }

    mutating func restart(_ name: Name, _ window: Range<Instant>, at position: Position) {
        if let place = place(of: name) { all[place].restart(window, at: position) }
    }

    mutating func replace(by budgets: [Budget]) {
        all = budgets
        relate()
    }

    private func place(of name: Name) -> Int? { all.firstIndex { $0.terms.name == name } }

    private mutating func relate() {
        guard all.contains(where: { $0.terms.parent != nil }) else {
            beneath = []
            return
        }
        beneath = [[Int]](repeating: [], count: all.count)
        for lower in all.indices {
            var above = all[lower].terms.parent.flatMap(place(of:))
            var depth = 1
            while let place = above, depth <= Ledger.budgetDepthMax {
                beneath[place].append(lower)
                above = all[place].terms.parent.flatMap(self.place(of:))
                depth += 1
            }
        }
    }
}
