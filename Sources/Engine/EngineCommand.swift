internal import Credit
public import Ledger
public import Pricing
internal import Store

extension Engine {
    /// Decides a command that is no charge.
    mutating func decide(_ command: Command, at now: Instant) -> Outcome {
        if case .money(let money) = command { return decide(money, at: now) }
        do throws(Rejection) {
            let event = try ledger.decide(command, window: window(for: command, at: now), at: now)
            try keepPrices(event)
            let position = record(event)
            if case .accountCreated(let new, _) = event, let plan = new.plan,
                let slot = ledger.slot(of: new.id)
            {
                startPeriod(of: slot, under: plan, at: now, anchor: nil, key: nil)
            }
            return .recorded(position)
        } catch {
            return .rejected(error)
        }
    }

    /// Keeps the price book in step with what is about to be recorded.
    private mutating func keepPrices(_ event: Event) throws(Rejection) {
        switch event {
        case .priceListPut(let put):
            do {
                try prices.put(
                    put.name, version: put.version, effectiveAt: put.effectiveAt, json: put.json)
            } catch {
                throw .invalidParameter(field: "rules", isMissing: false, detail: "\(error)")
            }
        case .accountCreated, .accountChanged: prices.forgetAccounts()
        case .accountSuspended, .accountResumed, .apiKeyCreated, .apiKeyChanged, .apiKeyRevoked,
            .granted, .lot, .adjusted, .released, .refunded, .budgetPut, .budgetDeleted,
            .budgetRestarted, .planPut, .periodStarted, .planPending, .refused, .scenarioPut,
            .runStarted, .runFinished:
            break
        }
    }

    private mutating func decide(_ command: MoneyCommand, at now: Instant) -> Outcome {
        let slot: AccountSlot
        do throws(Rejection) {
            slot = try ledger.account(of: command)
        } catch {
            return .rejected(error)
        }
        let hash = ledger.keyHash(of: command.idempotencyKey.span, on: slot)
        if let position = ledger.keyWindow.position(of: hash) { return .seenBefore(position) }
        guard command.account != nil || isCertain(of: hash) else { return .rejected(.holdNotFound) }
        do throws(Rejection) {
            let time = try entryTime(posted: command.postedAt ?? .never, on: slot, at: now)
            settle(slot, at: time)
            if case .subscribe(let plan, let atPeriodEnd) = command.request {
                return .recorded(
                    try subscribe(
                        to: plan, atPeriodEnd: atPeriodEnd, command, on: slot, at: time))
            }
            let event = try ledger.decide(command, on: slot, at: time)
            let position = record(event)
            regrant(after: event, at: position, for: command)
            return .recorded(position)
        } catch {
            let key = EntryKey(bytes: command.idempotencyKey, fingerprint: command.fingerprint)
            let call = call(of: command)
            return refuse(
                error, key: key, action: call.action, apiKey: call.key, on: slot, at: now)
        }
    }

    /// Grants anew what a refund gives of lots that have ended.
    private mutating func regrant(
        after event: Event, at position: Position, for command: MoneyCommand
    ) {
        guard case .refunded(let refunded) = event, case .refund(let refund) = command.request,
            let grant = ledger.regrant(
                after: refunded, at: position, validSeconds: refund.validSeconds)
        else { return }
        record(.granted(grant))
    }

    /// The action and key of the call that a command is about, if it is about one.
    private func call(of command: MoneyCommand) -> (action: [UInt8], key: APIKeySlot) {
        switch command.request {
        case .refund(let refund): (refund.charge.call[.action], refund.charge.call.key)
        case .grant, .void, .adjust, .release, .subscribe: ([], ChargeCommand.noKey)
        }
    }

    /// Answers a query after making entries of what is due on its account.
    mutating func answer(_ query: LedgerQuery, at now: Instant) -> Outcome {
        if let account = query.account, let slot = ledger.slot(of: account) {
            settle(slot, at: now)
        }
        return .answered(query.answer(ledger, prices, now))
    }
}

extension Rejection {
    /// What a call that the price list cannot price is refused with.
    public init(_ error: PricingError) {
        switch error {
        case .unknownAction: self = .unknownAction
        case .missingField(let field):
            self = .invalidParameter(field: field, isMissing: true, detail: error.detail)
        case .invalidField(let field), .invalidFactor(let field), .invalidChoice(let field),
            .invalidList(let field), .tooManyItems(let field), .invalidObject(let field),
            .ambiguousField(let field):
            self = .invalidParameter(field: field, isMissing: false, detail: error.detail)
        case .amountOutOfRange: self = .amountOutOfRange
        }
    }
}
