import Credit
import Fuzzing
import JSON
import Pricing

/// A price list and a call: the quick path, the exact one and the explanation agree on the price or
/// the refusal, and whatever is named as cheaper is.
///
/// The first line of an input is the call's action, the number of its outcome and of its results;
/// the second are its parameters; the rest is the price list.
@c(LLVMFuzzerTestOneInput)
public func fuzzPrices(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe [UInt8](start: start, count: count)
    let parts = input.split(
        separator: UInt8(ascii: "\n"), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let name = try? Name("list") else { return 0 }
    guard let draft = try? PriceList.Draft(json: Array(parts[2]).span) else { return 0 }
    expect(
        try? PriceList.Draft(json: draft.canonicalJSON.span), equals: draft,
        "a draft read from its canonical form")
    let list = PriceList(name: name, version: 1, effectiveAt: .epoch, draft: draft)
    expect(draft.sentences.allSatisfy { !$0.text.isEmpty }, "each rule has words")
    expect(draft.unreachableRules.allSatisfy { $0.rule != $0.coveredBy }, "no rule covers itself")
    let parameters = Array(parts[1])
    // Whoever prices a call gives parameters in canonical form; whatever else must not trap.
    if let canonical = try? CanonicalJSON.bytes(of: parameters.span) {
        PricedCall(parts[0], canonical).check(list)
    }
    if parameters.isEmpty { PricedCall(parts[0], []).check(list) }
    _ = PricedCall(parts[0], parameters).price(list)
    return 0
}

struct PricedCall {
    let action: [UInt8]
    let outcome: Outcome
    let results: UInt64?
    let parameters: [UInt8]

    init(_ line: ArraySlice<UInt8>, _ parameters: [UInt8]) {
        let words = line.split(separator: UInt8(ascii: " "))
        let numbers = words.dropFirst().map { UInt64(String(decoding: $0, as: UTF8.self)) }
        action = words.first.map { Array($0) } ?? []
        let place = (numbers.first ?? nil) ?? 0
        let outcomes = Outcome.allCases
        outcome = outcomes[Int(place % UInt64(outcomes.count))]
        results = numbers.dropFirst().first ?? nil
        self.parameters = parameters
    }

    func price(_ list: PriceList) -> Result<Quote, PricingError> {
        result { () throws(PricingError) in
            try list.price(
                action: action.span, parameters: parameters.span, outcome: outcome,
                results: results)
        }
    }

    func check(_ list: PriceList) {
        let exact = result { () throws(PricingError) in
            try list.exactPrice(
                action: action.span, parameters: parameters.span, outcome: outcome,
                results: results)
        }
        let quick = price(list)
        expect(quick, equals: exact, "\(action.text) \(outcome) \(parameters.text)")
        guard case .success(let quote) = quick else { return }
        expect(quote.credits >= .zero && quote.credits.isWithinLimit, "a price of \(quote)")
        expect(Int(quote.ruleIndex) < list.rules.count, "rule \(quote.ruleIndex)")
        checkExplanation(of: quote, list)
    }

    private func checkExplanation(of quote: Quote, _ list: PriceList) {
        guard
            let explanation = try? list.explain(
                action: action.span, parameters: parameters.span, outcome: outcome,
                results: results)
        else { return expect(false, "no explanation of \(quote)") }
        expect(explanation.quote, equals: quote, "explained: \(parameters.text)")
        expect(
            explanation.lines.last?.amount ?? "", equals: quote.credits.decimalText,
            "the last step")
        let cheaper = list.alternatives(
            action: action.span, parameters: parameters.span, outcome: outcome, results: results,
            to: quote)
        expect(cheaper.allSatisfy { $0.credits < quote.credits }, "what is named is cheaper")
    }

    private func result(
        _ price: () throws(PricingError) -> Quote
    ) -> Result<Quote, PricingError> {
        do throws(PricingError) { return .success(try price()) } catch { return .failure(error) }
    }
}
