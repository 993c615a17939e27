internal import Credit

extension ParameterPath {
    /// The parameter as people say it: `usage.input_tokens` is `usage input tokens`, `coinIds` is
    /// `coin ids`.
    var words: String {
        var words = ""
        for letter in text {
            if letter == "_" || letter == "." {
                words.append(" ")
            } else if letter.isUppercase, words.last?.isLowercase ?? false {
                words += " \(letter.lowercased())"
            } else {
                words.append(letter)
            }
        }
        return words
    }

    /// The same for one of them: `input token`.
    var wordsForOne: String {
        let words = words
        if words.count < 3 || words.hasSuffix("series") { return words }
        if words.hasSuffix("ies") { return words.dropLast(3) + "y" }
        if ["sses", "xes", "ches", "shes"].contains(where: words.hasSuffix) {
            return String(words.dropLast(2))
        }
        let isPlural = words.hasSuffix("s") && !words.hasSuffix("ss") && !words.hasSuffix("us")
        return isPlural ? String(words.dropLast()) : words
    }
}

extension Credits {
    /// `1 credit`, `2.5 credits`.
    fileprivate var words: String { "\(decimalText) \(decimalText == "1" ? "credit" : "credits")" }
}

extension ExactDecimal {
    /// The number with a space between groups of three digits, without zeros at its end.
    var grouped: String {
        var (whole, fraction) = digits.quotientAndRemainder(dividingBy: PowersOfTen[decimals])
        var places = decimals
        while places > 0, fraction % 10 == 0 { (fraction, places) = (fraction / 10, places - 1) }
        var groups: [String] = []
        while whole >= 1000 {
            let rest = String(whole % 1000)
            groups.append(String(repeating: "0", count: 3 - rest.count) + rest)
            whole /= 1000
        }
        groups.append(String(whole))
        let text = groups.reversed().joined(separator: " ")
        guard places > 0 else { return text }
        let rest = String(fraction)
        return "\(text).\(String(repeating: "0", count: places - rest.count))\(rest)"
    }

    init(whole: UInt64) {
        self.init(digits: UInt128(whole), decimals: 0)
    }
}

extension Fraction {
    /// A decimal where one of at most 18 places is exact, and numerator and denominator elsewhere.
    var text: String {
        var (rest, twos, fives) = (denominator, 0, 0)
        while rest % 2 == 0 { (rest, twos) = (rest / 2, twos + 1) }
        while rest % 5 == 0 { (rest, fives) = (rest / 5, fives + 1) }
        let places = max(twos, fives)
        guard rest == 1, places <= PriceListLimits.quantityDecimalsMax,
            let digits = self.numerator(over: PowersOfTen[places])
        else { return "\(numerator)/\(denominator)" }
        let (whole, fraction) = digits.quotientAndRemainder(dividingBy: PowersOfTen[places])
        guard places > 0 else { return "\(whole)" }
        let tail = String(fraction)
        return "\(whole).\(String(repeating: "0", count: places - tail.count))\(tail)"
    }
}

extension Rounding {
    /// `rounded up to 0.01`.
    var words: String {
        switch mode {
        case .up: "rounded up to \(step.decimalText)"
        case .halfEven: "rounded to \(step.decimalText)"
        case .down: "rounded down to \(step.decimalText)"
        }
    }
}

extension OutcomeCharges {
    /// What an outcome changed; nil for one that costs as success does.
    func words(for outcome: Outcome, results: UInt64?) -> String? {
        switch charge(for: outcome) {
        case .full: nil
        case .fixed(let credits):
            "\(outcome.rawWord): \(credits.words) whatever the parameters"
        case .byResults: "\(outcome.rawWord): priced for at most \(results ?? 0) results"
        }
    }
}

extension Outcome {
    /// The word for it in a price list.
    var rawWord: String { "\(self)" }
}

extension PriceRule.Part {
    /// The arithmetic of so many units, of which `billed` are not free.
    func arithmetic(quantity: ExactDecimal, billed: ExactDecimal) -> String {
        let units = "\(quantity.grouped) \(path.words)"
        let left = included.digits > 0 ? "(\(units) - \(included.grouped) included)" : units
        switch billing {
        case .flat(let price): return "\(left) x \(price.grouped)\(perText)"
        case .package(let price):
            let packages = billed.packages(of: per).grouped
            return
                "\(left): \(packages) begun of \(ExactDecimal(whole: per).grouped) x \(price.grouped)"
        case .graduated(let tiers):
            var (start, sums) = (ExactDecimal.zero, [String]())
            for tier in tiers where billed > start {
                let end = min(tier.upTo ?? billed, billed)
                sums.append("\(end.subtracting(start).grouped) x \(tier.price.grouped)\(perText)")
                start = end
            }
            return sums.isEmpty
                ? "\(left): none to pay" : "\(left): \(sums.joined(separator: " + "))"
        case .volume(let tiers):
            let tier = tiers.first { billed <= $0.upTo ?? billed }
            let range = tier?.upTo.map { "up to \($0.grouped)" } ?? "the last"
            return "\(left) x \(tier?.price.grouped ?? "0")\(perText), the tier being \(range)"
        }
    }

    private var perText: String { per == 1 ? "" : " / \(ExactDecimal(whole: per).grouped)" }
}
