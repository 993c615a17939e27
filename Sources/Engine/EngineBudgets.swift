internal import CivilTime
internal import Credit
internal import Ledger

extension Engine {
    /// Gives every budget of an account whose window has ended at `now` the window that holds it.
    mutating func restartBudgets(of slot: AccountSlot, at now: Instant) {
        while let ended = ledger.endedBudget(of: slot, at: now) {
            let window = window(of: ended.window, on: slot, at: now)
            record(.budgetRestarted(slot, ended.name, window: window, at: now))
        }
    }

    /// The window that a new budget begins with.
    func window(for command: Command, at now: Instant) -> Range<Instant>? {
        guard case .putBudget(let account, let terms) = command,
            let slot = ledger.slot(of: account)
        else { return nil }
        return window(of: terms.window, on: slot, at: now)
    }

    /// The window that holds a time, as the clocks of the account show it.
    private func window(
        of window: BudgetWindow, on slot: AccountSlot, at time: Instant
    ) -> Range<Instant> {
        let profile = ledger.catalogue.accounts[Int(slot)]
        let zone = zones.rules(of: profile.timeZone) ?? .utc
        return switch window {
        case .none, .run: time..<max(time, .never)
        case .hour: TimeWindow.hour.range(holding: time, in: zone)
        case .day: TimeWindow.day.range(holding: time, in: zone)
        case .week: TimeWindow.week.range(holding: time, in: zone)
        case .month: TimeWindow.month.range(holding: time, in: zone)
        case .period:
            BillingPeriod(
                holding: time, anchor: profile.anchor,
                unit: profile.plan.flatMap { ledger.catalogue.plan($0)?.terms.period.unit }
                    ?? .month, in: zone
            ).range
        }
    }
}
