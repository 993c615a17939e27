public import Credit
public import JSON
public import Ledger

/// A billing period as JSON.
struct PeriodFigures: JSONWritable {
    let start: Instant
    /// Nil when it does not end.
    let end: Instant?
    private let number: Int64?

    init(_ window: Range<Instant>, number: Int64?) {
        start = window.lowerBound
        end = window.upperBound == .never ? nil : window.upperBound
        self.number = number
    }

    func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("start", start)
        writer.member("end", end)
        if let number { writer.member("number", number) }
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }
}

extension PlanTerms {
    private enum Field: String, CaseIterable {
        case name
        case credits
        case period
        case rollover
        case priceList = "price_list"
        case retentionDays = "retention_days"
        case limits
    }

    private enum RolloverField: String, CaseIterable {
        case max
        case expiresAfterPeriods = "expires_after_periods"
    }

    private enum LimitField: String, CaseIterable {
        case requestsPerMinute = "requests_per_minute"
    }

    private static let fields = FieldTable<Field>()
    private static let rolloverFields = FieldTable<RolloverField>()
    private static let limitFields = FieldTable<LimitField>()
    /// The most periods that rolled-over credits last, and the most days that details are kept.
    private static let periodsLimit: Int64 = 121
    private static let retentionLimit: Int64 = 36_501
    private static let requestsLimit: Int64 = 100_001

    /// Reads the body of `PUT /v1/plans/{id}`.
    public init(id: Name, body: [UInt8], limits: APILimits) throws(Problem) {
        var reader = try BodyReader(body, limits: limits)
        var terms = PlanTerms(id: id, name: "", credits: 0, period: .none)
        try reader.object(Self.fields, required: [.name, .credits, .period]) {
            (reader, field) throws(ValueError) in
            switch field {
            case .name: terms.name = try reader.freeText()
            case .credits: terms.credits = try Self.credits(&reader)
            case .period: terms.period = try Self.period(&reader)
            case .rollover:
                terms.rollover = try reader.isNull() ? nil : try Self.rollover(&reader)
            case .priceList: terms.priceList = try reader.isNull() ? nil : try reader.name()
            case .retentionDays:
                terms.retentionDays = UInt32(try reader.count(below: Self.retentionLimit))
            case .limits: terms.requestsMax = try Self.requestsMax(&reader)
            }
        }
        self = terms
    }

    private static func credits(_ reader: inout BodyReader) throws(ValueError) -> Int64 {
        let credits = try reader.amount()
        guard credits >= .zero else { throw .amountOutOfRange("credits are 0 or more") }
        return credits.micros
    }

    private static func period(_ reader: inout BodyReader) throws(ValueError) -> PlanPeriod {
        let text = try reader.string()
        guard let period = PlanPeriod.allCases.first(where: { $0.text == text }) else {
            throw .invalid("it is month, year or none")
        }
        return period
    }

    private static func rollover(_ reader: inout BodyReader) throws(ValueError) -> Rollover {
        var (limit, periods): (Int64?, UInt32) = (nil, 1)
        try reader.members(rolloverFields) { (reader, field) throws(ValueError) in
            switch field {
            case .max: limit = try credits(&reader)
            case .expiresAfterPeriods: periods = UInt32(try reader.count(below: periodsLimit))
            }
        }
        guard let limit, periods > 0 else {
            throw .invalid("it takes max, and expires_after_periods of 1 to 120")
        }
        return Rollover(limit: limit, periods: periods)
    }

    private static func requestsMax(_ reader: inout BodyReader) throws(ValueError) -> UInt32 {
        var found: UInt32 = 0
        try reader.members(limitFields) { (reader, field) throws(ValueError) in
            switch field {
            case .requestsPerMinute:
                found = UInt32(try reader.count(below: requestsLimit))
                guard found > 0 else { throw .invalid("requests_per_minute is at least 1") }
            }
        }
        return found
    }
}

/// A version of a plan as JSON.
public struct PlanAnswer: Sendable, JSONWritable {
    public var plan: PlanEvent

    public init(plan: PlanEvent) {
        self.plan = plan
    }

    public func write(to bytes: inout [UInt8]) {
        let terms = plan.terms
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("id", terms.id)
        writer.member("version", Int64(plan.version))
        writer.member("name", terms.name)
        writer.member("credits", Credits(micros: terms.credits))
        writer.member("period", terms.period.text)
        writer.key("rollover")
        if let rollover = terms.rollover {
            writer.beginObject()
            writer.member("max", Credits(micros: rollover.limit))
            writer.member("expires_after_periods", Int64(rollover.periods))
            writer.endObject()
        } else {
            writer.null()
        }
        writer.member("price_list", terms.priceList)
        writer.member("retention_days", terms.retentionDays == 0 ? nil : Int64(terms.retentionDays))
        writer.key("limits")
        writer.beginObject()
        if terms.requestsMax > 0 {
            writer.member("requests_per_minute", Int64(terms.requestsMax))
        }
        writer.endObject()
        writer.member("created_at", plan.time)
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }
}

extension MoneyBody {
    private enum PlanField: String, CaseIterable {
        case plan
        case when
    }

    private enum When: String, CaseIterable {
        case now
        case periodEnd = "period_end"
    }

    private static let planFields = FieldTable<PlanField>()

    /// Reads the body of `POST /v1/accounts/{id}/plan`; null is no plan.
    public init(plan body: [UInt8], limits: APILimits) throws(Problem) {
        var reader = try BodyReader(body, limits: limits)
        var (plan, when): (Name?, When) = (nil, .now)
        try reader.object(Self.planFields, required: [.plan, .when]) {
            (reader, field) throws(ValueError) in
            switch field {
            case .plan: plan = try reader.isNull() ? nil : try reader.name()
            case .when: when = try reader.word(When.self)
            }
        }
        self.init(request: .subscribe(plan, atPeriodEnd: when == .periodEnd), postedAt: nil)
    }
}
