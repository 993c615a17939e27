public import Credit

/// How the exact price of an entry becomes credits: a multiple of `step`, found once.
public struct Rounding: Hashable, Sendable {
    /// Which multiple is taken.
    public enum Mode: String, CaseIterable, Sendable, BitwiseCopyable {
        /// The next that is not less.
        case up
        /// The nearest; the even one of two that are as near.
        case halfEven = "half_even"
        /// The last that is not more.
        case down
    }

    /// Prices are multiples of this; more than 0.
    public internal(set) var step = Credits(micros: 1)
    /// Which multiple is taken.
    public internal(set) var mode = Mode.halfEven

    /// `amount` divided by `divisor`, which is not 0, as a whole number.
    static func divide(_ amount: UInt128, by divisor: UInt128, _ mode: Mode) -> UInt128 {
        let (whole, rest) = amount.quotientAndRemainder(dividingBy: divisor)
        guard rest > 0 else { return whole }
        switch mode {
        case .down: return whole
        case .up: return whole + 1
        case .halfEven:
            let missing = divisor - rest
            return rest > missing || rest == missing && whole & 1 == 1 ? whole + 1 : whole
        }
    }
}
