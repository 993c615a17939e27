public import Credit

extension Ledger {
    /// What the account at `slot` has a plan for; nil when it never had one.
    public func subscription(_ slot: AccountSlot) -> Subscription? { subscriptions[slot] }

    /// The micro-credits that calls have used in this period; what is held is apart.
    public func used(_ slot: AccountSlot) -> Int128 {
        record(slot).used - (subscriptions[slot]?.usedBefore ?? 0)
    }

    /// What of the ended period's credits goes over into the next, and for how many periods.
    ///
    /// Never more than the plan lets an account have from earlier periods in all.
    public func rollover(of slot: AccountSlot) -> (micros: Int64, periods: UInt32)? {
        guard let subscription = subscriptions[slot], let plan = subscription.plan,
            let rule = catalogue.plan(plan)?.terms.rollover
        else { return nil }
        let kept = lots(of: slot).reduce(Int64(0)) { sum, lot in
            lot.source == .rollover && lot.state == .open ? sum + lot.remaining : sum
        }
        let micros = min(subscription.unused, rule.limit - kept)
        return micros > 0 ? (micros, rule.periods) : nil
    }

    /// The lots that this period gave and that would end with it.
    public func periodLots(of slot: AccountSlot) -> [Lot] {
        guard let subscription = subscriptions[slot], subscription.plan != nil else { return [] }
        return lots(of: slot).filter { $0.state == .open && isOfPeriod($0, subscription) }
    }

    private func isOfPeriod(_ lot: Lot, _ subscription: Subscription) -> Bool {
        lot.source == .plan && lot.expiresAt == subscription.end
            && lot.effectiveAt >= subscription.start
    }

    /// Takes back what is left of a lot because the plan that gave it ends.
    public func end(_ lot: Lot, of slot: AccountSlot, at time: Instant) -> LotEvent {
        let record = records[Int(slot)]
        return LotEvent(
            cause: .voided,
            head: head(
                on: slot, at: entryTime(time, on: slot),
                available: record.available - lot.remaining, debt: record.debt),
            grant: lot.position, amount: lot.remaining, repaid: 0, key: nil)
    }

    /// A grant that a period makes by itself; nil when there is nothing, or no room, to give.
    public func periodGrant(
        _ micros: Int64, _ source: GrantSource, until expiresAt: Instant, on slot: AccountSlot,
        at time: Instant
    ) -> GrantEvent? {
        let record = records[Int(slot)]
        let time = entryTime(time, on: slot)
        let room = Int128(Credits.limit.micros) - promisedCredits(of: record)
        let amount = Int64(clamping: min(Int128(micros), room))
        guard amount > 0, expiresAt > time, let subscription = subscriptions[slot] else {
            return nil
        }
        let repaid = min(record.debt, amount)
        var grant = NewGrant(amount: Credits(micros: amount), source: source)
        if let plan = subscription.plan {
            let period = "\"period\":\(subscription.number),\"plan\":\"\(plan.id.text)\""
            grant.memo = Array("{\(period),\"plan_version\":\(plan.version)}".utf8)
        }
        return GrantEvent(
            head: head(
                on: slot, at: time, available: record.available + amount - repaid,
                debt: record.debt - repaid),
            key: nil, grant: grant, effectiveAt: time, expiresAt: expiresAt, repaid: repaid,
            isAdjustment: false)
    }

    mutating func apply(_ event: PeriodEvent, in segment: UInt64) {
        let slot = event.account
        let record = records[Int(slot)]
        var subscription = Subscription()
        subscription.plan = event.plan
        subscription.number = event.number
        subscription.start = event.window.lowerBound
        subscription.end = event.plan == nil ? .never : event.window.upperBound
        subscription.usedBefore = record.charged - record.refunded
        subscriptions[slot] = subscription
        records[Int(slot)].changedIn = segment
        scheduleDue(of: slot)
    }

    mutating func apply(_ event: PendingPlanEvent, in segment: UInt64) {
        subscriptions[event.account]?.pending = .some(event.plan)
        records[Int(event.account)].changedIn = segment
    }

    /// Remembers what was left of a period's credits when they ended.
    mutating func noteUnused(_ event: LotEvent, _ lot: Lot) {
        let slot = event.head.account
        guard event.key == nil, event.cause != .activated,
            let subscription = subscriptions[slot], isOfPeriod(lot, subscription)
        else { return }
        subscriptions[slot]?.unused += event.amount
    }
}

extension Catalogue {
    /// The last version of the plan with this id.
    public func latestPlan(_ id: Name) -> PlanEvent? {
        latestPlans[id].map { plans[$0] }
    }

    /// One version of a plan.
    public func plan(_ reference: PlanReference) -> PlanEvent? {
        planPlaces[reference].map { plans[$0] }
    }

    /// Adds a version of a plan.
    mutating func append(_ plan: PlanEvent) {
        latestPlans[plan.terms.id] = plans.count
        planPlaces[plan.reference] = plans.count
        plans.append(plan)
    }

    mutating func apply(_ event: PeriodEvent) {
        accounts[Int(event.account)].plan = event.plan
        accounts[Int(event.account)].anchor = event.anchor
        accounts[Int(event.account)].periodEnd =
            event.plan == nil ? .never : event.window.upperBound
    }
}
