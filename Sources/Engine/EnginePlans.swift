internal import CivilTime
internal import Credit
internal import Ledger

/// Plans and billing periods: the ledger says when a period has ended and what goes over; the clocks of
/// the account's zone say when the next one begins and ends.
extension Engine {
    /// Begins the period after the one that ended at `time`, under the plan that was asked for then.
    mutating func startNextPeriod(of slot: AccountSlot, at time: Instant) {
        guard let subscription = ledger.subscription(slot) else { return }
        let plan = subscription.pending ?? subscription.plan?.id
        startPeriod(of: slot, under: plan, at: time, anchor: nil, key: nil)
    }

    /// Carries out a change of plan; gives where it was recorded.
    mutating func subscribe(
        to plan: Name?, atPeriodEnd: Bool, _ command: MoneyCommand, on slot: AccountSlot,
        at time: Instant
    ) throws(Rejection) -> Position {
        try ledger.check(plan: plan)
        let isEndless = ledger.subscription(slot).map { $0.plan == nil || $0.end == .never } ?? true
        guard !atPeriodEnd || isEndless else {
            return record(try ledger.decide(command, on: slot, at: time))
        }
        for lot in ledger.periodLots(of: slot) {
            record(.lot(ledger.end(lot, of: slot, at: time)))
        }
        let profile = ledger.catalogue.accounts[Int(slot)]
        return startPeriod(
            of: slot, under: plan, at: time, anchor: profile.isAnchorFixed ? nil : time,
            key: EntryKey(bytes: command.idempotencyKey, fingerprint: command.fingerprint))
    }

    /// Begins a period at `time` and gives what it brings: credits left of the one before, then its own.
    @discardableResult
    mutating func startPeriod(
        of slot: AccountSlot, under id: Name?, at time: Instant, anchor newAnchor: Instant?,
        key: EntryKey?
    ) -> Position {
        let left = ledger.rollover(of: slot)
        let plan = id.flatMap { ledger.catalogue.latestPlan($0) }
        let profile = ledger.catalogue.accounts[Int(slot)]
        let anchor = newAnchor ?? profile.anchor
        let zone = zones.rules(of: profile.timeZone) ?? .utc
        let period = plan?.terms.period.unit.map {
            BillingPeriod(holding: time, anchor: anchor, unit: $0, in: zone)
        }
        let end = period?.range.upperBound ?? .never
        let started = PeriodEvent(
            account: slot, key: key, plan: plan?.reference, anchor: anchor,
            number: Int64(period?.number ?? 0), window: time..<max(time, end), time: time)
        let position = record(.periodStarted(started))
        prices.forget(slot)
        if let left {
            let last = period.map { $0.range(later: Int(left.periods) - 1) }
            grant(left.micros, .rollover, until: last?.upperBound ?? .never, on: slot, at: time)
        }
        if let plan { grant(plan.terms.credits, .plan, until: end, on: slot, at: time) }
        return position
    }

    private mutating func grant(
        _ micros: Int64, _ source: GrantSource, until end: Instant, on slot: AccountSlot,
        at time: Instant
    ) {
        guard
            let grant = ledger.periodGrant(micros, source, until: end, on: slot, at: time)
        else { return }
        record(.granted(grant))
    }
}

extension PlanPeriod {
    /// The unit of its billing periods; nil when there is only one.
    var unit: PeriodUnit? {
        switch self {
        case .none: nil
        case .month: .month
        case .year: .year
        }
    }
}
