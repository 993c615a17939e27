import Credit
import JSON
import Pricing
import Testing

struct ExactPriceTests {
    @Test(arguments: UInt64(1)...300)
    func `prices are those of slow exact arithmetic`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let rule = RandomRule(using: &random)
        let list = try PriceList(rules: rule.json, usdPerCredit: rule.usdPerCredit)
        for _ in 0..<4 {
            let quantities = rule.parts.map { _ in decimal(12, 6, using: &random) }
            let results: UInt64? =
                Bool.random(using: &random) ? .random(in: 1...99, using: &random) : nil
            let expected = rule.micros(quantities, results: results)
            let outcome = results == nil ? Outcome.succeeded : .partial
            let parameters = try rule.parameters(quantities)
            let comment = Comment("seed \(seed): \(rule.json) \(parameters)")
            if let expected {
                let quote = try list.quote(parameters, outcome, results)
                #expect(quote.credits.micros == expected, comment)
            } else {
                #expect(throws: PricingError.amountOutOfRange, comment) {
                    try list.quote(parameters, outcome, results)
                }
            }
        }
    }

    @Test func `the slow arithmetic knows its tables`() {
        #expect(BigRational("12.5") * BigRational("0.08") == BigRational("1"))
        #expect(
            BigRational("1") / BigRational("3") + BigRational("2") / BigRational("3")
                == BigRational("1"))
        #expect(BigRational("1.25") - BigRational("0.75") == BigRational("0.5"))
        #expect(BigRational("2.5").rounded("half_even").int64 == 2)
        #expect(BigRational("3.5").rounded("half_even").int64 == 4)
        #expect(BigRational("2.000000000000000000001").rounded("up").int64 == 3)
        #expect(BigRational("9223372036854775807").rounded("down").int64 == .max)
        #expect(BigRational("9223372036854775808").rounded("down").int64 == nil)
    }
}

/// A decimal text of up to so many digits before and after the point.
private func decimal(_ before: Int, _ after: Int, using random: inout SeededRandom) -> String {
    let digits = { (count: Int, random: inout SeededRandom) in
        (0..<count).map { _ in "\(Int.random(in: 0...9, using: &random))" }.joined()
    }
    let whole = digits(Int.random(in: 1...before, using: &random), &random)
    let trimmed = String(whole.drop { $0 == "0" })
    let fraction = digits(Int.random(in: 0...after, using: &random), &random)
    return (trimmed.isEmpty ? "0" : trimmed) + (fraction.isEmpty ? "" : ".\(fraction)")
}

/// A rule whose fields are texts, so that the test reads them in its own way.
private struct RandomRule {
    struct Part {
        let price: String
        let per: String
        let included: String
    }

    let parts: [Part]
    let perCall: String
    let minimum: String
    let maximum: String?
    let isUSD: Bool
    let usdPerCredit: String
    let step: String
    let mode: String

    init(using random: inout SeededRandom) {
        parts = (0..<Int.random(in: 0...3, using: &random)).map { _ in
            Part(
                price: decimal(3, 12, using: &random),
                per: ["1", "7", "1000", "1000000", "3000"].randomElement(using: &random) ?? "1",
                included: Bool.random(using: &random) ? "0" : decimal(4, 3, using: &random))
        }
        perCall = decimal(2, 12, using: &random)
        let least = Bool.random(using: &random) ? "0" : decimal(2, 6, using: &random)
        minimum = least
        let most = Bool.random(using: &random) ? nil : decimal(8, 6, using: &random)
        maximum = most.flatMap { BigRational($0) < BigRational(least) ? nil : $0 }
        isUSD = Bool.random(using: &random)
        usdPerCredit =
            ["0.0000005", "0.01", "1", "0.123", "7.5"].randomElement(using: &random) ?? "1"
        step = ["0.000001", "0.01", "1", "0.3"].randomElement(using: &random) ?? "1"
        mode = ["up", "half_even", "down"].randomElement(using: &random) ?? "up"
    }

    var json: String {
        let list = parts.enumerated().map {
            #"{"parameter":"p\#($0)","price":\#($1.price),"per":\#($1.per),"included":\#($1.included)}"#
        }
        let most = maximum.map { #""maximum":\#($0),"# } ?? ""
        return #"{"id":"a","action":"act","per_call":\#(perCall),"minimum":\#(minimum),\#(most)"#
            + #""usd":\#(isUSD),"rounding":{"to":\#(step),"mode":"\#(mode)"},"#
            + #""outcomes":{"partial":"results"},"parts":[\#(list.joined(separator: ","))]}"#
    }

    func parameters(_ quantities: [String]) throws -> String {
        let members = quantities.enumerated().map { "\"p\($0)\":\($1)" }
        let json = "{\(members.joined(separator: ","))}"
        return String(decoding: try CanonicalJSON.bytes(of: json.utf8.span), as: UTF8.self)
    }

    /// The price in micro-credits; nil when it is over 10^12 credits.
    func micros(_ quantities: [String], results: UInt64?) -> Int64? {
        var sum = BigRational(perCall)
        for (part, text) in zip(parts, quantities) {
            let asked = BigRational(text)
            let quantity = results.map { min(asked, BigRational("\($0)")) } ?? asked
            let billed = quantity - BigRational(part.included)
            sum = sum + billed * BigRational(part.price) / BigRational(part.per)
        }
        sum = max(sum, BigRational(minimum))
        if let maximum { sum = min(sum, BigRational(maximum)) }
        if isUSD { sum = sum / BigRational(usdPerCredit) }
        let steps = (sum / BigRational(step)).rounded(mode)
        let micros = BigRational(step) * BigRational("1000000")
        guard let whole = steps.int64, let each = micros.rounded("down").int64 else { return nil }
        let (product, overflow) = whole.multipliedReportingOverflow(by: each)
        return overflow || product > Credits.limit.micros ? nil : product
    }
}
