public import Credit

/// One immutable version of a vendor's prices.
///
/// Pure and deterministic: the same call has the same price on every machine and for all time.
/// The order of the arithmetic is that of docs/charging.md.
public final class PriceList: Sendable {
    /// The name of the list.
    public let name: Name
    /// The version, from 1.
    public let version: UInt32
    /// When the prices begin.
    public let effectiveAt: Instant
    /// What one credit is worth, where the list says so.
    public let usdPerCredit: ExactDecimal?
    /// The rules, the first that matches first.
    public let rules: [PriceRule]
    let priced: [PricedRule]
    let index: RuleIndex
    private let quick: QuickPrices

    /// The version `version` of list `name`, as drafted.
    public init(name: Name, version: UInt32, effectiveAt: Instant, draft: Draft) {
        self.name = name
        self.version = version
        self.effectiveAt = effectiveAt
        usdPerCredit = draft.usdPerCredit
        rules = draft.rules
        priced = zip(draft.rules, draft.tariffs).map { PricedRule($0, $1) }
        index = RuleIndex(draft.rules)
        quick = QuickPrices(draft.rules, draft.tariffs)
    }

    /// What a call costs.
    ///
    /// `parameters` are an object in canonical JSON; no bytes are the empty object. `results`, the
    /// number of things found, is needed only where the rule prices the outcome by it.
    public func price(
        action: Span<UInt8>, parameters: Span<UInt8>, outcome: Outcome = .succeeded,
        results: UInt64? = nil
    ) throws(PricingError) -> Quote {
        if let quote = quick.price(
            action: action, parameters: parameters, outcome: outcome, results: results)
        {
            return quote
        }
        return try exactPrice(
            action: action, parameters: parameters, outcome: outcome, results: results)
    }

    /// The same price, by the reader that takes every form and names what is wrong.
    package func exactPrice(
        action: Span<UInt8>, parameters: Span<UInt8>, outcome: Outcome, results: UInt64?
    ) throws(PricingError) -> Quote {
        var values = Parameters()
        try values.scan(parameters)
        guard let place = try index.firstMatch(action, values, of: parameters, in: priced) else {
            throw .unknownAction
        }
        var log = NoCostLog()
        let cost = try priced[place].cost(
            values, of: parameters, outcome, results: results, log: &log)
        let ruleIndex = UInt16(truncatingIfNeeded: place)
        return Quote(credits: cost.credits, ruleIndex: ruleIndex, units: cost.units)
    }
}

/// The price of a call, and what it was for.
public struct Quote: Hashable, Sendable, BitwiseCopyable {
    /// What the call costs.
    public let credits: Credits
    /// The place of the rule in its list; there are at most 10 000.
    public let ruleIndex: UInt16
    /// The units that were priced, over all parts; 1 for a price per call alone, 0 for a fixed one.
    public let units: Int64
}
