public import Credit

/// Where the credits of a refund go.
public struct RefundParts: Hashable, Sendable {
    /// All of it, in micro-credits, like every amount below.
    public internal(set) var amount: Int64
    public internal(set) var forgiven: Int64
    public internal(set) var repaid: Int64
    public internal(set) var shares: [LotShare]
    public internal(set) var regranted: Int64

    public init(
        amount: Int64, forgiven: Int64 = 0, repaid: Int64 = 0, shares: [LotShare] = [],
        regranted: Int64 = 0
    ) {
        self.amount = amount
        self.forgiven = forgiven
        self.repaid = repaid
        self.shares = shares
        self.regranted = regranted
    }
}

extension Ledger {
    /// Decides to take back what is asked of a charge.
    ///
    /// A charge is undone from its end: what was not collected is forgiven, then what had become
    /// debt, then the lots that paid, last first. Whatever the account owes now is repaid before
    /// anything becomes usable. The credits of lots that have ended are granted anew by the event
    /// that must follow (``regrant(after:at:validSeconds:)``).
    func decide(
        _ refund: Refund, key: EntryKey, on slot: AccountSlot, at now: Instant
    ) throws(Rejection) -> RefundEvent {
        let record = records[Int(slot)]
        let time = entryTime(now, on: slot)
        let before = refunds.total(of: refund.charge.position, on: slot)
        let left = refund.charge.credits - before
        let asked = refund.amount?.micros ?? left
        guard asked > 0, asked <= left else {
            throw .refundExceedsCharge(refundable: Credits(micros: left))
        }
        let parts = parts(of: asked, after: before, refund.charge, on: slot, at: time)
        let gained = parts.shares.reduce(Int64(0)) { $0 + $1.micros }
        let promised = promisedCredits(of: record) + Int128(gained) + Int128(parts.regranted)
        guard promised <= Int128(Credits.limit.micros) else { throw .balanceOverflow }
        return RefundEvent(
            head: head(
                on: slot, at: time, available: record.available + gained,
                debt: record.debt - parts.repaid),
            key: key, charge: refund.charge.position, countedAt: refund.charge.countedAt,
            parts: parts, call: refund.charge.call, memo: refund.memo)
    }

    private func parts(
        of asked: Int64, after before: Int64, _ charge: RefundedCharge, on slot: AccountSlot,
        at time: Instant
    ) -> RefundParts {
        var parts = RefundParts(amount: asked)
        var (skipLeft, left, debtLeft) = (before, asked, records[Int(slot)].debt)
        func take(_ micros: Int64) -> Int64 {
            let skipped = min(skipLeft, micros)
            skipLeft -= skipped
            let taken = min(left, micros - skipped)
            left -= taken
            return taken
        }
        func repay(_ micros: Int64) -> Int64 {
            let repaid = min(debtLeft, micros)
            debtLeft -= repaid
            parts.repaid += repaid
            return micros - repaid
        }
        parts.forgiven = take(charge.uncollected)
        parts.regranted = repay(take(charge.overdrawn))
        for share in charge.shares.reversed() {
            let back = repay(take(share.micros))
            guard back > 0 else { continue }
            if canComeBack(to: share.grant, on: slot, at: time) {
                parts.shares.append(
                    LotShare(grant: share.grant, source: share.source, micros: back))
            } else {
                parts.regranted += back
            }
        }
        return parts
    }

    /// True of a lot that has not ended: then it is one that may pay, or one that was used up.
    private func canComeBack(
        to grant: Position, on slot: AccountSlot, at time: Instant
    ) -> Bool {
        let index = lotIndex(of: grant, on: slot)
        guard index == Lot.none else { return lots[Int(index)].isUsable(at: time) }
        return closedLot(at: grant, on: slot)?.isUsable(at: time) ?? false
    }

    /// The lot granted at `position`, if it was used up and is not forgotten.
    func closedLot(at position: Position, on slot: AccountSlot) -> Lot? {
        var next = records[Int(slot)].firstClosedLot
        while next != Lot.none {
            if lots[Int(next)].position == position { return lots[Int(next)] }
            next = lots[Int(next)].next
        }
        return nil
    }

    /// The entry that must follow a refund at `position`, if lots have ended that paid for it.
    public func regrant(
        after refund: RefundEvent, at position: Position, validSeconds: Int64
    ) -> GrantEvent? {
        guard refund.regranted > 0 else { return nil }
        let (slot, time) = (refund.head.account, refund.head.time)
        var grant = NewGrant(amount: Credits(micros: refund.regranted), source: .adjustment)
        let id: EntryID = position.id()
        grant.memo = Array("{\"refund\":\"\(id.text)\"}".utf8)
        return GrantEvent(
            head: head(
                on: slot, at: time, available: records[Int(slot)].available + refund.regranted,
                debt: records[Int(slot)].debt),
            key: nil, grant: grant, effectiveAt: time,
            expiresAt: time.advanced(seconds: validSeconds), repaid: 0, isAdjustment: true)
    }

    mutating func apply(_ event: RefundEvent, in segment: UInt64) {
        let slot = event.head.account
        for share in event.shares {
            if lotIndex(of: share.grant, on: slot) == Lot.none { reopen(share.grant, of: slot) }
            let lot = lotIndex(of: share.grant, on: slot)
            guard lot != Lot.none else { continue }
            lots[Int(lot)].spent -= share.micros
            lots[Int(lot)].remaining += share.micros
        }
        if hasBudgets(slot) { budgets[slot].recount(event) }
        refunds.add(RefundTotal(charge: event.charge, micros: event.amount), of: slot)
        records[Int(slot)].refunded += Int128(event.amount)
        records[Int(slot)].uncollected -= Int128(event.forgiven)
        apply(head: event.head, in: segment)
        scheduleDue(of: slot)
    }
}
