public import Credit
internal import JSON

/// The same call with one parameter changed, which costs less.
public struct PriceAlternative: Hashable, Sendable {
    /// The path of the parameter that differs.
    public let parameter: String
    /// What it would be, in canonical JSON.
    public let value: [UInt8]
    /// What the call would cost.
    public let credits: Credits
}

extension PriceList {
    /// Cheaper ways to make a call, the cheapest first; at most ``PriceListLimits/alternativesMax``.
    ///
    /// Each differs in one parameter that the call has: a value that a rule for the action has a
    /// condition on, or that the call's rule has a factor for, or a quantity that fills its
    /// packages. Values are compared where the rules name at most
    /// ``PriceListLimits/comparedValuesMax`` of them: a `mode`, a `page_size`, not a `model` of
    /// hundreds.
    public func alternatives(
        action: Span<UInt8>, parameters: Span<UInt8>, outcome: Outcome = .succeeded,
        results: UInt64? = nil, to quote: Quote
    ) -> [PriceAlternative] {
        var values = Parameters()
        guard (try? values.scan(parameters)) != nil else { return [] }
        var cheaper: [PriceAlternative] = []
        for candidate in candidates(action, of: quote, values, in: parameters) {
            var text: [UInt8] = []
            text.append(bytes: parameters.extracting(0..<candidate.range.lowerBound))
            text += candidate.value
            text.append(
                bytes: parameters.extracting(candidate.range.upperBound..<parameters.count))
            let other = try? price(
                action: action, parameters: text.span, outcome: outcome, results: results)
            guard let other, other.credits < quote.credits else { continue }
            cheaper.append(
                PriceAlternative(
                    parameter: candidate.path.text, value: candidate.value, credits: other.credits))
        }
        cheaper.sort { ($0.credits, $0.parameter) < ($1.credits, $1.parameter) }
        return Array(cheaper.prefix(PriceListLimits.alternativesMax))
    }

    /// What could stand where one parameter of a call does.
    private struct Candidate {
        let path: ParameterPath
        let range: Range<Int>
        let value: [UInt8]
    }

    private func candidates(
        _ action: Span<UInt8>, of quote: Quote, _ parameters: borrowing Parameters,
        in text: Span<UInt8>
    ) -> [Candidate] {
        guard rules.indices.contains(Int(quote.ruleIndex)) else { return [] }
        let own = rules[Int(quote.ruleIndex)]
        var candidates: [Candidate] = []
        for (path, values) in comparedValues(action, own) {
            guard let range = (try? parameters.value(of: path, in: text)) ?? nil else { continue }
            for value in values where !equal(value, text, range) {
                candidates.append(Candidate(path: path, range: range, value: value))
            }
        }
        for part in own.parts where own.each == nil {
            guard case .package = part.billing,
                let range = (try? parameters.value(of: part.path, in: text)) ?? nil,
                let quantity = try? ExactDecimal(
                    text, range, decimalsMax: PriceListLimits.quantityDecimalsMax),
                let full = part.fullPackages(in: quantity)
            else { continue }
            candidates.append(Candidate(path: part.path, range: range, value: full))
        }
        return candidates
    }

    /// The values that rules for the action name, of each parameter with few of them.
    private func comparedValues(
        _ action: Span<UInt8>, _ own: PriceRule
    ) -> [(ParameterPath, [[UInt8]])] {
        var order: [ParameterPath] = []
        var found: [ParameterPath: [[UInt8]]] = [:]
        let add = { (path: ParameterPath, values: [[UInt8]]) in
            if found[path] == nil { order.append(path) }
            let known = found[path, default: []]
            guard known.count <= PriceListLimits.comparedValuesMax else { return }
            found[path] = known + values.filter { !known.contains($0) }
        }
        for rule in rules where rule.action.matches(action) {
            for condition in rule.conditions { add(condition.path, condition.values) }
        }
        for multiplier in own.multipliers where own.each == nil && !multiplier.countsItems {
            add(
                multiplier.path,
                multiplier.values.map { value in
                    var text: [UInt8] = []
                    text.append(jsonString: value.text)
                    return text
                })
        }
        return order.compactMap { path in
            guard let values = found[path], values.count <= PriceListLimits.comparedValuesMax
            else { return nil }
            return (path, values)
        }
    }
}

extension PriceRule.Part {
    /// The largest quantity below `quantity` that fills its packages; nil when it fills them
    /// already, or begins none.
    fileprivate func fullPackages(in quantity: ExactDecimal) -> [UInt8]? {
        let billed = quantity.subtracting(included)
        let begun = billed.packages(of: per).digits
        guard begun > 0, included.decimals == 0 else { return nil }
        let full = included.digits + (begun - 1) * UInt128(per)
        guard full > 0, ExactDecimal(digits: full + UInt128(per), decimals: 0) != quantity
        else { return nil }
        return Array(String(full).utf8)
    }
}
