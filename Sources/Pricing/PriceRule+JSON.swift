internal import Credit
internal import JSON

extension PriceRule {
    private enum Field: String, CaseIterable {
        case id
        case action
        case when
        case perCall = "per_call"
        case parts
        case multipliers
        case each
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
        var (parts, multipliers): ([Part], [Multiplier]) = ([], [])
        var each: ParameterPath?
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
            case .multipliers: multipliers = try Self.multipliers(from: &reader)
            case .each: each = try reader.parameterPath()
            case .minimum: minimum = try reader.price()
            case .maximum: maximum = try reader.price()
            case .usd: currency = try reader.bool() ? .usd : .credits
            case .rounding: rounding = try Rounding(from: &reader)
            case .outcomes: outcomes = try OutcomeCharges(from: &reader)
            }
        }
        guard let id else { throw .missingField(reader.field("id")) }
        guard let action else { throw .missingField(reader.field("action")) }
        if let maximum, maximum < minimum {
            throw .invalidField(reader.field("maximum"), "it is not less than minimum")
        }
        self.init(
            id: id, action: action, outcomes: outcomes, rounding: rounding, conditions: conditions,
            perCall: perCall, parts: parts, multipliers: multipliers, each: each, minimum: minimum,
            maximum: maximum, currency: currency)
    }

    private static func conditions(
        from reader: inout PriceListReader
    ) throws(PriceListError) -> [Condition] {
        var conditions: [Condition] = []
        try reader.members { (reader, key) throws(PriceListError) in
            guard let path = ParameterPath(key) else {
                throw .invalidField(reader.field(), ParameterPath.rule)
            }
            guard conditions.count < PriceListLimits.conditionsMax else {
                let most = PriceListLimits.conditionsMax
                throw .invalidField(reader.field(), "a rule has at most \(most) conditions")
            }
            var values: [[UInt8]] = []
            if try reader.kind() == .array {
                let countMax = PriceListLimits.valuesMax
                try reader.elements(countMax: countMax) { (reader) throws(PriceListError) in
                    values.append(try reader.scalar())
                }
            } else {
                values.append(try reader.scalar())
            }
            guard !values.isEmpty else {
                throw .invalidField(reader.field(), "a condition has a value at least")
            }
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
    private static func multipliers(
        from reader: inout PriceListReader
    ) throws(PriceListError) -> [Multiplier] {
        var multipliers: [Multiplier] = []
        try reader.elements(countMax: PriceListLimits.multipliersMax) {
            (reader) throws(PriceListError) in
            multipliers.append(try Multiplier(from: &reader))
        }
        return multipliers
    }
}
