public import Credit
public import Ledger
public import Store

/// Entries as CSV (RFC 4180): one line each, the same columns for every kind.
extension [UInt8] {
    /// Appends the names of the columns.
    public mutating func appendEntryColumns() {
        append(
            literal: """
                entry_id,seq,created_at,kind,action,credits,uncollected,key,team,scenario,\
                scenario_type,run,module,request_id,status,results,bytes,duration_ms,check_run,\
                occurred_at,price,available,held,negative,parameters,metadata,code\r\n
                """)
    }

    /// Appends a charge.
    public mutating func append(
        line charge: ChargeEvent, at position: Position, of contents: borrowing SegmentContents,
        names: EntryNames
    ) {
        let (details, texts) = (charge.details, contents.bytes)
        let role = contents.role(of: charge)
        beginLine(position, sequence: charge.head.sequence, time: charge.head.time, role.entryKind)
        append(cell: charge.action, of: texts)
        append(cell: charge.spent(as: role))
        append(cell: Credits(micros: charge.uncollected))
        append(key: names.key)
        for range in [details.team, details.scenario] { append(cell: range, of: texts) }
        switch details.scenarioType {
        case .unsaid: append(literal: ",")
        case .scenario: append(literal: ",scenario")
        case .agent: append(literal: ",agent")
        }
        for range in [details.run, details.module, details.requestID] {
            append(cell: range, of: texts)
        }
        append(UInt8(ascii: ","))
        append(plain: details.status)
        for count in [details.results, details.bytes, details.duration] { append(cell: count) }
        append(literal: details.isCheckRun ? ",true," : ",false,")
        if details.occurredAt != .never { append(instant: details.occurredAt) }
        append(UInt8(ascii: ","))
        if charge.price != .byHand { append(quoted: names.price.span) }
        append(cells: charge.head.balance)
        append(cell: details.parameters, of: texts)
        append(cell: details.metadata, of: texts)
        append(literal: ",\r\n")
    }

    /// Appends an event of an account that is no charge.
    public mutating func append(line event: Event, at position: Position, names: EntryNames) {
        switch event {
        case .granted(let grant):
            appendLine(
                position, grant.head, grant.isAdjustment ? "adjustment" : "grant", grant.amount)
        case .lot(let lot):
            appendLine(position, lot.head, lot.cause.kind, Credits(micros: lot.amount))
        case .adjusted(let adjustment):
            let taken = Credits(micros: 0 &- adjustment.amount.micros)
            appendLine(position, adjustment.head, "adjustment", taken)
        case .released(let release):
            appendLine(position, release.head, release.kind, .zero)
        case .refunded(let refund):
            appendLine(position, refund.head, "refund", Credits(micros: refund.amount))
        case .refused(let refusal):
            beginLine(position, sequence: nil, time: refusal.time, "refusal")
            append(UInt8(ascii: ","))
            append(quoted: refusal.action.span)
            append(literal: ",0,")
            append(key: names.key)
            append(contentsOf: repeatElement(UInt8(ascii: ","), count: 19))
            append(text: Problem(refusal.reason).code.rawValue)
            append(literal: "\r\n")
        case .accountCreated, .accountChanged, .accountSuspended, .accountResumed, .apiKeyCreated,
            .apiKeyChanged, .apiKeyRevoked, .priceListPut, .budgetPut, .budgetDeleted,
            .budgetRestarted, .planPut, .periodStarted, .planPending, .scenarioPut, .runStarted,
            .runFinished:
            break
        }
    }

    private mutating func appendLine(
        _ position: Position, _ head: EntryHead, _ kind: StaticString, _ credits: Credits
    ) {
        beginLine(position, sequence: head.sequence, time: head.time, kind)
        append(UInt8(ascii: ","))
        append(cell: credits)
        append(contentsOf: repeatElement(UInt8(ascii: ","), count: 15))
        append(cells: head.balance)
        append(literal: ",,,\r\n")
    }

    private mutating func beginLine(
        _ position: Position, sequence: UInt64?, time: Instant, _ kind: StaticString
    ) {
        append(id: position.id(as: EntryID.self))
        append(UInt8(ascii: ","))
        if let sequence { append(decimal: sequence) }
        append(UInt8(ascii: ","))
        append(instant: time)
        append(UInt8(ascii: ","))
        append(literal: kind)
    }

    private mutating func append(key: APIKeyID?) {
        append(UInt8(ascii: ","))
        if let key { append(id: key) }
    }

    private mutating func append(cells balance: Balance) {
        append(cell: balance.available)
        append(cell: balance.held)
        append(cell: balance.negative)
    }

    mutating func append(cell credits: Credits) {
        append(UInt8(ascii: ","))
        append(credits: credits)
    }

    private mutating func append(cell count: OptionalCount) {
        append(UInt8(ascii: ","))
        if let value = count.value { append(decimal: value) }
    }

    private mutating func append(cell range: ByteRange, of texts: [UInt8]) {
        append(UInt8(ascii: ","))
        append(quoted: texts.span.extracting(range.indices))
    }

    /// Appends a cell, in quotes where it must be.
    public mutating func append(quoted text: Span<UInt8>) {
        var needsQuotes = false
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "\""), UInt8(ascii: ","), 0x0A, 0x0D: needsQuotes = true
            default: break
            }
        }
        if needsQuotes { append(UInt8(ascii: "\"")) }
        for index in text.indices {
            if text[index] == UInt8(ascii: "\"") { append(UInt8(ascii: "\"")) }
            append(text[index])
        }
        if needsQuotes { append(UInt8(ascii: "\"")) }
    }
}
