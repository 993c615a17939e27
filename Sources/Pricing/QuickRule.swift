internal import Credit

/// A rule in integers of 64 bits; its amounts are those of its ``Tariff``.
struct QuickRule: BitwiseCopyable {
    struct Part: BitwiseCopyable {
        var rate: UInt64
        var included: UInt64
        /// The quantity where there is no value; `UInt64.max` when there must be one.
        var fallback: UInt64
        var slot: Int32
    }

    /// A parameter must be one of these values.
    struct Condition: BitwiseCopyable {
        var slot: Int32
        var values: Run
    }

    /// The conditions, but the one by which the group selects its rules.
    var conditions = Run()
    var parts = Run()
    var isQuick = false
    var mode = Rounding.Mode.halfEven
    var outcomes = OutcomeCharges()
    var perCall: UInt64 = 0
    var minimum: UInt64 = 0
    /// `UInt64.max` for none.
    var maximum = UInt64.max
    var denominator: UInt64 = 1
    /// In micro-credits.
    var step: UInt64 = 1
    /// The most steps that a price may have.
    var stepsMax: UInt64 = 0
}

extension QuickRule {
    /// `amount`, counted as the tariff counts, in micro-credits; nil when it is too much.
    @inline(__always)
    func rounded(_ amount: UInt128) -> Credits? {
        guard amount >> 64 == 0 else { return roundedSlowly(amount) }
        let (whole, rest) =
            UInt64(truncatingIfNeeded: amount).quotientAndRemainder(dividingBy: denominator)
        let steps = whole &+ (isRoundedUp(whole, rest) ? 1 : 0)
        return steps <= stepsMax ? Credits(micros: Int64(truncatingIfNeeded: steps &* step)) : nil
    }

    @inline(__always)
    private func isRoundedUp(_ whole: UInt64, _ rest: UInt64) -> Bool {
        guard rest > 0 else { return false }
        switch mode {
        case .down: return false
        case .up: return true
        case .halfEven:
            let missing = denominator &- rest
            return rest > missing || rest == missing && whole & 1 == 1
        }
    }

    private func roundedSlowly(_ amount: UInt128) -> Credits? {
        let steps = Rounding.divide(amount, by: UInt128(denominator), mode)
        guard steps <= UInt128(stepsMax) else { return nil }
        return Credits(micros: Int64(truncatingIfNeeded: UInt64(truncatingIfNeeded: steps) &* step))
    }
}

extension QuickPrices {
    /// The price by the rule at `place`.
    @inline(__always)
    func quote(
        _ place: Int, _ found: inout FoundValues, _ outcome: Outcome, _ results: UInt64?
    ) -> Quote? {
        guard rules[place].isQuick else { return nil }
        let ruleIndex = UInt16(truncatingIfNeeded: place)
        var unitsMax = UInt64.max
        if outcome != .succeeded {
            switch rules[place].outcomes.charge(for: outcome) {
            case .full: break
            case .fixed(let credits):
                return Quote(credits: credits, ruleIndex: ruleIndex, units: 0)
            case .byResults:
                guard let results else { return nil }
                guard results > 0 else {
                    return Quote(credits: .zero, ruleIndex: ruleIndex, units: 0)
                }
                unitsMax = results
            }
        }
        guard let (amount, units) = sum(rules[place], &found, unitsMax: unitsMax),
            let credits = rules[place].rounded(amount)
        else { return nil }
        return Quote(credits: credits, ruleIndex: ruleIndex, units: units)
    }

    /// Adds the parts and the price per call, within minimum and maximum.
    ///
    /// Nothing can overflow: a part is less than 2^64 times 10^12 and there are 32 at most.
    @inline(__always)
    private func sum(
        _ rule: QuickRule, _ found: inout FoundValues, unitsMax: UInt64
    ) -> (amount: UInt128, units: Int64)? {
        var amount = UInt128(rule.perCall)
        var units: UInt64 = rule.parts.range.isEmpty ? 1 : 0
        for index in rule.parts.range {
            let part = parts[index]
            var quantity = found.number(Int(part.slot))
            if quantity == .max {
                guard part.fallback < .max, !found.has(Int(part.slot)) else { return nil }
                quantity = part.fallback
            }
            let limited = min(quantity, unitsMax)
            units &+= limited
            let billed = limited > part.included ? limited &- part.included : 0
            let product = part.rate.multipliedFullWidth(by: billed)
            amount &+= UInt128(product.high) << 64 | UInt128(product.low)
        }
        if rule.minimum > 0 { amount = max(amount, UInt128(rule.minimum)) }
        if rule.maximum < .max { amount = min(amount, UInt128(rule.maximum)) }
        return (amount, Int64(truncatingIfNeeded: units))
    }
}
