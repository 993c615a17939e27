internal import Credit

/// The arithmetic of one rule, over one denominator so that a price is a sum of products.
///
/// All amounts are counted in ``denominator``-ths of the step that the rule rounds to. They were
/// checked when the list was made: quantities of whole units up to 10^12 cannot overflow.
struct Tariff: Sendable {
    struct Part: Sendable {
        let path: ParameterPath
        let included: ExactDecimal
        /// What one unit costs.
        let rate: UInt128
    }

    let perCall: UInt128
    let parts: [Part]
    let minimum: UInt128
    let maximum: UInt128?
    let denominator: UInt128
    let rounding: Rounding
}

/// What a call costs, and for how many units.
struct Cost {
    var credits: Credits
    var units: Int64
}

extension Tariff {
    /// Adds the parts and the price per call, holds the sum within minimum and maximum, rounds.
    ///
    /// No part is priced for more than `unitsMax` units. The units of the result are those of the
    /// parameters, each rounded up to a whole; 1 for a rule without parts.
    func cost(
        _ parameters: borrowing Parameters, of text: Span<UInt8>, unitsMax: UInt64 = .max
    ) throws(PricingError) -> Cost {
        var sum = ExactSum(total: perCall)
        var units: Int64 = parts.isEmpty ? 1 : 0
        for index in parts.indices {
            let path = parts[index].path
            let quantity = try path.quantity(in: parameters, of: text).limited(to: unitsMax)
            units += quantity.roundedUp
            try sum.add(parts[index].rate, times: quantity.subtracting(parts[index].included))
        }
        try sum.raise(to: minimum)
        if let maximum { try sum.lower(to: maximum) }
        return Cost(credits: try sum.rounded(rounding, denominator), units: units)
    }
}

extension ParameterPath {
    /// The units that the parameter tells.
    fileprivate func quantity(
        in parameters: borrowing Parameters, of text: Span<UInt8>
    ) throws(PricingError) -> ExactDecimal {
        guard let range = try parameters.value(of: self, in: text) else {
            throw .missingField(field)
        }
        do throws(ExactDecimal.Invalid) {
            let decimalsMax = PriceListLimits.quantityDecimalsMax
            return try ExactDecimal(text, range, decimalsMax: decimalsMax)
        } catch {
            throw .invalidField(field)
        }
    }
}

/// A sum of products, exact: `total` divided by 10 to the power of `decimals`.
private struct ExactSum {
    var total: UInt128
    var decimals = 0

    /// Adds `rate` for each of `quantity` units.
    mutating func add(_ rate: UInt128, times quantity: ExactDecimal) throws(PricingError) {
        try align(to: quantity.decimals)
        let product = try Self.product(rate, quantity.digits)
        let aligned = try scaled(product, from: quantity.decimals)
        let (sum, overflow) = total.addingReportingOverflow(aligned)
        guard !overflow else { throw .amountOutOfRange }
        total = sum
    }

    mutating func raise(to minimum: UInt128) throws(PricingError) {
        guard minimum > 0 else { return }
        total = max(total, try scaled(minimum, from: 0))
    }

    mutating func lower(to maximum: UInt128) throws(PricingError) {
        total = min(total, try scaled(maximum, from: 0))
    }

    /// The credits that this many `denominator`-ths of a step come to.
    func rounded(
        _ rounding: Rounding, _ denominator: UInt128
    ) throws(PricingError) -> Credits {
        let divisor = try scaled(denominator, from: 0)
        let steps = Rounding.divide(total, by: divisor, rounding.mode)
        let most = (Credits.limit.micros / rounding.step.micros).magnitude
        guard steps <= UInt128(most) else { throw .amountOutOfRange }
        return Credits(micros: Int64(truncatingIfNeeded: steps) * rounding.step.micros)
    }

    private mutating func align(to decimals: Int) throws(PricingError) {
        guard decimals > self.decimals else { return }
        total = try Self.product(total, PowersOfTen[decimals - self.decimals])
        self.decimals = decimals
    }

    /// `amount`, of so many decimals, counted in units of the last decimal of the sum.
    private func scaled(
        _ amount: UInt128, from decimals: Int
    ) throws(PricingError) -> UInt128 {
        guard decimals < self.decimals else { return amount }
        return try Self.product(amount, PowersOfTen[self.decimals - decimals])
    }

    private static func product(
        _ left: UInt128, _ right: UInt128
    ) throws(PricingError) -> UInt128 {
        let (product, overflow) = left.multipliedReportingOverflow(by: right)
        guard !overflow else { throw .amountOutOfRange }
        return product
    }
}
