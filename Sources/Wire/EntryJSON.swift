public import Credit
internal import JSON
public import Ledger
public import Store

/// What an entry names by number, in words.
public struct EntryNames: Sendable {
    /// The vendor's id of the account.
    public var account: [UInt8]
    /// The price list, version and rule as a JSON object, or `null`; see ``price(list:version:rule:)``.
    public var price: [UInt8]
    /// The customer key that the call used.
    public var key: APIKeyID?

    public init(account: [UInt8], price: [UInt8] = EntryNames.byHand, key: APIKeyID? = nil) {
        self.account = account
        self.price = price
        self.key = key
    }

    /// What stands for a price that the caller named.
    public static let byHand = Array("null".utf8)

    /// The JSON that says which rule priced a charge.
    public static func price(list: Name, version: UInt32, rule: Name) -> [UInt8] {
        var writer = JSONWriter(capacity: 96)
        writer.beginObject()
        writer.member("list", list)
        writer.member("version", Int64(version))
        writer.member("rule", rule)
        writer.endObject()
        return writer.bytes
    }
}

/// Entries as JSON: the answers of money routes, and the same with more in lists.
extension [UInt8] {
    /// Appends the answer to a charge, with `credit_usage` at its end if that was asked for.
    public mutating func append(
        answer charge: ChargeEvent, at position: Position, of contents: borrowing SegmentContents,
        account: Span<UInt8>, price: [UInt8], withCreditUsage: Bool = false
    ) {
        append(base: charge, at: position, of: contents, account: account, price: price)
        if withCreditUsage {
            append(literal: ",\"credit_usage\":{\"total_results\":")
            append(decimal: charge.billedResults)
            append(literal: ",\"total_credits\":")
            append(credits: Credits(micros: charge.credits))
            append(UInt8(ascii: "}"))
        }
        append(UInt8(ascii: "}"))
    }

    /// Appends a charge with all that is recorded of the call.
    public mutating func append(
        entry charge: ChargeEvent, at position: Position, of contents: borrowing SegmentContents,
        names: EntryNames
    ) {
        append(
            base: charge, at: position, of: contents, account: names.account.span,
            price: names.price)
        append(literal: ",\"key\":")
        append(key: names.key)
        append(details: charge.details, of: contents.bytes)
        append(UInt8(ascii: "}"))
    }

    private mutating func append(
        base charge: ChargeEvent, at position: Position, of contents: borrowing SegmentContents,
        account: Span<UInt8>, price: [UInt8]
    ) {
        append(literal: "{\"entry_id\":\"")
        append(id: position.id(as: EntryID.self))
        append(literal: "\",\"account\":\"")
        append(bytes: account)
        append(literal: "\",\"seq\":")
        append(decimal: charge.head.sequence)
        append(literal: ",\"kind\":\"charge\",\"action\":\"")
        append(bytes: contents.bytes.span.extracting(charge.action.indices))
        append(literal: "\",\"credits\":")
        append(credits: Credits(micros: charge.credits))
        append(literal: ",\"uncollected\":")
        append(credits: Credits(micros: charge.uncollected))
        append(literal: ",\"results\":")
        append(count: charge.details.results)
        append(literal: ",\"price\":")
        append(contentsOf: price)
        append(literal: ",\"lots\":[")
        for index in charge.shares {
            append(contents.shares[index], isFirst: index == charge.shares.lowerBound)
        }
        append(UInt8(ascii: "]"))
        append(balanceOf: charge.head)
    }

    private mutating func append(_ share: LotShare, isFirst: Bool) {
        if !isFirst { append(UInt8(ascii: ",")) }
        append(literal: "{\"grant\":\"")
        append(id: share.id)
        append(literal: "\",\"kind\":\"")
        append(text: share.source.text)
        append(literal: "\",\"credits\":")
        append(credits: Credits(micros: share.micros))
        append(UInt8(ascii: "}"))
    }

    private mutating func append(balanceOf head: EntryHead) {
        append(literal: ",\"balance\":")
        append(head.balance)
        append(literal: ",\"created_at\":\"")
        append(instant: head.time)
        append(UInt8(ascii: "\""))
    }

    /// Appends a balance as a JSON object.
    public mutating func append(_ balance: Balance) {
        append(literal: "{\"available\":")
        append(credits: balance.available)
        append(literal: ",\"held\":")
        append(credits: balance.held)
        append(literal: ",\"negative\":")
        append(credits: balance.negative)
        append(UInt8(ascii: "}"))
    }

    mutating func append(count: OptionalCount) {
        if let value = count.value { append(decimal: value) } else { append(literal: "null") }
    }

    private mutating func append(key: APIKeyID?) {
        guard let key else {
            append(literal: "null")
            return
        }
        append(UInt8(ascii: "\""))
        append(id: key)
        append(UInt8(ascii: "\""))
    }
}

extension ChargeEvent {
    /// What `credit_usage` counts: the results, else the billed quantity, else one.
    public var billedResults: Int64 { details.results.value ?? (units > 0 ? units : 1) }
}

extension [UInt8] {
    private mutating func append(details: CallDetails, of texts: [UInt8]) {
        append(",\"team\":", name: details.team, of: texts)
        append(",\"scenario\":", name: details.scenario, of: texts)
        append(literal: ",\"scenario_type\":")
        switch details.scenarioType {
        case .unsaid: append(literal: "null")
        case .scenario: append(literal: "\"scenario\"")
        case .agent: append(literal: "\"agent\"")
        }
        append(",\"run\":", name: details.run, of: texts)
        append(",\"module\":", name: details.module, of: texts)
        append(",\"request_id\":", name: details.requestID, of: texts)
        append(literal: ",\"status\":")
        append(json: details.status)
        append(literal: ",\"bytes\":")
        append(count: details.bytes)
        append(literal: ",\"duration_ms\":")
        append(count: details.duration)
        append(literal: details.isCheckRun ? ",\"check_run\":true" : ",\"check_run\":false")
        append(literal: ",\"occurred_at\":")
        append(time: details.occurredAt)
        append(",\"parameters\":", json: details.parameters, of: texts)
        append(",\"metadata\":", json: details.metadata, of: texts)
    }

    private mutating func append(_ key: StaticString, name: ByteRange, of texts: [UInt8]) {
        append(literal: key)
        guard !name.isEmpty else {
            append(literal: "null")
            return
        }
        append(jsonString: texts.span.extracting(name.indices))
    }

    private mutating func append(_ key: StaticString, json: ByteRange, of texts: [UInt8]) {
        guard !json.isEmpty else { return }
        append(literal: key)
        append(bytes: texts.span.extracting(json.indices))
    }

    /// Appends a time as a JSON string, `null` for ``Instant/never``.
    mutating func append(time: Instant) {
        guard time != .never else {
            append(literal: "null")
            return
        }
        append(UInt8(ascii: "\""))
        append(instant: time)
        append(UInt8(ascii: "\""))
    }
}

/// Entries that are no charges.
extension [UInt8] {
    /// Appends an event of an account; nothing for events that no account lists.
    public mutating func append(entry event: Event, at position: Position, names: EntryNames) {
        switch event {
        case .granted(let grant): append(grant, at: position, names)
        case .lot(let lot): append(lot, at: position, names)
        case .adjusted(let adjustment): append(adjustment, at: position, names)
        case .refused(let refusal): append(refusal, at: position, names)
        case .accountCreated, .accountChanged, .accountSuspended, .accountResumed, .apiKeyCreated,
            .apiKeyChanged, .apiKeyRevoked, .priceListPut:
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
        append(literal: ",\"lots\":[")
        for index in adjustment.shares.indices {
            append(adjustment.shares[index], isFirst: index == 0)
        }
        append(UInt8(ascii: "]"))
        append(balanceOf: adjustment.head)
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
        append(literal: ",\"key\":")
        append(key: names.key)
        append(literal: ",\"created_at\":")
        append(time: refusal.time)
        append(UInt8(ascii: "}"))
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
