import Credit
import Ledger
import TestKit

extension Samples {
    /// What budgets had used when a charge was decided.
    mutating func uses(of charge: ChargeEvent) -> [BudgetUse] {
        (0...random.skewed(below: 4)).compactMap { _ in
            guard let name = name() else { return nil }
            let ends = random.chance(70)
            let after = 1 + Int64(random.below(86_400_000_000))
            return BudgetUse(
                budget: name, limit: amount(), before: Int128(amount()) * Int128(random.below(9)),
                change: amount(),
                resetsAt: ends ? Instant(micros: charge.head.time.micros &+ after) : .never)
        }
    }
}
