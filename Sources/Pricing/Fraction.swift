/// A ratio of two 128-bit integers in lowest terms; nil where it would not fit.
struct Fraction: Hashable, Sendable {
    let numerator: UInt128
    let denominator: UInt128

    /// The ratio, reduced; nil when the denominator is 0.
    init?(_ numerator: UInt128, over denominator: UInt128) {
        guard denominator > 0 else { return nil }
        let divisor = greatestCommonDivisor(numerator, denominator)
        self.numerator = numerator / divisor
        self.denominator = denominator / divisor
    }

    init?(_ decimal: ExactDecimal) {
        self.init(decimal.digits, over: PowersOfTen[decimal.decimals])
    }

    /// The exact product; nil when it does not fit.
    func multiplied(by other: Self) -> Self? {
        guard let left = Self(numerator, over: other.denominator),
            let right = Self(other.numerator, over: denominator)
        else { return nil }
        let (top, topOverflow) = left.numerator.multipliedReportingOverflow(by: right.numerator)
        let (bottom, bottomOverflow) =
            left.denominator.multipliedReportingOverflow(by: right.denominator)
        guard !topOverflow, !bottomOverflow else { return nil }
        return Self(top, over: bottom)
    }

    /// The inverse; nil for 0.
    var inverse: Self? { Self(denominator, over: numerator) }

    /// The least denominator that both this and `other` can be written with; nil when none fits.
    func commonDenominator(with other: UInt128) -> UInt128? {
        let factor = denominator / greatestCommonDivisor(denominator, other)
        let (product, overflow) = other.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    /// The numerator over a multiple of the denominator; nil when it does not fit.
    func numerator(over multiple: UInt128) -> UInt128? {
        let (product, overflow) =
            numerator.multipliedReportingOverflow(by: multiple / denominator)
        return overflow ? nil : product
    }
}

/// Euclid's algorithm; not 0 unless both are.
private func greatestCommonDivisor(_ first: UInt128, _ second: UInt128) -> UInt128 {
    var (left, right) = (first, second)
    while right > 0 { (left, right) = (right, left % right) }
    return left
}
