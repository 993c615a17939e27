import Credit
import JSON
import Pricing
import Testing

/// Calls in the common form are priced by a reader of their own, which must never differ.
struct QuickPriceTests {
    @Test(arguments: UInt64(1)...400)
    func `every call has the price of the exact reader`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let known = keys.filter { seed % 4 == 0 || !$0.contains(".") }
        let rules = (0..<Int.random(in: 1...12, using: &random)).map {
            rule($0, known, using: &random)
        }
        let list = try PriceList(rules: rules.joined(separator: ","), usdPerCredit: "0.0025")
        for _ in 0..<40 {
            let action = one(of: ["a.b", "a.c", "b", "chat.completions", "x"], using: &random)
            let parameters = try parameters(using: &random)
            let outcome = Outcome.allCases.randomElement(using: &random) ?? .succeeded
            let results: UInt64? =
                Bool.random(using: &random) ? .random(in: 0...2000, using: &random) : nil
            let quick = result { () throws(PricingError) in
                try list.price(
                    action: action.utf8.span, parameters: parameters.span, outcome: outcome,
                    results: results)
            }
            let exact = result { () throws(PricingError) in
                try list.exactPrice(
                    action: action.utf8.span, parameters: parameters.span, outcome: outcome,
                    results: results)
            }
            let text = String(decoding: parameters, as: UTF8.self)
            #expect(quick == exact, "seed \(seed): \(action) \(text) \(rules)")
        }
    }

    @Test(arguments: [
        (#"{"model":"m7","tokens":1000}"#, UInt16(7), Int64(8000)),
        (#"{"model":"m999","tokens":1}"#, 999, 1000), (#"{"model":"other","tokens":5}"#, 1000, 5),
        (#"{"model":"m7","tokens":999999999999}"#, 7, 7_999_999_999_992),
        (#"{"a":{"model":"m1"},"model":"m7","tokens":2}"#, 7, 16),
        (#"{"a":"\"}","model":"m7","tokens":2,"z":[1,{"y":"]"}]}"#, 7, 16),
        (#"{"model":"m7","tokens":0}"#, 7, 0), (#"{"model":"m7","tokens":2.5}"#, 7, 20),
    ])
    func `finds one of 1000 models`(parameters: String, rule: UInt16, micros: Int64) throws {
        let rules = (0..<1000).map {
            #"{"id":"r\#($0)","action":"chat","when":{"model":"m\#($0)"},"#
                + #""parts":[{"parameter":"tokens","price":\#($0 + 1),"per":1000000}]}"#
        }
        let last = #"{"id":"l","action":"chat","parts":[{"parameter":"tokens","price":0.000001}]}"#
        let list = try PriceList(
            rules: (rules + [last]).joined(separator: ","), usdPerCredit: "1")
        let quote = try list.quote(parameters, action: "chat")
        #expect(quote.ruleIndex == rule)
        #expect(quote.credits.micros == micros)
    }

    private func result(_ price: () throws(PricingError) -> Quote) -> Result<Quote, PricingError> {
        do throws(PricingError) { return .success(try price()) } catch { return .failure(error) }
    }
}

private let keys = [
    "a", "b.c", "in", "input_t", "input_to", "input_tokens", "input_tokens_of_audio",
    "input_tokens_or_audio", "cache_creation_input_tokens_12", "more.than.30.bytes.in.one.key.here",
    "model", "é\n",
]

private func one(of texts: [String], using random: inout SeededRandom) -> String {
    texts.randomElement(using: &random) ?? ""
}

/// A value as parameters or conditions have it, most often of a few that rules name.
private func value(using random: inout SeededRandom) -> String {
    switch Int.random(in: 0..<6, using: &random) {
    case 0: one(of: [#""gpt-4o""#, #""gpt-4o-mini""#, #""é\"\n""#, #""""#], using: &random)
    case 1: "\(Int.random(in: 0...3, using: &random))"
    case 2: one(of: ["true", "false", "0.5", "12345678", "1e3"], using: &random)
    case 3: "\(UInt64.random(in: 0...9_999_999_999_999, using: &random))"
    default: "\(Int.random(in: 0...100_000, using: &random))"
    }
}

private func rule(_ id: Int, _ keys: [String], using random: inout SeededRandom) -> String {
    let action = one(of: ["a.b", "a.*", "*", "b", "chat.completions"], using: &random)
    let conditions = keys.filter { _ in Int.random(in: 0..<8, using: &random) == 0 }
        .map { "\(quoted($0)):\(value(using: &random))" }
    let parts = keys.filter { _ in Int.random(in: 0..<6, using: &random) == 0 }.map {
        let price = one(of: ["0", "2.5", "0.000000000001", "123456", "0.3"], using: &random)
        let per = one(of: ["1", "1000", "1000000", "7"], using: &random)
        let included = one(of: ["0", "0", "10", "0.5"], using: &random)
        let fallback = one(of: ["", "", #","default":0"#, #","default":2.5"#], using: &random)
        return
            #"{"parameter":\#(quoted($0)),"price":\#(price),"per":\#(per),"included":\#(included)\#(fallback)}"#
    }
    let mode = one(of: ["up", "down", "half_even"], using: &random)
    let step = one(of: ["0.000001", "0.01", "3"], using: &random)
    let limits = one(of: ["", #""minimum":2,"#, #""maximum":9.5,"#], using: &random)
    return #"{"id":"r\#(id)","action":"\#(action)","when":{\#(conditions.joined(separator: ","))},"#
        + #""usd":\#(Bool.random(using: &random)),\#(limits)"#
        + #""rounding":{"to":\#(step),"mode":"\#(mode)"},"outcomes":{"failed":1.5,"#
        + #""partial":"results"},"parts":[\#(parts.joined(separator: ","))]}"#
}

private func parameters(using random: inout SeededRandom) throws -> [UInt8] {
    guard Int.random(in: 0..<20, using: &random) > 0 else { return [] }
    let nested = [#"{"c":7}"#, #"[1,"]",{"a":"\\"}]"#, "null", "-5"]
    let members = (keys + ["aa", "zz", "input_tokenz"])
        .filter { _ in Int.random(in: 0..<3, using: &random) > 0 }
        .map {
            let isNested = Int.random(in: 0..<12, using: &random) == 0
            let text = isNested ? one(of: nested, using: &random) : value(using: &random)
            return "\(quoted($0)):\(text)"
        }
    return try CanonicalJSON.bytes(of: "{\(members.joined(separator: ","))}".utf8.span)
}

private func quoted(_ text: String) -> String {
    var bytes: [UInt8] = []
    bytes.append(jsonString: text)
    return String(decoding: bytes, as: UTF8.self)
}
