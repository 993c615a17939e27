internal import Credit

/// A sum of products, exact: `total` divided by 10 to the power of `decimals`.
struct ExactSum {
    private(set) var total: UInt128
    private(set) var decimals = 0

    init(total: UInt128 = 0) {
        self.total = total
    }

    /// Adds `rate` for each of `quantity` units.
    mutating func add(_ rate: UInt128, times quantity: ExactDecimal) throws(PricingError) {
        var product = Self(total: try Self.product(rate, quantity.digits))
        product.decimals = quantity.decimals
        try add(product)
    }

    /// Adds another sum.
    mutating func add(_ other: Self) throws(PricingError) {
        try align(to: other.decimals)
        let aligned = try scaled(other.total, from: other.decimals)
        let (sum, overflow) = total.addingReportingOverflow(aligned)
        guard !overflow else { throw .amountOutOfRange }
        total = sum
    }

    /// Multiplies by a factor.
    mutating func multiply(by factor: ExactDecimal) throws(PricingError) {
        total = try Self.product(total, factor.digits)
        decimals += factor.decimals
        guard decimals <= PowersOfTen.exponentMax else { throw .amountOutOfRange }
    }

    /// Becomes `minimum` where it is less; true when it was.
    mutating func raise(to minimum: UInt128) throws(PricingError) -> Bool {
        guard minimum > 0 else { return false }
        let least = try scaled(minimum, from: 0)
        guard total < least else { return false }
        total = least
        return true
    }

    /// Becomes `maximum` where it is more; true when it was.
    mutating func lower(to maximum: UInt128) throws(PricingError) -> Bool {
        let most = try scaled(maximum, from: 0)
        guard total > most else { return false }
        total = most
        return true
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
