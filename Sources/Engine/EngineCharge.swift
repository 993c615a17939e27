internal import Credit
internal import Ledger
internal import Pricing
internal import Store

extension Engine {
    /// Decides one charge: the key first, then what is due, the price, the balance.
    ///
    /// Its texts lie in `bytes`, and the same from `base` on in the texts of the segment.
    mutating func decide(
        _ command: ChargeCommand, _ lookup: ChargeLookup, in bytes: [UInt8], base: Int,
        at now: Instant
    ) -> Outcome {
        guard let (slot, hash) = found(command, lookup, in: bytes) else {
            return .rejected(.accountNotFound)
        }
        if let position = ledger.keyWindow.position(of: hash) { return .seenBefore(position) }
        do throws(Rejection) {
            let time = try entryTime(posted: command.postedAt, on: slot, at: now)
            settle(slot, at: time)
            let position = try charge(command, in: bytes, base: base, on: slot, at: time, now: now)
            ledger.remember(hash, at: position)
            return .recorded(position)
        } catch {
            return refuse(command, in: bytes, on: slot, at: now, because: error)
        }
    }

    /// The account and the hash of the key; looks an account up again that the batch made itself.
    func found(
        _ command: ChargeCommand, _ lookup: ChargeLookup, in bytes: [UInt8]
    ) -> (AccountSlot, IdempotencyIndex.Hash)? {
        if let slot = lookup.slot { return (slot, lookup.keyHash) }
        guard let slot = ledger.slot(of: bytes.span.extracting(command.account.indices)) else {
            return nil
        }
        let key = bytes.span.extracting(command.idempotence.key.indices)
        return (slot, ledger.keyHash(of: key, on: slot))
    }

    /// The time to decide at: now, or the time that an operator sent for an import.
    func entryTime(
        posted: Instant, on slot: AccountSlot, at now: Instant
    ) throws(Rejection) -> Instant {
        guard posted != .never else { return now }
        let last = ledger.record(slot).lastTime
        guard posted <= now, posted >= last else { throw .timeOutOfRange(field: "posted_at") }
        return posted
    }

    private mutating func charge(
        _ command: ChargeCommand, in bytes: [UInt8], base: Int, on slot: AccountSlot,
        at time: Instant, now: Instant
    ) throws(Rejection) -> Position {
        let price = try price(of: command, in: bytes, on: slot, at: time, now: now)
        let sharesStart = contents.shares.count
        let scope = scope(of: command, on: slot)
        let decision = try ledger.decideCharge(
            price.credits, on: slot, call: scope, in: bytes, onShort: command.onShort, at: time,
            shares: &contents.shares)
        note(decision, scope, in: bytes, on: slot)
        let event = ChargeEvent(
            head: decision.head, credits: decision.credits, overdrawn: decision.overdrawn,
            uncollected: decision.uncollected,
            sharesStart: UInt32(truncatingIfNeeded: sharesStart),
            sharesCount: UInt32(truncatingIfNeeded: contents.shares.count - sharesStart),
            price: price.reference, key: command.key, units: price.units,
            idempotence: Idempotence(
                key: command.idempotence.key.moved(by: base),
                fingerprint: command.idempotence.fingerprint),
            action: command.action.moved(by: base),
            details: command.details.moved(by: base))
        let position = contents.nextPosition
        ledger.apply(event, shares: contents.shares, bytes: contents.bytes, at: position)
        contents.append(event)
        return position
    }

    /// Records what budgets have used, with the charge that is added next.
    @inline(__always)
    mutating func note(
        _ decision: ChargeDecision, _ scope: ScopeRanges?, in bytes: [UInt8],
        on slot: AccountSlot
    ) {
        guard let scope else { return }
        ledger.appendBudgetUses(
            decision.credits, scope, in: bytes, on: slot, at: decision.head.time,
            charge: contents.charges.count, to: &contents.uses)
    }

    /// What budgets go by, nil for accounts that have none.
    @inline(__always)
    func scope(of command: ChargeCommand, on slot: AccountSlot) -> ScopeRanges? {
        ledger.hasBudgets(slot) ? command.scope : nil
    }

    /// What a call costs: as the price list says, or as the caller does.
    @inline(__always)
    mutating func price(
        of command: ChargeCommand, in bytes: [UInt8], on slot: AccountSlot, at time: Instant,
        now: Instant
    ) throws(Rejection) -> (credits: Credits, units: Int64, reference: PriceReference) {
        guard command.amount == ChargeCommand.notByHand else {
            return (Credits(micros: command.amount), 1, .byHand)
        }
        let (quote, reference) = try prices.price(
            command, in: bytes, of: slot, catalogue: ledger.catalogue, at: time, now: now)
        guard quote.credits.isWithinLimit else { throw .amountOutOfRange }
        return (quote.credits, quote.units, reference)
    }

    mutating func refuse(
        _ command: ChargeCommand, in bytes: [UInt8], on slot: AccountSlot, at now: Instant,
        because rejection: Rejection
    ) -> Outcome {
        let key = EntryKey(
            bytes: [UInt8](bytes[command.idempotence.key.indices]),
            fingerprint: command.idempotence.fingerprint)
        return refuse(
            rejection, key: key, action: [UInt8](bytes[command.action.indices]),
            apiKey: command.key, on: slot, at: now)
    }

    /// Records a refusal that is final for its key; any other leaves the key free.
    mutating func refuse(
        _ rejection: Rejection, key: EntryKey, action: [UInt8], apiKey: APIKeySlot,
        on slot: AccountSlot, at now: Instant
    ) -> Outcome {
        guard let reason = RefusalEvent.Reason(rejection) else { return .rejected(rejection) }
        let time = max(now, ledger.record(slot).lastTime)
        return .recorded(
            record(
                .refused(
                    RefusalEvent(
                        account: slot, time: time, key: key, reason: reason, action: action,
                        apiKey: apiKey))))
    }
}

extension CallDetails {
    /// The same, with texts that lie `offset` further on.
    @inline(__always)
    func moved(by offset: Int) -> Self {
        var moved = self
        moved.team = team.moved(by: offset)
        moved.scenario = scenario.moved(by: offset)
        moved.run = run.moved(by: offset)
        moved.module = module.moved(by: offset)
        moved.requestID = requestID.moved(by: offset)
        moved.parameters = parameters.moved(by: offset)
        moved.metadata = metadata.moved(by: offset)
        return moved
    }
}

extension RefusalEvent.Reason {
    /// The rejections that are recorded and final for their key (docs/adr/0008-idempotency.md).
    init?(_ rejection: Rejection) {
        switch rejection {
        case .insufficientCredits(let required, let spendable):
            self = .insufficientCredits(required: required, spendable: spendable)
        case .accountSuspended: self = .accountSuspended
        case .holdNotOpen: self = .holdNotOpen
        case .refundExceedsCharge(let refundable):
            self = .refundExceedsCharge(refundable: refundable)
        case .budgetExceeded(let excess): self = .budgetExceeded(excess)
        case .budgetNotFound, .planNotFound, .budgetShapeFixed, .budgetParentInvalid,
            .budgetHasChildren,
            .tooManyBudgets, .tooManyScenarios, .tooManyHolds, .holdNotFound, .accountNotFound,
            .accountExists,
            .grantNotFound, .grantNotOpen, .apiKeyNotFound, .apiKeyExists, .priceListNotFound,
            .unknownAction, .invalidParameter,
            .balanceOverflow, .amountOutOfRange, .timeOutOfRange:
            return nil
        }
    }
}
