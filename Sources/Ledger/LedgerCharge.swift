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
    /// The account must have nothing due at `time`. Throws ``Rejection/accountSuspended`` or
    /// ``Rejection/insufficientCredits(required:spendable:)``; `shares` is then unchanged.
    public func decideCharge(
        _ credits: Credits, on slot: AccountSlot, onShort: ShortPolicy, at time: Instant,
        shares: inout [LotShare]
    ) throws(Rejection) -> ChargeDecision {
        let record = records[Int(slot)]
        guard !record.isSuspended else { throw .accountSuspended }
        let asked = credits.micros
        if asked > record.spendable, asked > 0, onShort == .refuse {
            throw .insufficientCredits(
                required: credits, spendable: Credits(micros: record.spendable))
        }
        let fromLots = min(asked, record.available)
        takeFromLots(fromLots, of: record, shares: &shares)
        let overdraftLeft = max(0, record.overdraftLimit - record.debt)
        let overdrawn = min(asked - fromLots, overdraftLeft)
        return ChargeDecision(
            head: head(
                on: slot, at: entryTime(time, on: slot), available: record.available - fromLots,
                debt: record.debt + overdrawn),
            credits: asked, overdrawn: overdrawn, uncollected: asked - fromLots - overdrawn)
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

    /// Applies a decided charge whose shares lie in `shares` at ``ChargeEvent/shares``.
    public mutating func apply(
        _ event: ChargeEvent, shares: [LotShare], bytes: [UInt8], at position: Position
    ) {
        let slot = Int(event.head.account)
        records[slot].charged += Int128(event.credits)
        records[slot].uncollected += Int128(event.uncollected)
        spend(shares, event.shares, of: event.head.account)
        apply(head: event.head, in: position.segment)
        remember(event.idempotence.key, in: bytes, of: event.head.account, at: position)
    }

    /// Moves what the shares say from remaining to spent; lots that are used up are closed.
    mutating func spend(_ shares: [LotShare], _ range: Range<Int>, of slot: AccountSlot) {
        var hasUsedUp = false
        for index in range {
            let lot = lotIndex(of: shares[index].grant, on: slot)
            guard lot != Lot.none else { continue }
            lots[Int(lot)].remaining -= shares[index].micros
            lots[Int(lot)].spent += shares[index].micros
            if lots[Int(lot)].remaining == 0 { hasUsedUp = true }
        }
        if hasUsedUp { closeUsedUpLots(of: slot) }
    }

    mutating func remember(
        _ key: ByteRange, in bytes: [UInt8], of slot: AccountSlot, at position: Position
    ) {
        guard !key.isEmpty else { return }
        let hash = idempotency.hash(of: bytes.span.extracting(key.indices), account: slot)
        idempotency.insert(hash, at: position)
    }
}
