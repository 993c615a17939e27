internal import Credit
public import Engine
public import Ledger
public import Store

private typealias StoredLot = Lot

extension ModelView {
    /// What a ledger holds of an account, in the model's words; nil when there is no such account.
    public init?(_ ledger: Ledger, account name: String) {
        guard let slot = ledger.slot(of: name.utf8.span) else { return nil }
        let record = ledger.record(slot)
        let lots = ledger.lots(of: slot)
        let time = record.sequence == 0 ? Instant.earliest : record.lastTime
        let closed = lots.filter { $0.state == .closed }.sorted { $0.position < $1.position }
        let usedUp = closed.filter { !$0.isVoided && time < $0.expiresAt }
        let ended = closed.filter { $0.isVoided || time >= $0.expiresAt }
        self.init(
            account: name, available: record.available, held: record.held, debt: record.debt,
            overdraft: record.overdraftLimit, sequence: record.sequence,
            lastTime: record.sequence == 0 ? .min : record.lastTime.micros,
            isSuspended: record.isSuspended, granted: record.granted, charged: record.charged,
            uncollected: record.uncollected, refunded: record.refunded,
            lots: (lots.filter { $0.state != .closed } + usedUp).map(Lot.init),
            ended: ended.map(Lot.init),
            holds: ledger.holds(of: slot).map { Spot($0.position) },
            budgets: ledger.budgets(of: slot).map(Budget.init),
            subscription: ledger.subscription(slot).map(\.text),
            scenarios: Dictionary(
                ledger.catalogue.scenarios(of: slot).map {
                    ($0.id.text, String(decoding: $0.description, as: UTF8.self))
                }, uniquingKeysWith: { $0 + $1 }))
    }
}

extension ModelView.Lot {
    fileprivate init(_ lot: StoredLot) {
        self.init(
            grant: Spot(lot.position), granted: lot.granted, remaining: lot.remaining,
            held: lot.held, spent: lot.spent, expired: lot.expired, voided: lot.voided,
            isWaiting: lot.state == .waiting, isClosed: lot.state == .closed)
    }
}

extension Subscription {
    /// Its figures in the order in which the model gives them.
    fileprivate var text: String {
        let plan = plan.map { "\($0.id.text) \($0.version)" } ?? "- 0"
        let pending = pending.map { $0?.text ?? "-" } ?? ""
        return "\(plan) \(number) \(start.micros) \(end.micros) \(pending) \(unused) \(usedBefore)"
    }
}

private typealias StoredBudget = Budget

extension ModelView.Budget {
    fileprivate init(_ budget: StoredBudget) {
        let used = budget.counters.map { counter in
            let values = budget.terms.values(of: counter.key).map {
                String(decoding: $0.value, as: UTF8.self)
            }
            return (values.joined(separator: "|"), counter.used)
        }
        self.init(
            name: budget.terms.name.text, limit: budget.terms.limit, since: Spot(budget.since),
            start: budget.windowStart.micros, end: budget.windowEnd.micros,
            used: Dictionary(used) { $0 + $1 })
    }
}

extension ModelReply {
    /// What an engine answered, in the model's words; nil for what it never answers so.
    public init?(_ outcome: Outcome) {
        switch outcome {
        case .waiting, .unknown: return nil
        case .recorded(let position): self = .recorded(Spot(position))
        case .seenBefore(let position): self = .seenBefore(Spot(position))
        case .rejected(let rejection): self = .rejected(rejection.code)
        case .answered(let answer):
            guard let view = answer as? ModelView? else { return nil }
            self = .view(view)
        }
    }
}

extension Rejection {
    /// The code on the wire (design of the API, section 1).
    fileprivate var code: String {
        switch self {
        case .insufficientCredits: "insufficient_credits"
        case .holdNotOpen: "hold_not_open"
        case .budgetExceeded: "budget_exceeded"
        case .budgetNotFound: "not_found"
        case .planNotFound: "invalid_field"
        case .budgetShapeFixed, .budgetParentInvalid, .budgetHasChildren, .tooManyBudgets,
            .tooManyScenarios:
            "invalid_field"
        case .refundExceedsCharge: "refund_exceeds_charge"
        case .tooManyHolds: "rate_limited"
        case .accountSuspended: "account_suspended"
        case .accountNotFound, .grantNotFound, .holdNotFound, .apiKeyNotFound, .priceListNotFound:
            "not_found"
        case .accountExists, .apiKeyExists: "already_exists"
        case .grantNotOpen: "grant_not_open"
        case .unknownAction: "unknown_action"
        case .invalidParameter: "invalid_field"
        case .balanceOverflow: "balance_overflow"
        case .amountOutOfRange: "amount_out_of_range"
        case .timeOutOfRange: "timestamp_out_of_range"
        }
    }
}

extension SegmentContents {
    /// The events in order, in the model's words; `names` are those of the accounts by slot.
    ///
    /// A new account's name is added to `names`, so that one list serves a whole journal.
    public func modelEvents(names: inout [String]) -> [ModelEvent] {
        var events: [ModelEvent] = []
        let usesByCharge = Dictionary(grouping: uses, by: \.charge)
        visit { position, item in
            switch item {
            case .charge(let index):
                var event = modelEvent(of: charges[index], at: Spot(position), names)
                event.uses = (usesByCharge[index] ?? []).map(\.use.text)
                events.append(event)
            case .event(let index):
                if case .accountCreated(let new, _) = self.events[index] {
                    names.append(new.id.text)
                }
                events.append(self.events[index].modelEvent(at: Spot(position), names))
            }
        }
        return events
    }

    private func modelEvent(of charge: ChargeEvent, at spot: Spot, _ names: [String]) -> ModelEvent
    {
        let role = role(of: charge)
        var event = ModelEvent(role.modelKind, charge.head, at: spot, names)
        if case .captured(let settlement) = role { event.take(settlement) }
        event.amount = charge.credits
        event.shares = shares[charge.shares].map(ModelShare.init)
        event.overdrawn = charge.overdrawn
        event.uncollected = charge.uncollected
        event.key = String(decoding: bytes[charge.idempotence.key.indices], as: UTF8.self)
        event.team = String(decoding: bytes[charge.details.team.indices], as: UTF8.self)
        event.run = String(decoding: bytes[charge.details.run.indices], as: UTF8.self)
        event.module = String(decoding: bytes[charge.details.module.indices], as: UTF8.self)
        event.content = UInt64(truncatingIfNeeded: charge.idempotence.fingerprint)
        return event
    }
}

extension HoldRole? {
    fileprivate var modelKind: ModelEvent.Kind {
        switch self {
        case nil: .charged
        case .placed: .held
        case .captured: .captured
        }
    }
}

extension ModelShare {
    fileprivate init(_ share: LotShare) {
        self.init(grant: Spot(share.grant), micros: share.micros)
    }
}

extension ModelEvent {
    fileprivate init(_ kind: Kind, _ head: EntryHead, at spot: Spot, _ names: [String]) {
        self.init(spot: spot, account: names[Int(head.account)], kind: kind, time: head.time.micros)
        sequence = head.sequence
        available = head.balance.available.micros
        held = head.balance.held.micros
        debt = head.balance.negative.micros
    }

    fileprivate mutating func take(_ settlement: HoldSettlement) {
        about = Spot(settlement.hold)
        isExpiry = settlement.cause == .expired
        repaid = settlement.repaid
        lapsed = settlement.lapsed
    }

    fileprivate mutating func take(_ key: EntryKey?) {
        guard let key else { return }
        self.key = String(decoding: key.bytes, as: UTF8.self)
        content = UInt64(truncatingIfNeeded: key.fingerprint)
    }
}

extension Event {
    fileprivate func modelEvent(at spot: Spot, _ names: [String]) -> ModelEvent {
        func plain(_ kind: ModelEvent.Kind, _ account: String, _ time: Instant) -> ModelEvent {
            ModelEvent(spot: spot, account: account, kind: kind, time: time.micros)
        }
        return switch self {
        case .accountCreated(let new, let time): plain(.accountCreated, new.id.text, time)
        case .accountChanged(let slot, _, let time):
            plain(.accountChanged, names[Int(slot)], time)
        case .accountSuspended(let slot, let time):
            plain(.accountSuspended, names[Int(slot)], time)
        case .accountResumed(let slot, let time): plain(.accountResumed, names[Int(slot)], time)
        case .apiKeyCreated(let new, let time): plain(.keyCreated, new.role.accountText, time)
        case .apiKeyChanged(_, _, let time), .apiKeyRevoked(_, let time):
            plain(.accountChanged, "", time)
        case .priceListPut(let put): plain(.accountChanged, "", put.time)
        case .planPut(let plan):
            plain(.planPut, "", plan.time).saying("\(plan.terms.id.text) \(plan.version)")
        case .periodStarted(let event): event.modelEvent(at: spot, names)
        case .planPending(let event): event.modelEvent(at: spot, names)
        case .budgetPut(let event): plain(.budgetPut, names[Int(event.account)], event.time)
        case .budgetDeleted(let slot, _, let time):
            plain(.budgetDeleted, names[Int(slot)], time)
        case .budgetRestarted(let slot, _, _, let time):
            plain(.budgetRestarted, names[Int(slot)], time)
        case .scenarioPut(let event):
            plain(.scenarioPut, names[Int(event.account)], event.time).saying(
                "\(event.id.text) \(String(decoding: event.description, as: UTF8.self))")
        case .runStarted(let event):
            plain(.runStarted, names[Int(event.account)], event.time).saying(
                "\(event.run.text) \(event.scenario.text) \(event.startedAt.micros)")
        case .runFinished(let event):
            plain(.runFinished, names[Int(event.account)], event.time).saying(
                "\(event.run.text) \(event.status.rawValue)")
        case .granted(let event): event.modelEvent(at: spot, names)
        case .lot(let event): event.modelEvent(at: spot, names)
        case .adjusted(let event): event.modelEvent(at: spot, names)
        case .released(let event): event.modelEvent(at: spot, names)
        case .refunded(let event): event.modelEvent(at: spot, names)
        case .refused(let event): event.modelEvent(at: spot, names)
        }
    }
}

extension APIKeyRole {
    fileprivate var accountText: String {
        if case .customer(let account) = self { account.text } else { "" }
    }
}

extension GrantEvent {
    fileprivate func modelEvent(at spot: Spot, _ names: [String]) -> ModelEvent {
        var event = ModelEvent(.granted, head, at: spot, names)
        event.amount = amount.micros
        event.repaid = repaid
        event.take(key)
        return event
    }
}

extension LotEvent {
    fileprivate func modelEvent(at spot: Spot, _ names: [String]) -> ModelEvent {
        let kind: ModelEvent.Kind =
            switch cause {
            case .activated: .activated
            case .expired: .expired
            case .voided: .voided
            }
        var event = ModelEvent(kind, head, at: spot, names)
        event.amount = amount
        event.repaid = repaid
        event.shares = [ModelShare(grant: Spot(grant), micros: amount)]
        event.take(key)
        return event
    }
}

extension AdjustmentEvent {
    fileprivate func modelEvent(at spot: Spot, _ names: [String]) -> ModelEvent {
        var event = ModelEvent(.adjusted, head, at: spot, names)
        event.amount = amount.micros
        event.shares = shares.map(ModelShare.init)
        event.overdrawn = overdrawn
        event.take(key)
        return event
    }
}

extension ModelEvent {
    fileprivate func saying(_ note: String) -> Self {
        var event = self
        event.note = note
        return event
    }
}

extension PeriodEvent {
    fileprivate func modelEvent(at spot: Spot, _ names: [String]) -> ModelEvent {
        var event = ModelEvent(
            spot: spot, account: names[Int(account)], kind: .periodStarted, time: time.micros)
        let plan = plan.map { "\($0.id.text) \($0.version)" } ?? "- 0"
        event.note =
            "\(plan) \(number) \(window.lowerBound.micros) \(window.upperBound.micros)"
        event.take(key)
        return event
    }
}

extension PendingPlanEvent {
    fileprivate func modelEvent(at spot: Spot, _ names: [String]) -> ModelEvent {
        var event = ModelEvent(
            spot: spot, account: names[Int(account)], kind: .planPending, time: time.micros)
        event.note = "\(plan?.text ?? "-") \(effectiveAt.micros)"
        event.take(key)
        return event
    }
}

extension ReleaseEvent {
    fileprivate func modelEvent(at spot: Spot, _ names: [String]) -> ModelEvent {
        var event = ModelEvent(.released, head, at: spot, names)
        event.amount = settlement.reserved
        event.take(settlement)
        event.take(key)
        return event
    }
}

extension RefundEvent {
    fileprivate func modelEvent(at spot: Spot, _ names: [String]) -> ModelEvent {
        var event = ModelEvent(.refunded, head, at: spot, names)
        event.about = Spot(charge)
        event.amount = amount
        event.forgiven = forgiven
        event.repaid = repaid
        event.regranted = regranted
        event.shares = shares.map(ModelShare.init)
        event.take(key)
        return event
    }
}

extension RefusalEvent {
    fileprivate func modelEvent(at spot: Spot, _ names: [String]) -> ModelEvent {
        let kind: ModelEvent.Kind =
            switch reason {
            case .insufficientCredits(let required, let spendable):
                .refusedFunds(required: required.micros, spendable: spendable.micros)
            case .accountSuspended: .refusedSuspended
            case .holdNotOpen: .refusedHold
            case .refundExceedsCharge(let refundable): .refusedRefund(left: refundable.micros)
            case .budgetExceeded(let excess):
                .refusedBudget(
                    name: excess.budget.text, limit: excess.limit.micros, used: excess.used,
                    until: excess.resetsAt.micros)
            }
        var event = ModelEvent(
            spot: spot, account: names[Int(account)], kind: kind, time: time.micros)
        event.take(key)
        return event
    }
}

extension BudgetUse {
    /// Its figures in the order in which the model gives them.
    fileprivate var text: String {
        "\(budget.text) \(limit) \(before) \(change) \(resetsAt == .never ? .max : resetsAt.micros)"
    }
}
