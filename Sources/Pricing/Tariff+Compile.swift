internal import Credit

extension Tariff {
    /// Brings the prices of `rule` over one denominator.
    ///
    /// `path` is that of the rule in its list. Throws ``PriceListError/amountOutOfRange(_:)`` with
    /// the first price for which 128 bits do not suffice, and
    /// ``PriceListError/missingField(_:)`` for prices in USD without an exchange rate.
    init(
        _ rule: PriceRule, usdPerCredit: ExactDecimal?, path: String
    ) throws(PriceListError) {
        var prices = [
            StatedPrice(field: "\(path).per_call", amount: rule.perCall),
            StatedPrice(field: "\(path).minimum", amount: rule.minimum),
        ]
        for (index, part) in rule.parts.enumerated() {
            let field = "\(path).parts[\(index)].price"
            prices.append(StatedPrice(field: field, amount: part.price, per: part.per))
        }
        if let maximum = rule.maximum {
            prices.append(StatedPrice(field: "\(path).maximum", amount: maximum))
        }
        let steps = try Self.stepsPerUnit(of: rule, usdPerCredit)
        let (numerators, denominator) = try Self.overOneDenominator(prices, in: steps)
        perCall = numerators[0]
        minimum = numerators[1]
        maximum = rule.maximum == nil ? nil : numerators.last
        parts = zip(rule.parts, numerators.dropFirst(2)).map { part, rate in
            Part(path: part.path, included: part.included, rate: rate)
        }
        self.denominator = denominator
        rounding = rule.rounding
        try checkSum(prices)
    }

    /// Throws unless 10^12 units of every part can be added up.
    private func checkSum(_ prices: [StatedPrice]) throws(PriceListError) {
        var sum = perCall
        for (part, price) in zip(parts, prices.dropFirst(2)) {
            let (product, tooLarge) = part.rate.multipliedReportingOverflow(
                by: ExactDecimal.wholeMax)
            let (next, overflow) = sum.addingReportingOverflow(product)
            guard !tooLarge, !overflow else { throw .amountOutOfRange(price.field) }
            sum = next
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
            guard let steps else { throw .amountOutOfRange("rounding.to") }
            return steps
        case .usd:
            guard let usdPerCredit else { throw .missingField("usd_per_credit") }
            guard let creditsPerUSD = Fraction(usdPerCredit)?.inverse,
                let product = steps?.multiplied(by: creditsPerUSD)
            else { throw .amountOutOfRange("usd_per_credit") }
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
            else { throw .amountOutOfRange(price.field) }
            rates.append(rate)
            denominator = common
        }
        var numerators: [UInt128] = []
        for (price, rate) in zip(prices, rates) {
            guard let numerator = rate.numerator(over: denominator) else {
                throw .amountOutOfRange(price.field)
            }
            numerators.append(numerator)
        }
        return (numerators, denominator)
    }
}

/// A price as its rule states it, and the path by which an error names it.
private struct StatedPrice {
    let field: String
    let amount: ExactDecimal
    var per: UInt64 = 1

    /// The price of one unit.
    var perUnit: Fraction? {
        guard let units = Fraction(1, over: UInt128(per)) else { return nil }
        return Fraction(amount)?.multiplied(by: units)
    }
}
