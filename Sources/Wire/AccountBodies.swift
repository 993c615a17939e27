internal import Credit
internal import JSON
public import Ledger

private let noPlan = ValueError.invalid("a plan is changed with POST .../plan")

extension NewAccount {
    private enum Field: String, CaseIterable {
        case id
        case name
        case plan
        case anchor
        case timeZone = "time_zone"
        case overdraftLimit = "overdraft_limit"
        case priceList = "price_list"
        case metadata
    }

    private static let fields = FieldTable<Field>()

    /// Reads the body of `POST /v1/accounts`; whether the time zone exists is left to be checked.
    public init(body: [UInt8], limits: APILimits) throws(Problem) {
        var reader = try BodyReader(body, limits: limits)
        var (id, name, plan): (Name?, String?, Name?)
        var account = AccountChange()
        var anchor: Instant?
        try reader.object(Self.fields, required: [.id, .name]) {
            (reader, field) throws(ValueError) in
            switch field {
            case .id: id = try reader.name()
            case .name: name = try reader.freeText()
            case .plan: plan = try reader.name()
            case .anchor: anchor = try reader.instant()
            case .timeZone: account.timeZone = try reader.string()
            case .overdraftLimit: account.overdraftLimit = try reader.limit()
            case .priceList: account.priceList = try reader.name()
            case .metadata: account.metadata = try reader.metadata()
            }
        }
        guard let id, let name else { throw .missingField(Field.id.rawValue) }
        self.init(id: id, name: name)
        self.anchor = anchor
        self.plan = plan
        timeZone = account.timeZone ?? "UTC"
        overdraftLimit = account.overdraftLimit ?? .zero
        priceList = account.priceList ?? nil
        metadata = account.metadata ?? []
    }
}

extension AccountChange {
    private enum Field: String, CaseIterable {
        case name
        case plan
        case timeZone = "time_zone"
        case overdraftLimit = "overdraft_limit"
        case priceList = "price_list"
        case metadata
    }

    private static let fields = FieldTable<Field>()

    /// Reads the body of `PATCH /v1/accounts/{id}`.
    public init(body: [UInt8], limits: APILimits) throws(Problem) {
        self.init()
        var reader = try BodyReader(body, limits: limits)
        var change = Self()
        try reader.object(Self.fields) { (reader, field) throws(ValueError) in
            switch field {
            case .name: change.name = try reader.freeText()
            case .plan: throw noPlan
            case .timeZone: change.timeZone = try reader.string()
            case .overdraftLimit: change.overdraftLimit = try reader.limit()
            case .priceList:
                change.priceList = try reader.isNull() ? .some(nil) : try reader.name()
            case .metadata: change.metadata = try reader.metadata()
            }
        }
        self = change
    }
}

extension BodyReader {
    /// An amount of zero or more.
    fileprivate mutating func limit() throws(ValueError) -> Credits {
        let limit = try amount()
        guard limit >= .zero else { throw .amountOutOfRange("the limit is 0 or more") }
        return limit
    }
}
