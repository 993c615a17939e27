public import Credit
internal import JSON
public import Ledger

/// What `POST /v1/accounts/{id}/grants`, `.../void` or `.../adjustments` asks for.
public struct MoneyBody: Hashable, Sendable {
    public var request: MoneyRequest
    public var postedAt: Instant?
}

extension MoneyBody {
    private enum GrantField: String, CaseIterable {
        case amount
        case kind
        case priority
        case effectiveAt = "effective_at"
        case expiresAt = "expires_at"
        case package
        case pricePaid = "price_paid"
        case paymentReference = "payment_reference"
        case note
        case postedAt = "posted_at"
    }

    private enum Kind: String, CaseIterable {
        case plan
        case rollover
        case topUp = "top_up"
        case promo
        case adjustment

        var source: GrantSource {
            switch self {
            case .plan: .plan
            case .rollover: .rollover
            case .topUp: .topUp
            case .promo: .promo
            case .adjustment: .adjustment
            }
        }
    }

    private static let grantFields = FieldTable<GrantField>()
    private static let priorityLimit: Int64 = 1_000_001

    /// Reads the body of a grant; its kind is a top-up unless it says otherwise.
    public init(grant body: [UInt8], limits: APILimits) throws(Problem) {
        var reader = try BodyReader(body, limits: limits)
        var grant = NewGrant(amount: .zero, source: .topUp)
        var (priority, postedAt): (Int32?, Instant?)
        var memo = GrantMemo()
        try reader.object(Self.grantFields, required: [.amount]) {
            (reader, field) throws(ValueError) in
            switch field {
            case .amount: grant.amount = try reader.positiveAmount()
            case .kind: grant.source = try reader.word(Kind.self).source
            case .priority: priority = Int32(try reader.count(below: Self.priorityLimit))
            case .effectiveAt: grant.effectiveAt = try reader.instant()
            case .expiresAt: grant.expiresAt = try reader.isNull() ? nil : try reader.instant()
            case .package: memo.package = try reader.freeText()
            case .pricePaid: memo.pricePaid = try reader.pricePaid()
            case .paymentReference: memo.paymentReference = try reader.freeText()
            case .note: memo.note = try reader.freeText()
            case .postedAt: postedAt = try reader.instant()
            }
        }
        grant.priority = priority ?? grant.source.usualPriority
        grant.memo = memo.json
        self.init(request: .grant(grant), postedAt: postedAt)
    }
}

extension MoneyBody {
    private enum PostedField: String, CaseIterable {
        case postedAt = "posted_at"
    }

    private enum AdjustmentField: String, CaseIterable {
        case amount
        case note
        case postedAt = "posted_at"
    }

    private static let postedFields = FieldTable<PostedField>()
    private static let adjustmentFields = FieldTable<AdjustmentField>()

    /// Reads the body of a void, which may be empty.
    public init(void grant: GrantID, body: [UInt8], limits: APILimits) throws(Problem) {
        self.init(request: .void(grant), postedAt: try Self.postedAt(body, limits))
    }

    /// Reads the body of the release of a hold, which may be empty.
    public init(release hold: Position, body: [UInt8], limits: APILimits) throws(Problem) {
        self.init(request: .release(hold), postedAt: try Self.postedAt(body, limits))
    }

    /// Reads a body that may be empty, or say when it happened.
    private static func postedAt(
        _ body: [UInt8], _ limits: APILimits
    ) throws(Problem) -> Instant? {
        guard !body.isEmpty else { return nil }
        var postedAt: Instant?
        var reader = try BodyReader(body, limits: limits)
        try reader.object(Self.postedFields) { (reader, _) throws(ValueError) in
            postedAt = try reader.instant()
        }
        return postedAt
    }

    /// Reads the body of an adjustment.
    public init(adjustment body: [UInt8], limits: APILimits) throws(Problem) {
        var reader = try BodyReader(body, limits: limits)
        var (amount, postedAt): (Credits, Instant?) = (.zero, nil)
        var memo = GrantMemo()
        try reader.object(Self.adjustmentFields, required: [.amount, .note]) {
            (reader, field) throws(ValueError) in
            switch field {
            case .amount:
                amount = try reader.amount()
                guard amount != .zero else { throw .amountOutOfRange("the amount is not 0") }
            case .note: memo.note = try reader.freeText()
            case .postedAt: postedAt = try reader.instant()
            }
        }
        self.init(request: .adjust(amount, memo: memo.json), postedAt: postedAt)
    }
}

/// What the vendor says of a grant, kept as canonical JSON.
struct GrantMemo {
    struct PricePaid {
        var amount: Credits
        var currency: String
    }

    enum PriceField: String, CaseIterable {
        case amount
        case currency
    }

    static let priceFields = FieldTable<PriceField>()

    var package: String?
    var pricePaid: PricePaid?
    var paymentReference: String?
    var note: String?

    /// Its canonical JSON; empty when there is nothing to say.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        if let note { writer.member("note", note) }
        if let package { writer.member("package", package) }
        if let paymentReference { writer.member("payment_reference", paymentReference) }
        if let pricePaid {
            writer.key("price_paid")
            writer.beginObject()
            writer.member("amount", pricePaid.amount)
            writer.member("currency", pricePaid.currency)
            writer.endObject()
        }
        writer.endObject()
        return writer.bytes.count > 2 ? writer.bytes : []
    }
}

extension BodyReader {
    mutating func positiveAmount() throws(ValueError) -> Credits {
        let amount = try amount()
        guard amount > .zero else { throw .amountOutOfRange("the amount is more than 0") }
        return amount
    }

    fileprivate mutating func pricePaid() throws(ValueError) -> GrantMemo.PricePaid {
        var (amount, currency): (Credits?, String?)
        try members(GrantMemo.priceFields) { (reader, field) throws(ValueError) in
            switch field {
            case .amount: amount = try reader.amount()
            case .currency: currency = try reader.string()
            }
        }
        guard let amount, amount >= .zero, let currency, currency.utf8.count == 3,
            currency.utf8.allSatisfy({ 0x61...0x7A ~= $0 | 0x20 })
        else { throw .invalid("it takes an amount >= 0 and a currency of three letters") }
        return GrantMemo.PricePaid(amount: amount, currency: currency)
    }
}

extension Fingerprint {
    /// The fingerprint of what moves credits and is no call; that of a release names no account.
    public mutating func of(_ body: MoneyBody, account: Name?) -> UInt128 {
        switch body.request {
        case .grant(let grant): begin(.grant, body, account, grant)
        case .void(let grant):
            begin(.void, body, account)
            add(3, UInt64(truncatingIfNeeded: grant.rawValue >> 64))
            add(4, UInt64(truncatingIfNeeded: grant.rawValue))
        case .adjust(let amount, let memo):
            begin(.adjustment, body, account)
            add(3, signed: amount.micros)
            add(4, bytes: memo.span)
        case .release(let hold):
            begin(.release)
            if let postedAt = body.postedAt { add(2, signed: postedAt.micros) }
            add(hold.id(as: HoldID.self))
        case .subscribe(let plan, let atPeriodEnd):
            begin(.subscription, body, account)
            if let plan { add(3, bytes: plan.text.utf8.span) }
            add(4, atPeriodEnd ? 1 : 0)
        case .refund(let refund):
            begin(.refund, body, account)
            add(refund.charge.position.id(as: EntryID.self))
            if let amount = refund.amount { add(3, signed: amount.micros) }
            add(4, bytes: refund.memo.span)
        }
        return finish()
    }

    private mutating func begin(_ kind: Kind, _ body: MoneyBody, _ account: Name?) {
        begin(kind)
        if let account { add(1, bytes: account.text.utf8.span) }
        if let postedAt = body.postedAt { add(2, signed: postedAt.micros) }
    }

    private mutating func begin(
        _ kind: Kind, _ body: MoneyBody, _ account: Name?, _ grant: NewGrant
    ) {
        begin(kind, body, account)
        add(3, signed: grant.amount.micros)
        add(4, UInt64(grant.source.rawValue))
        add(5, signed: Int64(grant.priority))
        if let effectiveAt = grant.effectiveAt { add(6, signed: effectiveAt.micros) }
        if let expiresAt = grant.expiresAt { add(7, signed: expiresAt.micros) }
        add(8, bytes: grant.memo.span)
    }
}
