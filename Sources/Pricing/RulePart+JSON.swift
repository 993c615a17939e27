internal import JSON

extension PriceRule.Part {
    private enum Field: String, CaseIterable {
        case parameter
        case price
        case per
        case included
        case mode
        case tiers
        case fallback = "default"
    }

    private enum Mode: String, CaseIterable {
        case flat
        case package
        case graduated
        case volume
    }

    private static let fields = FieldTable<Field>()

    /// Reads the part at which `reader` stands.
    init(from reader: inout PriceListReader) throws(PriceListError) {
        var (path, price): (ParameterPath?, ExactDecimal?)
        var (per, included) = (UInt64(1), ExactDecimal.zero)
        var (mode, tiers): (Mode?, [PriceRule.Tier]?)
        var fallback: ExactDecimal?
        try reader.object(Self.fields) { (reader, field) throws(PriceListError) in
            switch field {
            case .parameter: path = try reader.parameterPath()
            case .price: price = try reader.price()
            case .per: per = try reader.count(from: 1)
            case .included: included = try reader.quantity()
            case .mode: mode = try reader.word(Mode.self)
            case .tiers: tiers = try Self.tiers(from: &reader)
            case .fallback: fallback = try reader.quantity()
            }
        }
        guard let path else { throw .missingField(reader.field("parameter")) }
        let billing = try Self.billing(mode ?? .flat, price, tiers, reader)
        self.init(
            path: path, included: included, per: per, billing: billing, fallback: fallback)
    }

    /// The mode with the one of `price` and `tiers` that it needs; the other may not be there.
    private static func billing(
        _ mode: Mode, _ price: ExactDecimal?, _ tiers: [PriceRule.Tier]?, _ reader: PriceListReader
    ) throws(PriceListError) -> PriceRule.Billing {
        switch mode {
        case .flat, .package:
            guard tiers == nil else {
                throw .invalidField(
                    reader.field("tiers"), "tiers go with the mode graduated or volume")
            }
            guard let price else { throw .missingField(reader.field("price")) }
            return mode == .flat ? .flat(price) : .package(price)
        case .graduated, .volume:
            guard price == nil else {
                throw .invalidField(
                    reader.field("price"),
                    "in the modes graduated and volume each tier has its price")
            }
            guard let tiers else { throw .missingField(reader.field("tiers")) }
            return mode == .graduated ? .graduated(tiers) : .volume(tiers)
        }
    }

    /// Tiers of ascending ends, the last without one.
    private static func tiers(
        from reader: inout PriceListReader
    ) throws(PriceListError) -> [PriceRule.Tier] {
        var tiers: [PriceRule.Tier] = []
        try reader.elements(countMax: PriceListLimits.tiersMax) { (reader) throws(PriceListError) in
            let tier = try PriceRule.Tier(from: &reader)
            if let last = tiers.last {
                guard let end = last.upTo, tier.upTo.map({ $0 > end }) ?? true else {
                    throw .invalidField(
                        reader.field("up_to"), "it is more than that of the tier before")
                }
            }
            tiers.append(tier)
        }
        guard let last = tiers.last, last.upTo == nil else {
            throw .invalidField(reader.field(), "the last tier is without end: up_to is null")
        }
        return tiers
    }
}

extension PriceRule.Tier {
    private enum Field: String, CaseIterable {
        case upTo = "up_to"
        case price
    }

    private static let fields = FieldTable<Field>()

    fileprivate init(from reader: inout PriceListReader) throws(PriceListError) {
        var (upTo, price): (ExactDecimal?, ExactDecimal?)
        try reader.object(Self.fields) { (reader, field) throws(PriceListError) in
            switch field {
            case .upTo:
                if try !reader.isNull() {
                    let end = try reader.quantity()
                    guard end.digits > 0 else {
                        throw .invalidField(reader.field(), "it is more than 0")
                    }
                    upTo = end
                }
            case .price: price = try reader.price()
            }
        }
        guard let price else { throw .missingField(reader.field("price")) }
        self.init(upTo: upTo, price: price)
    }
}

extension PriceRule.Multiplier {
    private enum Field: String, CaseIterable {
        case parameter
        case list
        case values
    }

    private static let fields = FieldTable<Field>()

    /// Reads the multiplier at which `reader` stands.
    init(from reader: inout PriceListReader) throws(PriceListError) {
        var path: ParameterPath?
        var countsItems = false
        var values: [Value] = []
        try reader.object(Self.fields) { (reader, field) throws(PriceListError) in
            switch field {
            case .parameter: path = try reader.parameterPath()
            case .list:
                guard try reader.string() == "count" else {
                    throw .invalidField(reader.field(), "it is count")
                }
                countsItems = true
            case .values: values = try Self.values(from: &reader)
            }
        }
        guard let path else { throw .missingField(reader.field("parameter")) }
        self.init(path: path, countsItems: countsItems, values: values)
    }

    private static let valuesRule =
        "it has 1 to \(PriceListLimits.valuesMax) values of at most "
        + "\(PriceListLimits.valueBytesMax) bytes"

    private static func values(
        from reader: inout PriceListReader
    ) throws(PriceListError) -> [Value] {
        var values: [Value] = []
        try reader.members { (reader, key) throws(PriceListError) in
            guard key.utf8.count <= PriceListLimits.valueBytesMax,
                values.count < PriceListLimits.valuesMax
            else { throw .invalidField(reader.field(), Self.valuesRule) }
            values.append(Value(text: key, factor: try reader.factor()))
        }
        guard !values.isEmpty else { throw .invalidField(reader.field(), Self.valuesRule) }
        return values
    }
}
