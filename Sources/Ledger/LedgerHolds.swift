public import Credit

/// What is due on an account.
public enum DueStep: Hashable, Sendable {
    /// An event that is ready to be recorded.
    case event(Event)
    /// A hold that expires and is charged these micro-credits.
    case capture(Hold, micros: Int64)
    /// The billing period has ended then, and the next one begins.
    case period(at: Instant)
}

extension Ledger {
    /// The open hold that was placed at `position`.
    public func hold(at position: Position) -> Hold? { holds[position] }

    /// The open holds of an account, in the order in which they were placed.
    public func holds(of slot: AccountSlot) -> [Hold] { holds.holds(of: slot) }

    /// Decides a hold of `credits` >= 0 and appends which lots it reserves to `shares`.
    ///
    /// The account must have nothing due at `time`. A hold is refused as a charge is; what no lot
    /// covers it reserves of the overdraft.
    public func decideHold(
        _ credits: Credits, on slot: AccountSlot, call: ScopeRanges? = nil,
        in bytes: [UInt8] = [], at time: Instant, shares: inout [LotShare]
    ) throws(Rejection) -> ChargeDecision {
        let record = records[Int(slot)]
        try check(credits.micros, on: record)
        try checkBudgets(credits.micros, call, in: bytes.span, on: slot, at: time)
        guard holds.count(of: slot) < Self.openHoldsMax else { throw .tooManyHolds }
        let fromLots = min(credits.micros, record.available)
        takeFromLots(fromLots, of: record, shares: &shares)
        return ChargeDecision(
            head: head(
                on: slot, at: entryTime(time, on: slot), available: record.available - fromLots,
                held: record.held + credits.micros, debt: record.debt),
            credits: credits.micros, overdrawn: credits.micros - fromLots, uncollected: 0)
    }

    /// Decides to charge `credits` >= 0 for an open hold, which ends with that.
    ///
    /// The lots that it reserved pay first, even if they have expired meanwhile; what is over comes
    /// from what can be spent, and beyond that is not collected, or refused as `onShort` says.
    /// What the hold reserved beyond `credits` comes back.
    public func decideCapture(
        _ credits: Credits, of hold: Hold, cause: HoldSettlement.Cause, onShort: ShortPolicy,
        at time: Instant, shares: inout [LotShare]
    ) throws(Rejection) -> (decision: ChargeDecision, settlement: HoldSettlement) {
        let record = records[Int(hold.account)]
        let (asked, reserved) = (credits.micros, hold.reserved)
        let fromHeld = min(asked, reserved - hold.overdraft)
        let fromLots = min(asked - fromHeld, record.available)
        let freeOverdraft = max(0, record.overdraftLimit - record.debt - record.heldOverdraft)
        let overdrawn = min(asked - fromHeld - fromLots, hold.overdraft + freeOverdraft)
        let uncollected = asked - fromHeld - fromLots - overdrawn
        if uncollected > 0, onShort == .refuse {
            throw .insufficientCredits(
                required: credits, spendable: Credits(micros: asked - uncollected))
        }
        let entryTime = entryTime(time, on: hold.account)
        let back = returned(of: hold, paid: fromHeld, at: entryTime)
        let repaid = min(record.debt, back.usable)
        appendPaid(fromHeld, of: hold, to: &shares)
        takeFromLots(fromLots, of: record, shares: &shares)
        let decision = ChargeDecision(
            head: head(
                on: hold.account, at: entryTime,
                available: record.available - fromLots + back.usable - repaid,
                held: record.held - reserved, debt: record.debt + overdrawn - repaid),
            credits: asked, overdrawn: overdrawn, uncollected: uncollected)
        let settlement = HoldSettlement(
            hold: hold.position, cause: cause, reserved: reserved, repaid: repaid,
            lapsed: back.lapsed)
        return (decision, settlement)
    }

    /// Decides that all of an open hold comes back.
    func decideRelease(
        of hold: Hold, cause: HoldSettlement.Cause, key: EntryKey?, at time: Instant
    ) -> ReleaseEvent {
        let record = records[Int(hold.account)]
        let entryTime = entryTime(time, on: hold.account)
        let back = returned(of: hold, paid: 0, at: entryTime)
        let repaid = min(record.debt, back.usable)
        return ReleaseEvent(
            head: head(
                on: hold.account, at: entryTime,
                available: record.available + back.usable - repaid,
                held: record.held - hold.reserved, debt: record.debt - repaid),
            key: key,
            settlement: HoldSettlement(
                hold: hold.position, cause: cause, reserved: hold.reserved, repaid: repaid,
                lapsed: back.lapsed))
    }

    /// What comes back of a hold's lots once `paid` micro-credits of them were charged.
    private func returned(
        of hold: Hold, paid: Int64, at time: Instant
    ) -> (usable: Int64, lapsed: Int64) {
        var (paidLeft, usable, lapsed): (Int64, Int64, Int64) = (paid, 0, 0)
        for share in hold.shares {
            let spent = min(paidLeft, share.micros)
            paidLeft -= spent
            let lot = lotIndex(of: share.grant, on: hold.account)
            if lot != Lot.none, lots[Int(lot)].isUsable(at: time) {
                usable += share.micros - spent
            } else {
                lapsed += share.micros - spent
            }
        }
        return (usable, lapsed)
    }

    private func appendPaid(_ paid: Int64, of hold: Hold, to shares: inout [LotShare]) {
        var left = paid
        for share in hold.shares where left > 0 {
            let micros = min(left, share.micros)
            shares.append(LotShare(grant: share.grant, source: share.source, micros: micros))
            left -= micros
        }
    }

    /// What happens to the hold of an account that expires first.
    func expiry(of hold: Hold) -> DueStep {
        if let micros = hold.terms.charged(of: hold.reserved) {
            return .capture(hold, micros: micros)
        }
        return .event(
            .released(
                decideRelease(of: hold, cause: .expired, key: nil, at: hold.terms.expiresAt)))
    }
}

extension Ledger {
    /// Applies a charge event that places or captures a hold; its texts lie in `bytes`.
    public mutating func apply(
        _ event: ChargeEvent, _ role: HoldRole, shares: [LotShare], bytes: [UInt8],
        at position: Position
    ) {
        switch role {
        case .placed(let terms):
            var hold = Hold(event, terms, shares: shares, bytes: bytes, at: position)
            if records[Int(event.head.account)].hasBudgets {
                count(event, bytes: bytes)
                hold.counted = budgets[event.head.account].counts(
                    event.scope, in: bytes.span, at: event.head.time)
            }
            reserve(hold)
            apply(head: event.head, in: position.segment)
        case .captured(let settlement):
            capture(event, settlement, shares: shares, in: position.segment)
        }
        scheduleDue(of: event.head.account)
    }

    private mutating func reserve(_ hold: Hold) {
        for share in hold.shares {
            let lot = lotIndex(of: share.grant, on: hold.account)
            guard lot != Lot.none else { continue }
            lots[Int(lot)].remaining -= share.micros
            lots[Int(lot)].held += share.micros
        }
        records[Int(hold.account)].heldOverdraft += hold.overdraft
        holds.insert(hold)
    }

    private mutating func capture(
        _ event: ChargeEvent, _ settlement: HoldSettlement, shares: [LotShare],
        in segment: UInt64
    ) {
        let slot = event.head.account
        guard let hold = holds.remove(settlement.hold) else { return }
        recount(hold, by: event.credits - hold.reserved)
        var heldLeft = min(event.credits, hold.reserved - hold.overdraft)
        giveBack(hold, paid: heldLeft, settlement, at: event.head.time)
        for index in event.shares {
            let lot = lotIndex(of: shares[index].grant, on: slot)
            guard lot != Lot.none else { continue }
            if heldLeft > 0 {
                lots[Int(lot)].held -= shares[index].micros
                heldLeft -= shares[index].micros
            } else {
                lots[Int(lot)].remaining -= shares[index].micros
            }
            lots[Int(lot)].spent += shares[index].micros
        }
        records[Int(slot)].charged += Int128(event.credits)
        records[Int(slot)].uncollected += Int128(event.uncollected)
        apply(head: event.head, in: segment)
        closeUsedUpLots(of: slot)
    }

    mutating func apply(_ event: ReleaseEvent, in segment: UInt64) {
        guard let hold = holds.remove(event.settlement.hold) else { return }
        recount(hold, by: -hold.reserved)
        giveBack(hold, paid: 0, event.settlement, at: event.head.time)
        apply(head: event.head, in: segment)
        closeUsedUpLots(of: event.head.account)
    }

    /// Changes the counters that a hold was added to.
    private mutating func recount(_ hold: Hold, by micros: Int64) {
        guard !hold.counted.isEmpty else { return }
        budgets[hold.account].recount(hold, by: micros)
    }

    /// Returns what a settled hold reserved and did not pay to its lots, or to what became of them.
    private mutating func giveBack(
        _ hold: Hold, paid: Int64, _ settlement: HoldSettlement, at time: Instant
    ) {
        var (paidLeft, repayLeft) = (paid, settlement.repaid)
        for share in hold.shares {
            let spent = min(paidLeft, share.micros)
            paidLeft -= spent
            let lot = lotIndex(of: share.grant, on: hold.account)
            guard lot != Lot.none else { continue }
            let repaid = lots[Int(lot)].takeBack(
                share.micros - spent, repaying: repayLeft, at: time)
            repayLeft -= repaid
        }
        records[Int(hold.account)].heldOverdraft -= hold.overdraft
    }
}

extension Lot {
    /// True when it may pay at `time`: it has started, and neither expired nor was voided.
    func isUsable(at time: Instant) -> Bool { state != .waiting && !isVoided && time < expiresAt }

    /// Takes held credits back, of which at most `debt` repay; gives how much did.
    fileprivate mutating func takeBack(
        _ micros: Int64, repaying debt: Int64, at time: Instant
    ) -> Int64 {
        held -= micros
        if isVoided {
            voided += micros
        } else if time >= expiresAt {
            expired += micros
        } else {
            let repaid = min(micros, debt)
            spent += repaid
            remaining += micros - repaid
            return repaid
        }
        return 0
    }
}
