public import Credit
internal import JSON

extension PriceList.Draft {
    /// Each rule in a sentence: `2.5 credits per 1 000 input tokens, rounded up to 0.01`.
    public var sentences: [(rule: Name, text: String)] {
        rules.map { ($0.id, $0.sentence(usdPerCredit: usdPerCredit)) }
    }
}

extension PriceList {
    /// A rule in a sentence, by its place in the list; nil when there is none.
    public func sentence(ofRule place: Int) -> String? {
        guard rules.indices.contains(place) else { return nil }
        return rules[place].sentence(usdPerCredit: usdPerCredit)
    }
}

extension PriceRule {
    /// The rule in a sentence, without the action that it is for.
    func sentence(usdPerCredit: ExactDecimal?) -> String {
        var text = conditions.isEmpty ? "" : "if \(conditionWords): "
        if let each { text += "for each of \(each.words): " }
        text += priceWords
        text += multipliers.map(\.sentence).joined()
        if minimum.digits > 0 { text += ", at least \(amount(minimum))" }
        if let maximum { text += ", at most \(amount(maximum))" }
        if currency == .usd, let usdPerCredit {
            text += ", at \(usdPerCredit.grouped) USD a credit"
        }
        if rounding != Rounding() { text += ", \(rounding.words)" }
        return text + outcomes.sentence
    }

    /// Price per call and parts, added up.
    private var priceWords: String {
        var terms =
            perCall.digits > 0 ? ["\(amount(perCall)) per \(each == nil ? "call" : "item")"] : []
        terms += parts.map { $0.sentence(amount) }
        if !terms.isEmpty { return terms.joined(separator: " plus ") }
        return minimum.digits > 0 ? "nothing by itself" : "free"
    }

    private func amount(_ price: ExactDecimal) -> String {
        switch currency {
        case .usd: "\(price.grouped) USD"
        case .credits: price == .one ? "1 credit" : "\(price.grouped) credits"
        }
    }

    private var conditionWords: String {
        conditions.map { "\($0.path.words) is \($0.valueWords)" }.joined(separator: " and ")
    }
}

extension PriceRule.Condition {
    /// The most values that are named one by one.
    private static let namedMax = 5

    fileprivate var valueWords: String {
        let texts = values.map { value in
            let isString = value.first == UInt8(ascii: "\"")
            let bytes = isString ? Array(value.dropFirst().dropLast()) : value
            return String(decoding: bytes, as: UTF8.self)
        }
        guard texts.count <= Self.namedMax else {
            let named = texts.prefix(Self.namedMax).joined(separator: ", ")
            return "\(named) or one of \(texts.count - Self.namedMax) others"
        }
        guard let last = texts.last, texts.count > 1 else { return texts.first ?? "" }
        return "\(texts.dropLast().joined(separator: ", ")) or \(last)"
    }
}

extension PriceRule.Part {
    fileprivate func sentence(_ amount: (ExactDecimal) -> String) -> String {
        var free = included.digits > 0 ? " after the first \(included.grouped)" : ""
        if let fallback, fallback.digits > 0 { free += " (\(fallback.grouped) unless sent)" }
        let units =
            per == 1 ? path.wordsForOne : "\(ExactDecimal(whole: per).grouped) \(path.words)"
        return switch billing {
        case .flat(let price): "\(amount(price)) per \(units)\(free)"
        case .package(let price): "\(amount(price)) for every \(units) begun\(free)"
        case .graduated(let tiers):
            "\(path.words)\(free) at \(tiers.words(amount, per))"
        case .volume(let tiers): "all \(path.words)\(free) at \(tiers.words(amount, per))"
        }
    }
}

extension [PriceRule.Tier] {
    fileprivate func words(_ amount: (ExactDecimal) -> String, _ per: UInt64) -> String {
        let units = per == 1 ? "each" : "per \(ExactDecimal(whole: per).grouped)"
        return enumerated().map { place, tier in
            let price = place == 0 ? "\(amount(tier.price)) \(units)" : amount(tier.price)
            guard let end = tier.upTo else { return count == 1 ? price : "\(price) above" }
            return "\(price) up to \(end.grouped)"
        }.joined(separator: ", ")
    }
}

extension PriceRule.Multiplier {
    fileprivate var sentence: String {
        let named = values.map { "\($0.factor.grouped) if \(path.words) is \($0.text)" }
        guard countsItems else {
            return ", times \(named.isEmpty ? path.words : named.joined(separator: ", "))"
        }
        let weights = values.map { "\($0.text) as \($0.factor.grouped)" }
        let counting = weights.isEmpty ? "" : ", counting \(weights.joined(separator: ", "))"
        return ", times the number of \(path.words)\(counting)"
    }
}

extension OutcomeCharges {
    /// What differs from the usual, each after a semicolon.
    fileprivate var sentence: String {
        let usual = Self()
        return Outcome.allCases.compactMap { outcome in
            let charge = charge(for: outcome)
            guard charge != usual.charge(for: outcome) else { return nil }
            return switch charge {
            case .full: "; \(outcome.rawWord) calls cost the same"
            case .fixed(let credits): "; \(outcome.rawWord) calls cost \(credits.decimalText)"
            case .byResults: "; \(outcome.rawWord) calls are priced by their results"
            }
        }.joined()
    }
}
