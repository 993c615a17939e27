internal import Credit

extension Tariff {
    /// Brings the prices of `rule` over one denominator.
    ///
    /// `path` is that of the rule in its list. Throws ``PriceListError/amountOutOfRange(_:_:)`` with
    /// the first price or multiplier for which 128 bits do not suffice, and
    /// ``PriceListError/missingField(_:)`` for prices in USD without an exchange rate.
    init(
        _ rule: PriceRule, usdPerCredit: ExactDecimal?, path: String
    ) throws(PriceListError) {
        let prices = StatedPrice.all(of: rule, path: path)
        let steps = try Self.stepsPerUnit(of: rule, usdPerCredit)
        let (numerators, denominator) = try Self.overOneDenominator(prices, in: steps)
        var left = numerators[...]
        perCall = left.popFirst() ?? 0
        minimum = left.popFirst() ?? 0
        parts = rule.parts.map { part in
            let count = part.billing.prices.count
            let billing = Billing(part, rates: left.prefix(count))
            left = left.dropFirst(count)
            return Part(
                path: part.path, included: part.included, billing: billing,
                fallback: part.fallback)
        }
        maximum = left.popFirst()
        multipliers = rule.multipliers.map(Multiplier.init(_:))
        each = rule.each
        self.denominator = denominator
        rounding = rule.rounding
        try checkLargest(rule, path)
    }

    /// Throws unless 10^12 units of every part can be added up, and multiplied by what can come.
    private func checkLargest(_ rule: PriceRule, _ path: String) throws(PriceListError) {
        var sum = perCall
        for (index, part) in parts.enumerated() {
            let largest = part.billing.rates.max() ?? 0
            let (product, tooLarge) = largest.multipliedReportingOverflow(by: ExactDecimal.wholeMax)
            let (next, overflow) = sum.addingReportingOverflow(product)
            guard !tooLarge, !overflow else {
                throw .amountOutOfRange(
                    "\(path).parts[\(index)].\(rule.parts[index].pricesField)",
                    PriceListError.tooPrecise)
            }
            sum = next
        }
        for (index, multiplier) in multipliers.enumerated() {
            let (product, overflow) = sum.multipliedReportingOverflow(by: multiplier.factorMax)
            guard !overflow else {
                throw .amountOutOfRange(
                    "\(path).multipliers[\(index)]", PriceListError.tooPrecise)
            }
            sum = product
        }
        guard each != nil else { return }
        let items = UInt128(PriceListLimits.itemsMax)
        guard !sum.multipliedReportingOverflow(by: items).overflow else {
            throw .amountOutOfRange("\(path).each", PriceListError.tooPrecise)
        }
    }

    /// How many of the steps that the rule rounds to are in one credit, or in one USD.
    private static func stepsPerUnit(
        of rule: PriceRule, _ usdPerCredit: ExactDecimal?
    ) throws(PriceListError) -> Fraction {
        let step = rule.rounding.step.micros.magnitude
        let micros = Credits.microsPerCredit.magnitude
        let steps = Fraction(UInt128(micros), over: UInt128(step))
        switch rule.currency {
        case .credits:
            guard let steps else {
                throw .amountOutOfRange("rounding.to", PriceListError.tooPrecise)
            }
            return steps
        case .usd:
            guard let usdPerCredit else { throw .missingField("usd_per_credit") }
            guard let creditsPerUSD = Fraction(usdPerCredit)?.inverse,
                let product = steps?.multiplied(by: creditsPerUSD)
            else { throw .amountOutOfRange("usd_per_credit", PriceListError.tooPrecise) }
            return product
        }
    }

    private static func overOneDenominator(
        _ prices: [StatedPrice], in steps: Fraction
    ) throws(PriceListError) -> (numerators: [UInt128], denominator: UInt128) {
        var denominator: UInt128 = 1
        var rates: [Fraction] = []
        for price in prices {
            guard let rate = price.perUnit?.multiplied(by: steps),
                let common = rate.commonDenominator(with: denominator)
            else { throw .amountOutOfRange(price.field, PriceListError.tooPrecise) }
            rates.append(rate)
            denominator = common
        }
        var numerators: [UInt128] = []
        for (price, rate) in zip(prices, rates) {
            guard let numerator = rate.numerator(over: denominator) else {
                throw .amountOutOfRange(price.field, PriceListError.tooPrecise)
            }
            numerators.append(numerator)
        }
        return (numerators, denominator)
    }
}

extension Tariff.Billing {
    /// The billing of `part`, whose prices have these rates.
    fileprivate init(_ part: PriceRule.Part, rates: ArraySlice<UInt128>) {
        let first = rates.first ?? 0
        let tiers = { (tiers: [PriceRule.Tier]) in
            zip(tiers, rates).map { Tariff.Tier(upTo: $0.upTo, rate: $1) }
        }
        self =
            switch part.billing {
            case .flat: .flat(first)
            case .package: .package(first, size: part.per)
            case .graduated(let prices): .graduated(tiers(prices))
            case .volume(let prices): .volume(tiers(prices))
            }
    }

    fileprivate var rates: [UInt128] {
        switch self {
        case .flat(let rate), .package(let rate, _): [rate]
        case .graduated(let tiers), .volume(let tiers): tiers.map(\.rate)
        }
    }
}

extension PriceRule.Part {
    /// The field that says what its units cost.
    fileprivate var pricesField: String {
        switch billing {
        case .flat, .package: "price"
        case .graduated, .volume: "tiers"
        }
    }
}

extension PriceRule.Billing {
    /// The prices, as they are written one after the other.
    fileprivate var prices: [ExactDecimal] {
        switch self {
        case .flat(let price), .package(let price): [price]
        case .graduated(let tiers), .volume(let tiers): tiers.map(\.price)
        }
    }
}

/// A price as its rule states it, and the path by which an error names it.
private struct StatedPrice {
    let field: String
    let amount: ExactDecimal
    var per: UInt64 = 1

    /// Price per call, minimum, those of the parts, then the maximum if there is one.
    static func all(of rule: PriceRule, path: String) -> [Self] {
        var prices = [
            Self(field: "\(path).per_call", amount: rule.perCall),
            Self(field: "\(path).minimum", amount: rule.minimum),
        ]
        for (index, part) in rule.parts.enumerated() {
            let field = "\(path).parts[\(index)].\(part.pricesField)"
            // A package is one unit of its own.
            var per = part.per
            if case .package = part.billing { per = 1 }
            prices += part.billing.prices.map { Self(field: field, amount: $0, per: per) }
        }
        if let maximum = rule.maximum {
            prices.append(Self(field: "\(path).maximum", amount: maximum))
        }
        return prices
    }

    /// The price of one unit.
    var perUnit: Fraction? {
        guard let units = Fraction(1, over: UInt128(per)) else { return nil }
        return Fraction(amount)?.multiplied(by: units)
    }
}
