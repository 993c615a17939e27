public import Credit
internal import JSON
public import Ledger

/// Entries that are no charges.
extension [UInt8] {
    /// Appends an event of an account; nothing for events that no account lists.
    public mutating func append(entry event: Event, at position: Position, names: EntryNames) {
        switch event {
        case .granted(let grant): append(grant, at: position, names)
        case .lot(let lot): append(lot, at: position, names)
        case .adjusted(let adjustment): append(adjustment, at: position, names)
        case .released(let release): append(release, at: position, names)
        case .refunded(let refund): append(refund, at: position, names)
        case .periodStarted(let period): append(period, names)
        case .planPending(let pending): append(pending, names)
        case .refused(let refusal): append(refusal, at: position, names)
        case .accountCreated, .accountChanged, .accountSuspended, .accountResumed, .apiKeyCreated,
            .apiKeyChanged, .apiKeyRevoked, .priceListPut, .budgetPut, .budgetDeleted,
            .budgetRestarted, .planPut, .scenarioPut, .runStarted, .runFinished:
            break
        }
    }

    private mutating func begin(
        _ kind: StaticString, at position: Position, _ names: EntryNames, sequence: UInt64?,
        credits: Credits
    ) {
        append(literal: "{\"entry_id\":\"")
        append(id: position.id(as: EntryID.self))
        append(literal: "\",\"account\":\"")
        append(contentsOf: names.account)
        append(literal: "\",\"seq\":")
        if let sequence { append(decimal: sequence) } else { append(literal: "null") }
        append(literal: ",\"kind\":\"")
        append(literal: kind)
        append(literal: "\",\"credits\":")
        append(credits: credits)
    }

    private mutating func append(
        _ grant: GrantEvent, at position: Position, _ names: EntryNames
    ) {
        begin(
            grant.isAdjustment ? "adjustment" : "grant", at: position, names,
            sequence: grant.head.sequence, credits: grant.amount)
        append(grant: position)
        append(literal: ",\"source\":\"")
        append(text: grant.source.text)
        append(literal: "\",\"priority\":")
        append(decimal: Int64(grant.priority))
        append(literal: ",\"effective_at\":")
        append(time: grant.effectiveAt)
        append(literal: ",\"expires_at\":")
        append(time: grant.expiresAt)
        append(literal: ",\"repaid\":")
        append(credits: Credits(micros: grant.repaid))
        append(memo: grant.memo)
        append(balanceOf: grant.head)
        append(UInt8(ascii: "}"))
    }

    private mutating func append(_ lot: LotEvent, at position: Position, _ names: EntryNames) {
        begin(
            lot.cause.kind, at: position, names, sequence: lot.head.sequence,
            credits: Credits(micros: lot.amount))
        append(grant: lot.grant)
        append(literal: ",\"repaid\":")
        append(credits: Credits(micros: lot.repaid))
        append(balanceOf: lot.head)
        append(UInt8(ascii: "}"))
    }

    private mutating func append(
        _ adjustment: AdjustmentEvent, at position: Position, _ names: EntryNames
    ) {
        begin(
            "adjustment", at: position, names, sequence: adjustment.head.sequence,
            credits: Credits(micros: 0 &- adjustment.amount.micros))
        append(memo: adjustment.memo)
        append(lots: adjustment.shares)
        append(balanceOf: adjustment.head)
        append(UInt8(ascii: "}"))
    }

    private mutating func append(
        _ release: ReleaseEvent, at position: Position, _ names: EntryNames
    ) {
        begin(
            release.kind, at: position, names, sequence: release.head.sequence, credits: .zero)
        append(release.settlement, released: release.settlement.reserved)
        append(balanceOf: release.head)
        append(UInt8(ascii: "}"))
    }

    private mutating func append(
        _ refund: RefundEvent, at position: Position, _ names: EntryNames
    ) {
        begin(
            "refund", at: position, names, sequence: refund.head.sequence,
            credits: Credits(micros: refund.amount))
        append(literal: ",\"refunds\":\"")
        append(id: refund.charge.id(as: EntryID.self))
        append(literal: "\",\"action\":")
        append(jsonString: refund.action.span)
        append(literal: ",\"forgiven\":")
        append(credits: Credits(micros: refund.forgiven))
        append(literal: ",\"repaid\":")
        append(credits: Credits(micros: refund.repaid))
        append(literal: ",\"regranted\":")
        append(credits: Credits(micros: refund.regranted))
        append(memo: refund.memo)
        append(lots: refund.shares)
        append(balanceOf: refund.head)
        append(UInt8(ascii: "}"))
    }

    private mutating func append(
        _ refusal: RefusalEvent, at position: Position, _ names: EntryNames
    ) {
        begin("refusal", at: position, names, sequence: nil, credits: .zero)
        append(literal: ",\"action\":")
        if refusal.action.isEmpty {
            append(literal: "null")
        } else {
            append(jsonString: refusal.action.span)
        }
        let problem = Problem(refusal.reason)
        append(literal: ",\"code\":\"")
        append(text: problem.code.rawValue)
        append(UInt8(ascii: "\""))
        if let shortfall = problem.shortfall {
            append(literal: ",\"required\":")
            append(credits: shortfall.required)
            append(literal: ",\"available\":")
            append(credits: shortfall.available)
        }
        if let excess = problem.excess { append(excess) }
        append(literal: ",\"key\":")
        append(keyID: names.key)
        append(literal: ",\"created_at\":")
        append(time: refusal.time)
        append(UInt8(ascii: "}"))
    }

    /// Appends the answer to a change of plan that acts at once.
    private mutating func append(_ period: PeriodEvent, _ names: EntryNames) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("account")
        writer.value(string: names.account.span)
        writer.member("plan", period.plan?.id)
        writer.member("version", period.plan.map { Int64($0.version) })
        writer.member("when", "now")
        writer.member("period", PeriodFigures(period.window, number: period.number))
        writer.member("created_at", period.time)
        writer.endObject()
        append(contentsOf: writer.bytes)
    }

    /// Appends the answer to one that waits for the end of the period.
    private mutating func append(_ pending: PendingPlanEvent, _ names: EntryNames) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("account")
        writer.value(string: names.account.span)
        writer.member("plan", pending.plan)
        writer.member("when", "period_end")
        writer.member("effective_at", pending.effectiveAt)
        writer.member("created_at", pending.time)
        writer.endObject()
        append(contentsOf: writer.bytes)
    }

    private mutating func append(grant position: Position) {
        append(literal: ",\"grant_id\":\"")
        append(id: position.id(as: GrantID.self))
        append(UInt8(ascii: "\""))
    }

    /// Appends the members of a canonical JSON object.
    private mutating func append(memo: [UInt8]) {
        guard memo.count > 2 else { return }
        append(UInt8(ascii: ","))
        append(bytes: memo.span.extracting(1..<memo.count - 1))
    }
}

extension ReleaseEvent {
    /// The kind of its entry.
    var kind: StaticString { settlement.cause == .requested ? "release" : "hold_expiry" }
}

extension LotEvent.Cause {
    /// The kind of its entry.
    var kind: StaticString {
        switch self {
        case .activated: "grant_activation"
        case .expired: "grant_expiry"
        case .voided: "void"
        }
    }
}
