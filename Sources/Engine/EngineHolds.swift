internal import Credit
internal import Ledger
internal import Pricing
internal import Store

/// What a request wants of a hold.
enum HoldStep: Sendable {
    /// To place one.
    case placed(HoldRequest)
    /// To charge for the one placed there.
    case captured(Position)
}

extension Engine {
    /// Decides the placing or capture of a hold, as a charge is decided.
    mutating func decide(
        _ command: ChargeCommand, _ step: HoldStep, _ lookup: ChargeLookup, in bytes: [UInt8],
        base: Int, at now: Instant
    ) -> Outcome {
        guard let (slot, hash) = found(command, step, lookup, in: bytes) else {
            return .rejected(command.account.isEmpty ? .holdNotFound : .accountNotFound)
        }
        if let position = ledger.keyWindow.position(of: hash) { return .seenBefore(position) }
        do throws(Rejection) {
            let time = try entryTime(posted: command.postedAt, on: slot, at: now)
            settle(slot, at: time)
            let position =
                switch step {
                case .placed(let request):
                    try place(
                        command, request, in: bytes, base: base, on: slot, at: time, now: now)
                case .captured(let hold):
                    try capture(command, of: hold, in: bytes, base: base, on: slot, at: time)
                }
            ledger.remember(hash, at: position)
            return .recorded(position)
        } catch {
            return refuse(command, in: bytes, on: slot, at: now, because: error)
        }
    }

    /// The account and the hash of the key; a capture may leave the account to its open hold.
    private func found(
        _ command: ChargeCommand, _ step: HoldStep, _ lookup: ChargeLookup, in bytes: [UInt8]
    ) -> (AccountSlot, IdempotencyIndex.Hash)? {
        guard command.account.isEmpty else { return found(command, lookup, in: bytes) }
        guard case .captured(let position) = step, let hold = ledger.hold(at: position) else {
            return nil
        }
        let key = bytes.span.extracting(command.idempotence.key.indices)
        let hash = ledger.keyHash(of: key, on: hold.account)
        return isCertain(of: hash) ? (hold.account, hash) : nil
    }

    private mutating func place(
        _ command: ChargeCommand, _ request: HoldRequest, in bytes: [UInt8], base: Int,
        on slot: AccountSlot, at time: Instant, now: Instant
    ) throws(Rejection) -> Position {
        let price = try price(of: command, in: bytes, on: slot, at: time, now: now)
        guard request.minimum <= price.credits.micros else {
            throw .invalidParameter(
                field: "minimum", isMissing: false, detail: "it is at most what is held")
        }
        let sharesStart = contents.shares.count
        let scope = scope(of: command, on: slot)
        let decision = try ledger.decideHold(
            price.credits, on: slot, call: scope, in: bytes, at: time, shares: &contents.shares)
        note(decision, scope, in: bytes, on: slot)
        let terms = HoldTerms(
            expiresAt: decision.head.time.advanced(seconds: request.seconds),
            onExpiry: request.onExpiry, minimum: request.minimum)
        var event = command.event(decision, sharesStart, contents.shares.count, base: base)
        event.price = price.reference
        event.units = price.units
        return record(event, .placed(terms))
    }

    private mutating func capture(
        _ command: ChargeCommand, of position: Position, in bytes: [UInt8], base: Int,
        on slot: AccountSlot, at time: Instant
    ) throws(Rejection) -> Position {
        guard let hold = ledger.hold(at: position), hold.account == slot else {
            throw .holdNotOpen
        }
        let holdBase = contents.bytes.count
        contents.bytes.append(contentsOf: hold.texts)
        var merged = command
        merged.action = hold.action.moved(by: holdBase)
        merged.idempotence.key = command.idempotence.key.moved(by: base)
        merged.key = hold.key
        merged.details = command.details.moved(by: base).completed(
            by: hold.details.moved(by: holdBase))
        let price = try price(of: merged, command, of: hold)
        let sharesStart = contents.shares.count
        let (decision, settlement) = try ledger.decideCapture(
            price.credits, of: hold, cause: .requested, onShort: command.onShort, at: time,
            shares: &contents.shares)
        for use in ledger.budgetUses(decision.credits - hold.reserved, of: hold) {
            contents.append(use)
        }
        var event = merged.event(decision, sharesStart, contents.shares.count, base: 0)
        event.price = price.reference
        event.units = price.units
        return record(event, .captured(settlement))
    }

    /// What a capture costs: what its caller says; else what the version that priced the hold says
    /// of the call as it turned out, if anything is said of that; else what was held.
    private func price(
        of merged: ChargeCommand, _ command: ChargeCommand, of hold: Hold
    ) throws(Rejection) -> (credits: Credits, units: Int64, reference: PriceReference) {
        guard command.amount == ChargeCommand.notByHand else {
            return (Credits(micros: command.amount), 1, .byHand)
        }
        let details = command.details
        let saysMore =
            !details.parameters.isEmpty || details.status != .unsaid || details.results != .none
        guard saysMore, hold.price != .byHand else {
            guard details.parameters.isEmpty else { throw .unpricedHold }
            return (Credits(micros: hold.reserved), hold.units, hold.price)
        }
        let (quote, reference) = try prices.price(
            merged, in: contents.bytes, byVersion: hold.price.version)
        guard quote.credits.isWithinLimit else { throw .amountOutOfRange }
        return (quote.credits, quote.units, reference)
    }

    /// Charges for a hold whose time is over, as its terms say.
    mutating func captureExpired(_ hold: Hold, _ micros: Int64) {
        let sharesStart = contents.shares.count
        // Collecting is never refused.
        guard
            let (decision, settlement) = try? ledger.decideCapture(
                Credits(micros: micros), of: hold, cause: .expired, onShort: .collect,
                at: hold.terms.expiresAt, shares: &contents.shares)
        else { return }
        for use in ledger.budgetUses(decision.credits - hold.reserved, of: hold) {
            contents.append(use)
        }
        let base = contents.bytes.count
        contents.bytes.append(contentsOf: hold.texts)
        var command = ChargeCommand()
        command.action = hold.action
        command.key = hold.key
        command.details = hold.details
        var event = command.event(decision, sharesStart, contents.shares.count, base: base)
        event.price = hold.price
        event.units = hold.units
        record(event, .captured(settlement))
    }

    @discardableResult
    private mutating func record(_ event: ChargeEvent, _ role: HoldRole) -> Position {
        let position = contents.nextPosition
        ledger.apply(
            event, role, shares: contents.shares, bytes: contents.bytes, at: position)
        contents.append(event, role)
        return position
    }
}

extension Rejection {
    /// Parameters cannot price what was held by hand.
    fileprivate static let unpricedHold = Self.invalidParameter(
        field: "parameters", isMissing: false,
        detail: "the hold names its amount: capture it with an amount")
}

extension ChargeCommand {
    /// The event of a decided call whose texts lie `base` further on.
    fileprivate func event(
        _ decision: ChargeDecision, _ sharesStart: Int, _ sharesEnd: Int, base: Int
    ) -> ChargeEvent {
        ChargeEvent(
            head: decision.head, credits: decision.credits, overdrawn: decision.overdrawn,
            uncollected: decision.uncollected,
            sharesStart: UInt32(truncatingIfNeeded: sharesStart),
            sharesCount: UInt32(truncatingIfNeeded: sharesEnd - sharesStart), price: .byHand,
            key: key, units: 1,
            idempotence: Idempotence(
                key: idempotence.key.moved(by: base), fingerprint: idempotence.fingerprint),
            action: action.moved(by: base), details: details.moved(by: base))
    }
}

extension CallDetails {
    /// The same, with what it leaves out as `other` says.
    fileprivate func completed(by other: Self) -> Self {
        var details = self
        if team.isEmpty { details.team = other.team }
        if scenario.isEmpty { details.scenario = other.scenario }
        if run.isEmpty { details.run = other.run }
        if module.isEmpty { details.module = other.module }
        if requestID.isEmpty { details.requestID = other.requestID }
        if parameters.isEmpty { details.parameters = other.parameters }
        if metadata.isEmpty { details.metadata = other.metadata }
        if results == .none { details.results = other.results }
        if bytes == .none { details.bytes = other.bytes }
        if duration == .none { details.duration = other.duration }
        if occurredAt == .never { details.occurredAt = other.occurredAt }
        if status == .unsaid { details.status = other.status }
        if scenarioType == .unsaid { details.scenarioType = other.scenarioType }
        details.isCheckRun = isCheckRun || other.isCheckRun
        return details
    }
}
