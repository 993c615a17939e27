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
        if let position = ledger.idempotency.position(of: hash) { return .seenBefore(position) }
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
    private func found(
        _ command: ChargeCommand, _ lookup: ChargeLookup, in bytes: [UInt8]
    ) -> (AccountSlot, IdempotencyIndex.Hash)? {
        if let slot = lookup.slot { return (slot, lookup.keyHash) }
        guard let slot = ledger.slot(of: bytes.span.extracting(command.account.indices)) else {
            return nil
        }
        let key = bytes.span.extracting(command.idempotence.key.indices)
        return (slot, ledger.idempotency.hash(of: key, account: slot))
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
        var event = ChargeEvent.blank
        let credits: Credits
        if command.amount == ChargeCommand.notByHand {
            let (quote, reference) = try prices.price(
                command, in: bytes, of: slot, catalogue: ledger.catalogue, at: time,
                now: now)
            guard quote.credits.isWithinLimit else { throw .amountOutOfRange }
            credits = quote.credits
            event.units = quote.units
            event.price = reference
        } else {
            credits = Credits(micros: command.amount)
            event.units = 1
        }
        let sharesStart = contents.shares.count
        let decision = try ledger.decideCharge(
            credits, on: slot, onShort: command.onShort, at: time, shares: &contents.shares)
        event.head = decision.head
        event.credits = decision.credits
        event.overdrawn = decision.overdrawn
        event.uncollected = decision.uncollected
        event.sharesStart = UInt32(truncatingIfNeeded: sharesStart)
        event.sharesCount = UInt32(truncatingIfNeeded: contents.shares.count - sharesStart)
        event.key = command.key
        event.takeTexts(of: command, movedBy: base)
        let position = contents.nextPosition
        ledger.apply(event, shares: contents.shares, at: position)
        contents.append(event)
        return position
    }

    private mutating func refuse(
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

extension ChargeEvent {
    /// Takes over the texts of a command, which lie `offset` further on here.
    fileprivate mutating func takeTexts(of command: ChargeCommand, movedBy offset: Int) {
        idempotence = Idempotence(
            key: command.idempotence.key.moved(by: offset),
            fingerprint: command.idempotence.fingerprint)
        action = command.action.moved(by: offset)
        details = command.details
        details.team = command.details.team.moved(by: offset)
        details.scenario = command.details.scenario.moved(by: offset)
        details.run = command.details.run.moved(by: offset)
        details.module = command.details.module.moved(by: offset)
        details.requestID = command.details.requestID.moved(by: offset)
        details.parameters = command.details.parameters.moved(by: offset)
        details.metadata = command.details.metadata.moved(by: offset)
    }
}

extension RefusalEvent.Reason {
    /// The rejections that are recorded and final for their key (docs/adr/0008-idempotency.md).
    init?(_ rejection: Rejection) {
        switch rejection {
        case .insufficientCredits(let required, let spendable):
            self = .insufficientCredits(required: required, spendable: spendable)
        case .accountSuspended: self = .accountSuspended
        case .accountNotFound, .accountExists, .grantNotFound, .grantNotOpen, .apiKeyNotFound,
            .apiKeyExists, .priceListNotFound, .unknownAction, .invalidParameter,
            .balanceOverflow, .amountOutOfRange, .timeOutOfRange:
            return nil
        }
    }
}
