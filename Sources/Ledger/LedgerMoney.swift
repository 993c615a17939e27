public import Credit

extension Ledger {
    /// Decides what moves credits and is no call, on an account that has nothing due at `time`.
    public func decide(
        _ command: MoneyCommand, on slot: AccountSlot, at time: Instant
    ) throws(Rejection) -> Event {
        let key = EntryKey(bytes: command.idempotencyKey, fingerprint: command.fingerprint)
        switch command.request {
        case .grant(let grant):
            return .granted(try decide(grant, key: key, on: slot, at: time, isAdjustment: false))
        case .void(let grant):
            return .lot(try decideVoid(grant, key: key, on: slot, at: time))
        case .adjust(let amount, let memo):
            guard amount.micros > 0 else {
                return .adjusted(
                    try decideTaking(amount, memo: memo, key: key, on: slot, at: time))
            }
            var grant = NewGrant(amount: amount, source: .adjustment)
            grant.memo = memo
            return .granted(try decide(grant, key: key, on: slot, at: time, isAdjustment: true))
        case .release(let position):
            guard let hold = holds[position], hold.account == slot else { throw .holdNotOpen }
            return .released(decideRelease(of: hold, cause: .requested, key: key, at: time))
        case .subscribe(let plan, _):
            return .planPending(try decidePlan(plan, key: key, on: slot, at: time))
        case .refund(let refund):
            return .refunded(try decide(refund, key: key, on: slot, at: time))
        }
    }

    private func decide(
        _ grant: NewGrant, key: EntryKey, on slot: AccountSlot, at now: Instant,
        isAdjustment: Bool
    ) throws(Rejection) -> GrantEvent {
        let record = records[Int(slot)]
        let time = entryTime(now, on: slot)
        let effectiveAt = grant.effectiveAt ?? time
        let expiresAt = grant.expiresAt ?? .never
        guard expiresAt > time, expiresAt > effectiveAt else {
            throw .timeOutOfRange(field: "expires_at")
        }
        let promised = promisedCredits(of: record) + Int128(grant.amount.micros)
        guard promised <= Int128(Credits.limit.micros) else { throw .balanceOverflow }
        let isUsable = effectiveAt <= time
        let repaid = isUsable ? min(record.debt, grant.amount.micros) : 0
        let gained = isUsable ? grant.amount.micros - repaid : 0
        return GrantEvent(
            head: head(
                on: slot, at: time, available: record.available + gained,
                debt: record.debt - repaid),
            key: key, grant: grant, effectiveAt: effectiveAt, expiresAt: expiresAt,
            repaid: repaid, isAdjustment: isAdjustment)
    }

    /// Decides that an account has another plan from its next period on.
    private func decidePlan(
        _ plan: Name?, key: EntryKey, on slot: AccountSlot, at time: Instant
    ) throws(Rejection) -> PendingPlanEvent {
        try check(plan: plan)
        return PendingPlanEvent(
            account: slot, key: key, plan: plan, effectiveAt: subscriptions[slot]?.end ?? .never,
            time: time)
    }

    /// Refuses a plan that does not exist.
    public func check(plan: Name?) throws(Rejection) {
        guard let plan else { return }
        guard catalogue.latestPlan(plan) != nil else { throw .planNotFound }
    }

    /// All that remains, usable now or later: what must stay within ``Credits/limit``.
    func promisedCredits(of record: AccountRecord) -> Int128 {
        var sum = Int128(record.held - record.heldOverdraft)
        var next = record.firstLot
        while next != Lot.none {
            sum += Int128(lots[Int(next)].remaining)
            next = lots[Int(next)].next
        }
        return sum
    }

    private func decideVoid(
        _ grant: GrantID, key: EntryKey, on slot: AccountSlot, at time: Instant
    ) throws(Rejection) -> LotEvent {
        guard let position = Position(grant) else { throw .grantNotFound }
        let index = lotIndex(of: position, on: slot)
        guard index != Lot.none else {
            let isUsedUp = isUsedUp(position, of: slot, at: entryTime(time, on: slot))
            throw isUsedUp ? .grantNotOpen : .grantNotFound
        }
        let lot = lots[Int(index)]
        guard lot.state != .lapsed else { throw .grantNotOpen }
        let record = records[Int(slot)]
        let taken = lot.state == .open ? lot.remaining : 0
        return LotEvent(
            cause: .voided,
            head: head(
                on: slot, at: entryTime(time, on: slot), available: record.available - taken,
                debt: record.debt),
            grant: position, amount: lot.remaining, repaid: 0, key: key)
    }

    /// True of a lot that nothing is left of before its time.
    ///
    /// Of one that has ended the ledger no longer knows that it was there.
    private func isUsedUp(
        _ position: Position, of slot: AccountSlot, at time: Instant
    ) -> Bool {
        closedLot(at: position, on: slot)?.isUsable(at: time) ?? false
    }

    private func decideTaking(
        _ amount: Credits, memo: [UInt8], key: EntryKey, on slot: AccountSlot, at now: Instant
    ) throws(Rejection) -> AdjustmentEvent {
        let record = records[Int(slot)]
        guard amount.isWithinLimit else { throw .amountOutOfRange }
        let asked = -amount.micros
        guard asked <= record.spendable else {
            throw .insufficientCredits(
                required: Credits(micros: asked), spendable: Credits(micros: record.spendable))
        }
        let fromLots = min(asked, record.available)
        var shares: [LotShare] = []
        takeFromLots(fromLots, of: record, shares: &shares)
        return AdjustmentEvent(
            head: head(
                on: slot, at: entryTime(now, on: slot), available: record.available - fromLots,
                debt: record.debt + asked - fromLots),
            key: key, amount: Credits(micros: asked), shares: shares,
            overdrawn: asked - fromLots, memo: memo)
    }

    mutating func apply(_ event: GrantEvent, at position: Position) {
        let slot = event.head.account
        let isUsable = event.effectiveAt <= event.head.time
        var lot = Lot(
            position: position, source: event.source, priority: event.priority,
            effectiveAt: event.effectiveAt, expiresAt: event.expiresAt,
            granted: event.amount.micros, remaining: event.amount.micros - event.repaid,
            state: isUsable ? .open : .waiting)
        lot.spent = event.repaid
        records[Int(slot)].granted += Int128(event.amount.micros)
        add(lot, to: slot)
        apply(head: event.head, in: position.segment)
        if lot.remaining == 0 { closeUsedUpLots(of: slot) }
        forgetEndedLots(of: slot, at: event.head.time)
    }

    mutating func apply(_ event: AdjustmentEvent, in segment: UInt64) {
        spend(event.shares, event.shares.indices, of: event.head.account)
        apply(head: event.head, in: segment)
    }
}
