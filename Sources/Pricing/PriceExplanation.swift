public import Credit

/// How a price came about, step by step: what ``PriceList`` did when it priced the call, not a
/// second reckoning.
public struct PriceExplanation: Hashable, Sendable {
    /// One step of the arithmetic.
    public struct Line: Hashable, Sendable {
        /// What kind of step it is.
        public enum Step: String, Sendable {
            case perCall = "per_call"
            case part
            case multiplier
            case item
            case items
            case minimum
            case maximum
            case rounding
            case outcome
        }

        public let step: Step
        /// The parameter that it is about, with the list and index of an item before it.
        public let parameter: String?
        /// The step in words and figures: `1 234 input tokens x 2.5 / 1 000`.
        public let text: String
        /// Credits that a part adds, or that the price is after the step: a decimal, or a fraction
        /// such as `5/3` where no decimal of 18 places is exact.
        public let amount: String
    }

    /// The rule that priced the call.
    public let rule: Name
    /// What the call costs.
    public let quote: Quote
    /// The steps, at most ``PriceListLimits/explanationLinesMax``; the last one gives the credits.
    public let lines: [Line]
    /// How many steps were left out before the last ones.
    public let omitted: Int
}

extension PriceList {
    /// The price of a call as ``price(action:parameters:outcome:results:)`` gives it, and how it
    /// came about.
    public func explain(
        action: Span<UInt8>, parameters: Span<UInt8>, outcome: Outcome = .succeeded,
        results: UInt64? = nil
    ) throws(PricingError) -> PriceExplanation {
        var values = Parameters()
        try values.scan(parameters)
        guard let place = try index.firstMatch(action, values, of: parameters, in: priced) else {
            throw .unknownAction
        }
        var log = ExplainingLog(priced[place], usdPerCredit: usdPerCredit)
        let cost = try priced[place].cost(
            values, of: parameters, outcome, results: results, log: &log)
        log.tell(outcome, results: results, cost.credits)
        return PriceExplanation(
            rule: rules[place].id,
            quote: Quote(
                credits: cost.credits, ruleIndex: UInt16(truncatingIfNeeded: place),
                units: cost.units),
            lines: log.lines, omitted: log.omitted)
    }
}

/// Puts the steps into words.
private struct ExplainingLog: CostLog {
    private let rule: PriceRule
    private let tariff: Tariff
    private let usdPerCredit: ExactDecimal?
    private(set) var lines: [PriceExplanation.Line] = []
    private(set) var omitted = 0
    /// The item that is being priced.
    private var item: Int?

    init(_ priced: PricedRule, usdPerCredit: ExactDecimal?) {
        rule = priced.rule
        tariff = priced.tariff
        self.usdPerCredit = usdPerCredit
    }

    mutating func begin(item: Int) {
        self.item = item
    }

    mutating func end(item: Int, _ amount: ExactSum) {
        self.item = nil
        guard let list = rule.each else { return }
        let name = "\(list.text)[\(item)]"
        add(.item, name, name, amount)
    }

    mutating func add(_ step: @autoclosure () -> CostStep, _ amount: ExactSum) {
        switch step() {
        case .perCall:
            let words = item == nil ? "per call" : "per item"
            let unit = rule.perCall == .one && rule.currency == .credits ? " credit" : unit
            let text = "\(rule.perCall.grouped)\(unit) \(words)\(exchange)"
            add(.perCall, item.map(name(ofItem:)), text, amount)
        case .part(let index, let quantity, let billed):
            let part = rule.parts[index]
            let text = part.arithmetic(quantity: quantity, billed: billed) + exchange
            add(.part, name(of: part.path), text, amount)
        case .factor(let index, let factor):
            let path = rule.multipliers[index].path
            add(.multiplier, name(of: path), "x \(factor.grouped) for \(path.words)", amount)
        case .items(let count):
            let words = count == 1 ? "the sum of 1 item" : "the sum of \(count) items"
            add(.items, rule.each?.text, words, amount)
        case .minimum:
            add(
                .minimum, nil, "raised to the minimum of \(rule.minimum.grouped)\(unit)\(exchange)",
                amount)
        case .maximum:
            let maximum = rule.maximum?.grouped ?? ""
            add(.maximum, nil, "lowered to the maximum of \(maximum)\(unit)\(exchange)", amount)
        case .rounding(let credits): tell(credits, amount)
        }
    }

    private mutating func tell(_ credits: Credits, _ amount: ExactSum) {
        let exact = text(of: amount)
        let result = credits.decimalText
        let words =
            exact == result
            ? "no rounding: a multiple of \(rule.rounding.step.decimalText)"
            : "\(rule.rounding.words) from \(exact)"
        lines.append(
            PriceExplanation.Line(step: .rounding, parameter: nil, text: words, amount: result))
    }

    /// Says what the outcome changed, which no step of the arithmetic does.
    mutating func tell(_ outcome: Outcome, results: UInt64?, _ credits: Credits) {
        guard let words = rule.outcomes.words(for: outcome, results: results) else { return }
        lines.append(
            PriceExplanation.Line(
                step: .outcome, parameter: nil, text: words, amount: credits.decimalText))
    }

    private mutating func add(
        _ step: PriceExplanation.Line.Step, _ parameter: String?, _ text: String,
        _ amount: ExactSum
    ) {
        // How the whole came about is told whatever was left out of it.
        let isOfAll = item == nil && [.items, .minimum, .maximum].contains(step)
        guard isOfAll || lines.count < PriceListLimits.explanationLinesMax else {
            omitted += 1
            return
        }
        lines.append(
            PriceExplanation.Line(
                step: step, parameter: parameter, text: text, amount: self.text(of: amount)))
    }

    private func name(of path: ParameterPath) -> String {
        item.map { "\(name(ofItem: $0)).\(path.text)" } ?? path.text
    }

    private func name(ofItem index: Int) -> String { "\(rule.each?.text ?? "")[\(index)]" }

    private var unit: String { rule.currency == .usd ? "" : " credits" }

    /// What follows prices in USD, whose amounts are in credits.
    private var exchange: String {
        guard rule.currency == .usd, let usdPerCredit else { return "" }
        return " in USD, \(usdPerCredit.grouped) a credit"
    }

    /// The credits of an amount in the tariff's own counting.
    private func text(of sum: ExactSum) -> String {
        let step = Fraction(
            UInt128(tariff.rounding.step.micros.magnitude),
            over: UInt128(Credits.microsPerCredit.magnitude))
        guard let step, let count = Fraction(sum.total, over: tariff.denominator),
            let decimals = Fraction(1, over: PowersOfTen[sum.decimals]),
            let credits = count.multiplied(by: step)?.multiplied(by: decimals)
        else { return "\(sum.total)/\(tariff.denominator)e\(sum.decimals) x \(rule.rounding.step)" }
        return credits.text
    }
}
