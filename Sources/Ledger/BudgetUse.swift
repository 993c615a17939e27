public import Credit

/// What a budget had used when a call was decided, and what the call changed.
///
/// It is recorded with the call, so that its receipt needs nothing that came before.
public struct BudgetUse: Hashable, Sendable {
    public let budget: Name
    /// What the budget allowed in its window, in micro-credits like the rest.
    public let limit: Int64
    /// What had been used of it, by calls of the same scope where each has a limit of its own.
    public let before: Int128
    /// What the call added, or took off where it cost less than its hold.
    public let change: Int64
    /// When its use counts from zero again; never for a window that does not end.
    public let resetsAt: Instant

    public init(budget: Name, limit: Int64, before: Int128, change: Int64, resetsAt: Instant) {
        self.budget = budget
        self.limit = limit
        self.before = before
        self.change = change
        self.resetsAt = resetsAt
    }
}

/// What a budget had used when a charge of a segment was decided.
public struct RecordedUse: Hashable, Sendable {
    /// The place of the charge among those of its segment.
    public let charge: Int
    public let use: BudgetUse

    public init(charge: Int, use: BudgetUse) {
        self.charge = charge
        self.use = use
    }
}

extension Ledger {
    /// The most budgets whose use is recorded with one entry; the first by name.
    public static let budgetUsesMax = 32

    /// Appends what the budgets that are about a call at `time` have used, by name, before `micros` are
    /// added to them, as recorded with the charge at `charge`; at most ``budgetUsesMax``.
    @inline(__always)
    public func appendBudgetUses(
        _ micros: Int64, _ call: ScopeRanges, in bytes: [UInt8], on slot: AccountSlot,
        at time: Instant, charge: Int, to uses: inout [RecordedUse]
    ) {
        budgets[slot].appendUses(
            micros, call, in: bytes.span, at: time, charge: charge, to: &uses)
    }

    /// The budgets in which a hold was counted, as far as their windows are still the same, before
    /// `micros` are added to them; at most ``budgetUsesMax``.
    public func budgetUses(_ micros: Int64, of hold: Hold) -> [BudgetUse] {
        guard !hold.counted.isEmpty else { return [] }
        let all = budgets[hold.account].all
        let uses = hold.counted.compactMap { count in
            all.first { $0.since == count.since }.map { budget in
                let used = budget.counted.used(
                    by: hold.scope, in: hold.texts.span, budget.terms)
                return budget.use(before: used, changing: micros)
            }
        }
        return Array(uses.prefix(Self.budgetUsesMax))
    }
}

extension Budget {
    func use(before: Int128, changing micros: Int64) -> BudgetUse {
        BudgetUse(
            budget: terms.name, limit: terms.limit, before: before, change: micros,
            resetsAt: windowEnd)
    }
}
