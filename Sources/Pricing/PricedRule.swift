internal import Credit

/// A rule with its arithmetic, as a call is matched and priced by it.
///
/// A class, so that finding a rule among thousands copies none of them.
final class PricedRule: Sendable {
    let rule: PriceRule
    let tariff: Tariff

    init(_ rule: PriceRule, _ tariff: Tariff) {
        self.rule = rule
        self.tariff = tariff
    }

    /// True when `parameters` meet all conditions.
    func matches(
        _ parameters: borrowing Parameters, of text: Span<UInt8>
    ) throws(PricingError) -> Bool {
        for index in rule.conditions.indices {
            let path = rule.conditions[index].path
            guard let range = try parameters.value(of: path, in: text) else { return false }
            guard rule.conditions[index].allows(text, range) else { return false }
        }
        return true
    }

    /// What a call with this outcome costs.
    func cost<Log: CostLog>(
        _ parameters: borrowing Parameters, of text: Span<UInt8>, _ outcome: Outcome,
        results: UInt64?, log: inout Log
    ) throws(PricingError) -> Cost {
        switch rule.outcomes.charge(for: outcome) {
        case .full: return try tariff.cost(parameters, of: text, log: &log)
        case .fixed(let credits): return Cost(credits: credits, units: 0)
        case .byResults:
            guard let results else { throw .missingField("results") }
            guard results > 0 else { return Cost(credits: .zero, units: 0) }
            let unitsMax = try cheapest(parameters, of: text, results: results)
            return try tariff.cost(parameters, of: text, unitsMax: unitsMax, log: &log)
        }
    }

    /// The results, or no bound where the price without one is less: volume prices can fall.
    private func cheapest(
        _ parameters: borrowing Parameters, of text: Span<UInt8>, results: UInt64
    ) throws(PricingError) -> UInt64 {
        guard !tariff.isMonotone else { return results }
        var log = NoCostLog()
        let full = try tariff.cost(parameters, of: text, log: &log)
        let bounded = try tariff.cost(parameters, of: text, unitsMax: results, log: &log)
        return full.credits < bounded.credits ? .max : results
    }
}

extension PriceRule.Condition {
    /// True when one of the values is what stands in `range`.
    fileprivate func allows(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        for index in values.indices {
            if equal(values[index], text, range) { return true }
        }
        return false
    }
}
