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

    /// Appends the charge at a place of a segment with all that is recorded of the call.
    public mutating func append(
        charge place: Int, at position: Position, of contents: borrowing SegmentContents,
        names: EntryNames
    ) {
        let charge = contents.charges[place]
        append(
            base: charge, at: position, of: contents, account: names.account.span,
            price: names.price)
        append(literal: ",\"key\":")
        append(keyID: names.key)
        let deletion = contents.deletion(ofCharge: place)
        append(details: charge.details, of: contents.bytes, isDeleted: deletion != nil)
        if let deletion { append(deletion) }
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
        append(literal: ",\"kind\":\"")
        let role = contents.role(of: charge)
        append(literal: role.entryKind)
        append(literal: "\",\"action\":\"")
        append(bytes: contents.bytes.span.extracting(charge.action.indices))
        append(literal: "\",\"credits\":")
        append(credits: charge.spent(as: role))
        append(literal: ",\"uncollected\":")
        append(credits: Credits(micros: charge.uncollected))
        if let role { append(role, of: charge, at: position) }
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

    /// Appends what the entry says of its hold.
    private mutating func append(
        _ role: HoldRole, of charge: ChargeEvent, at position: Position
    ) {
        switch role {
        case .placed(let terms):
            append(hold: position)
            append(literal: ",\"held\":")
            append(credits: Credits(micros: charge.credits))
            append(literal: ",\"expires_at\":")
            append(time: terms.expiresAt)
            append(literal: ",\"on_expiry\":\"")
            append(text: terms.onExpiry.text)
            append(literal: "\",\"minimum\":")
            append(credits: Credits(micros: terms.minimum))
        case .captured(let settlement):
            append(settlement, released: Swift.max(0, settlement.reserved - charge.credits))
        }
    }

    mutating func append(hold position: Position) {
        append(literal: ",\"hold_id\":\"")
        append(id: position.id(as: HoldID.self))
        append(UInt8(ascii: "\""))
    }

    /// Appends how a hold ended, when `released` micro-credits came back.
    mutating func append(_ settlement: HoldSettlement, released: Int64) {
        append(hold: settlement.hold)
        append(literal: ",\"cause\":\"")
        append(literal: settlement.cause == .requested ? "requested" : "expired")
        append(literal: "\",\"reserved\":")
        append(credits: Credits(micros: settlement.reserved))
        append(literal: ",\"released\":")
        append(credits: Credits(micros: released))
        append(literal: ",\"repaid\":")
        append(credits: Credits(micros: settlement.repaid))
        append(literal: ",\"lapsed\":")
        append(credits: Credits(micros: settlement.lapsed))
    }

    mutating func append(lots shares: [LotShare]) {
        append(literal: ",\"lots\":[")
        for index in shares.indices { append(shares[index], isFirst: index == 0) }
        append(UInt8(ascii: "]"))
    }

    mutating func append(_ share: LotShare, isFirst: Bool) {
        if !isFirst { append(UInt8(ascii: ",")) }
        append(literal: "{\"grant\":\"")
        append(id: share.id)
        append(literal: "\",\"kind\":\"")
        append(text: share.source.text)
        append(literal: "\",\"credits\":")
        append(credits: Credits(micros: share.micros))
        append(UInt8(ascii: "}"))
    }

    mutating func append(balanceOf head: EntryHead) {
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

    mutating func append(keyID key: APIKeyID?) {
        guard let key else {
            append(literal: "null")
            return
        }
        append(UInt8(ascii: "\""))
        append(id: key)
        append(UInt8(ascii: "\""))
    }
}

extension HoldRole? {
    /// The kind of an entry that says this of a hold.
    var entryKind: StaticString {
        switch self {
        case nil: "charge"
        case .placed: "hold"
        case .captured: "capture"
        }
    }
}

extension HoldExpiryPolicy {
    /// The name in JSON.
    public var text: String {
        switch self {
        case .release: "release"
        case .capture: "capture"
        case .captureMinimum: "capture_minimum"
        }
    }
}

extension ChargeEvent {
    /// What it spends: nothing when it only places a hold.
    public func spent(as role: HoldRole?) -> Credits {
        if case .placed = role { .zero } else { Credits(micros: credits) }
    }

    /// What `credit_usage` counts: the results, else the billed quantity, else one.
    public var billedResults: Int64 { details.results.value ?? (units > 0 ? units : 1) }
}

extension [UInt8] {
    /// Appends that details were deleted, and for how many days they were kept if that is known.
    mutating func append(_ deletion: DetailsDeletion) {
        append(literal: ",\"details\":\"deleted\",\"retention_days\":")
        if let days = deletion.retentionDays {
            append(decimal: Int64(days))
        } else {
            append(literal: "null")
        }
    }

    private mutating func append(details: CallDetails, of texts: [UInt8], isDeleted: Bool) {
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
        if !isDeleted {
            append(literal: details.isCheckRun ? ",\"check_run\":true" : ",\"check_run\":false")
        }
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

    /// Appends a time as a JSON string, `null` for `Instant.never`.
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
