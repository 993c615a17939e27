public import Credit

/// The money of a decided charge, before it is joined with what else is recorded of the call.
public struct ChargeDecision: Hashable, Sendable, BitwiseCopyable {
    public let head: EntryHead
    public let credits: Int64
    public let overdrawn: Int64
    public let uncollected: Int64
}

extension Ledger {
    /// Decides a charge of `credits` >= 0 and appends which lots pay to `shares`.
    ///
    /// The account must have nothing due at `time`; `call`, whose texts lie in `bytes`, is needed when it
    /// has budgets. Throws
    /// ``Rejection/accountSuspended``, ``Rejection/insufficientCredits(required:spendable:)`` or
    /// ``Rejection/budgetExceeded(_:)``; `shares` is then unchanged. What is collected whatever the
    /// balance is counted against budgets and not refused by them.
    public func decideCharge(
        _ credits: Credits, on slot: AccountSlot, call: ScopeRanges? = nil,
        in bytes: [UInt8] = [], onShort: ShortPolicy, at time: Instant, shares: inout [LotShare]
    ) throws(Rejection) -> ChargeDecision {
        let record = records[Int(slot)]
        let asked = credits.micros
        if onShort == .refuse {
            try check(asked, on: record)
            try checkBudgets(asked, call, in: bytes.span, on: slot, at: time)
        } else if record.isSuspended {
            throw .accountSuspended
        }
        let fromLots = min(asked, record.available)
        takeFromLots(fromLots, of: record, shares: &shares)
        let overdraftLeft = max(0, record.overdraftLimit - record.debt - record.heldOverdraft)
        let overdrawn = min(asked - fromLots, overdraftLeft)
        return ChargeDecision(
            head: head(
                on: slot, at: entryTime(time, on: slot), available: record.available - fromLots,
                debt: record.debt + overdrawn),
            credits: asked, overdrawn: overdrawn, uncollected: asked - fromLots - overdrawn)
    }

    /// Refuses what a suspended account asks, or more than it can spend.
    func check(_ asked: Int64, on record: AccountRecord) throws(Rejection) {
        guard !record.isSuspended else { throw .accountSuspended }
        guard asked > record.spendable, asked > 0 else { return }
        throw .insufficientCredits(
            required: Credits(micros: asked), spendable: Credits(micros: record.spendable))
    }

    /// Appends the shares of `micros`, which must be available, in burn order.
    func takeFromLots(_ micros: Int64, of record: AccountRecord, shares: inout [LotShare]) {
        var left = micros
        var next = record.firstLot
        while left > 0, next != Lot.none {
            let lot = lots[Int(next)]
            next = lot.next
            guard lot.state == .open, lot.remaining > 0 else { continue }
            let share = min(left, lot.remaining)
            shares.append(LotShare(grant: lot.position, source: lot.source, micros: share))
            left -= share
        }
    }

    /// Applies a decided charge whose shares lie in `shares` at ``ChargeEvent/shares``, and its texts
    /// in `bytes`.
    ///
    /// Its key is added by ``remember(_:at:)``.
    public mutating func apply(
        _ event: ChargeEvent, shares: [LotShare], bytes: [UInt8], at position: Position
    ) {
        spend(shares, event.shares, of: event.head.account)
        if records[Int(event.head.account)].hasBudgets { count(event, bytes: bytes) }
        records[Int(event.head.account)].apply(event, in: position.segment)
    }

    /// Counts a charge or hold in the budgets of its account.
    mutating func count(_ event: ChargeEvent, bytes: [UInt8]) {
        budgets[event.head.account].count(
            event.credits, event.scope, in: bytes.span, at: event.head.time)
    }

    /// Keeps that the event at `position` is final for the key with this hash.
    public mutating func remember(_ hash: IdempotencyIndex.Hash, at position: Position) {
        keyWindow.insert(hash, at: position)
    }

    /// Moves what the shares say from remaining to spent; lots that are used up are closed.
    mutating func spend(_ shares: [LotShare], _ range: Range<Int>, of slot: AccountSlot) {
        var hasUsedUp = false
        for index in range {
            let lot = lotIndex(of: shares[index].grant, on: slot)
            guard lot != Lot.none else { continue }
            if lots[Int(lot)].spend(shares[index].micros) == 0 { hasUsedUp = true }
        }
        if hasUsedUp { closeUsedUpLots(of: slot) }
    }
}

extension AccountRecord {
    fileprivate mutating func apply(_ event: ChargeEvent, in segment: UInt64) {
        charged += Int128(event.credits)
        uncollected += Int128(event.uncollected)
        apply(event.head, in: segment)
    }

    /// Takes over what an entry's head says.
    mutating func apply(_ head: EntryHead, in segment: UInt64) {
        available = head.balance.available.micros
        held = head.balance.held.micros
        debt = head.balance.negative.micros
        sequence = head.sequence
        lastTime = head.time
        changedIn = segment
    }
}

extension Lot {
    /// Moves an amount from remaining to spent; gives what remains.
    fileprivate mutating func spend(_ micros: Int64) -> Int64 {
        remaining -= micros
        spent += micros
        return remaining
    }
}
