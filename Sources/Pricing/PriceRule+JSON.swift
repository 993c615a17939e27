internal import Credit
internal import JSON

extension PriceRule {
    private enum Field: String, CaseIterable {
        case id
        case action
        case when
        case perCall = "per_call"
        case parts
        case minimum
        case maximum
        case usd
        case rounding
        case outcomes
    }

    private static let fields = FieldTable<Field>()

    /// Reads the rule at which `reader` stands.
    init(from reader: inout PriceListReader) throws(PriceListError) {
        var (id, action): (Name?, ActionPattern?)
        var conditions: [Condition] = []
        var (perCall, minimum, maximum) = (ExactDecimal.zero, ExactDecimal.zero, ExactDecimal?.none)
        var parts: [Part] = []
        var currency = Currency.credits
        var rounding = Rounding()
        var outcomes = OutcomeCharges()
        try reader.object(Self.fields) { (reader, field) throws(PriceListError) in
            switch field {
            case .id: id = try reader.name()
            case .action: action = try ActionPattern(from: &reader)
            case .when: conditions = try Self.conditions(from: &reader)
            case .perCall: perCall = try reader.price()
            case .parts: parts = try Self.parts(from: &reader)
            case .minimum: minimum = try reader.price()
            case .maximum: maximum = try reader.price()
            case .usd: currency = try reader.bool() ? .usd : .credits
            case .rounding: rounding = try Rounding(from: &reader)
            case .outcomes: outcomes = try OutcomeCharges(from: &reader)
            }
        }
        guard let id else { throw .missingField(reader.field("id")) }
        guard let action else { throw .missingField(reader.field("action")) }
        if let maximum, maximum < minimum { throw .invalidField(reader.field("maximum")) }
        self.init(
            id: id, action: action, outcomes: outcomes, rounding: rounding, conditions: conditions,
            perCall: perCall, parts: parts, minimum: minimum, maximum: maximum, currency: currency)
    }

    private static func conditions(
        from reader: inout PriceListReader
    ) throws(PriceListError) -> [Condition] {
        var conditions: [Condition] = []
        try reader.members { (reader, key) throws(PriceListError) in
            guard let path = ParameterPath(key), conditions.count < PriceListLimits.conditionsMax
            else { throw .invalidField(reader.field()) }
            var values: [[UInt8]] = []
            if try reader.kind() == .array {
                let countMax = PriceListLimits.valuesMax
                try reader.elements(countMax: countMax) { (reader) throws(PriceListError) in
                    values.append(try reader.scalar())
                }
            } else {
                values.append(try reader.scalar())
            }
            guard !values.isEmpty else { throw .invalidField(reader.field()) }
            conditions.append(Condition(path: path, values: values))
        }
        return conditions
    }

    private static func parts(
        from reader: inout PriceListReader
    ) throws(PriceListError) -> [Part] {
        var parts: [Part] = []
        try reader.elements(countMax: PriceListLimits.partsMax) { (reader) throws(PriceListError) in
            parts.append(try Part(from: &reader))
        }
        return parts
    }
}

extension PriceRule.Part {
    private enum Field: String, CaseIterable {
        case parameter
        case price
        case per
        case included
        case mode
    }

    /// How the units of a part are priced.
    private enum Mode: String, CaseIterable {
        case flat
    }

    private static let fields = FieldTable<Field>()

    fileprivate init(from reader: inout PriceListReader) throws(PriceListError) {
        var (path, price): (ParameterPath?, ExactDecimal?)
        var (per, included) = (UInt64(1), ExactDecimal.zero)
        try reader.object(Self.fields) { (reader, field) throws(PriceListError) in
            switch field {
            case .parameter:
                path = ParameterPath(try reader.string())
                guard path != nil else { throw .invalidField(reader.field()) }
            case .price: price = try reader.price()
            case .per: per = try reader.count(from: 1)
            case .included: included = try reader.quantity()
            case .mode: _ = try reader.word(Mode.self)
            }
        }
        guard let path else { throw .missingField(reader.field("parameter")) }
        guard let price else { throw .missingField(reader.field("price")) }
        self.init(path: path, price: price, per: per, included: included)
    }
}
