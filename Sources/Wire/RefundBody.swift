public import Credit
internal import JSON
public import Ledger

/// What `POST /v1/refunds` asks for; the charge is found by its id before the ledger is asked.
public struct RefundBody: Hashable, Sendable {
    private enum Field: String, CaseIterable {
        case entryID = "entry_id"
        case amount
        case reason
        case postedAt = "posted_at"
    }

    private static let fields = FieldTable<Field>()

    /// The entry of the charge.
    public var entry: EntryID
    /// Nil for all that is left of the charge.
    public var amount: Credits?
    /// Canonical JSON, or empty.
    public var memo: [UInt8] = []
    public var postedAt: Instant?

    /// Reads the body of a refund.
    public init(_ body: [UInt8], limits: APILimits) throws(Problem) {
        var reader = try BodyReader(body, limits: limits)
        var entry = EntryID(rawValue: 0)
        var (amount, reason, postedAt): (Credits?, String?, Instant?)
        try reader.object(Self.fields, required: [.entryID]) {
            (reader, field) throws(ValueError) in
            switch field {
            case .entryID: entry = try reader.entryID()
            case .amount: amount = try reader.positiveAmount()
            case .reason: reason = try reader.freeText()
            case .postedAt: postedAt = try reader.instant()
            }
        }
        self.entry = entry
        self.amount = amount
        self.postedAt = postedAt
        guard let reason else { return }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("reason", reason)
        writer.endObject()
        memo = writer.bytes
    }

    /// The body as what the ledger is asked, once its charge is known.
    public func money(of charge: RefundedCharge, limits: APILimits) -> MoneyBody {
        MoneyBody(
            request: .refund(
                Refund(
                    charge: charge, amount: amount, validSeconds: limits.regrantSeconds,
                    memo: memo)),
            postedAt: postedAt)
    }
}

extension BodyReader {
    fileprivate mutating func entryID() throws(ValueError) -> EntryID {
        let text = try string()
        guard let id = try? EntryID(text: text.utf8.span) else {
            throw .invalid("it is the id of an entry, such as ent_ and 26 characters")
        }
        return id
    }
}
