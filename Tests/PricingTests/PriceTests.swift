import Credit
import Pricing
import Testing

struct PriceTests {
    @Test(arguments: [
        ("", "{}", "0", Int64(1)), (#""per_call":4"#, "{}", "4", 1), (#""per_call":4"#, "", "4", 1),
        (#""parts":[{"parameter":"n","price":1}]"#, #"{"n":100}"#, "100", 100),
        (#""parts":[{"parameter":"n","price":1}]"#, #"{"n":0}"#, "0", 0),
        (#""parts":[{"parameter":"n","price":0.5}]"#, #"{"n":2.5}"#, "1.25", 3),
        (
            #""per_call":1,"parts":[{"parameter":"in","price":2.5,"per":1000000},{"parameter":"out","price":10,"per":1000000}]"#,
            #"{"in":1234,"out":321}"#, "1.006295", 1555
        ),
        (#""parts":[{"parameter":"n","price":3,"included":10}]"#, #"{"n":7}"#, "0", 7),
        (#""parts":[{"parameter":"n","price":3,"included":10}]"#, #"{"n":12}"#, "6", 12),
        (#""parts":[{"parameter":"n","price":3,"included":0.5}]"#, #"{"n":12.75}"#, "36.75", 13),
        (#""parts":[{"parameter":"n","price":1,"per":3}]"#, #"{"n":1}"#, "0.333333", 1),
        (
            #""parts":[{"parameter":"n","price":1,"per":3},{"parameter":"m","price":1,"per":3}]"#,
            #"{"m":1,"n":1}"#, "0.666667", 2
        ),
        (
            #""parts":[{"parameter":"n","price":1,"per":3},{"parameter":"n","price":2,"per":3}]"#,
            #"{"n":1}"#, "1", 2
        ),
        (
            #""parts":[{"parameter":"n","price":0.000000000001}]"#, #"{"n":1000000000000}"#, "1",
            1_000_000_000_000
        ),
        (#""parts":[{"parameter":"n","price":1}]"#, #"{"n":0.300000000000000004}"#, "0.3", 1),
        (#""minimum":2,"parts":[{"parameter":"n","price":1}]"#, #"{"n":1}"#, "2", 1),
        (#""maximum":2,"parts":[{"parameter":"n","price":1}]"#, #"{"n":3.5}"#, "2", 4),
        (#""minimum":2,"maximum":2,"per_call":1"#, "{}", "2", 1),
        (#""maximum":0,"per_call":1"#, "{}", "0", 1),
        (#""maximum":0.0000025,"per_call":1,"rounding":{"mode":"up"}"#, "{}", "0.000003", 1),
        (#""minimum":0.0000005"#, "{}", "0", 1),
        (#""usd":true,"per_call":0.000001"#, "{}", "2", 1),
        (#""usd":true,"minimum":1"#, "{}", "2000000", 1),
        (#""usd":true,"maximum":1,"per_call":5"#, "{}", "2000000", 1),
        (#""usd":true,"parts":[{"parameter":"n","price":0.65}]"#, #"{"n":12.3}"#, "15990000", 13),
    ])
    func `prices a call`(fields: String, parameters: String, credits: String, units: Int64) throws {
        let quote = try list(rule(fields)).quote(parameters)
        #expect(quote.credits.decimalText == credits)
        #expect(quote.units == units)
    }

    @Test(arguments: [
        ("0.0000005", "half_even", "0"), ("0.0000015", "half_even", "0.000002"),
        ("0.0000025", "half_even", "0.000002"),
        ("0.000000500001", "half_even", "0.000001"), ("0.000000499999", "half_even", "0"),
        ("0.000000000001", "up", "0.000001"), ("0.000001", "up", "0.000001"), ("0", "up", "0"),
        ("0.000001999999", "down", "0.000001"), ("0.000000999999", "down", "0"),
    ])
    func `rounds to a micro-credit`(price: String, mode: String, credits: String) throws {
        let list = try list(rule(#""per_call":\#(price),"rounding":{"mode":"\#(mode)"}"#))
        #expect(try list.quote().credits.decimalText == credits)
    }

    @Test(arguments: [
        ("2.5", "1", "half_even", "2"), ("3.5", "1", "half_even", "4"),
        ("2.500000000001", "1", "half_even", "3"),
        ("2.1", "1", "up", "3"), ("2.9", "1", "down", "2"), ("7.5", "5", "half_even", "10"),
        ("12.5", "5", "half_even", "10"),
        ("0.125", "0.01", "half_even", "0.12"), ("0.135", "0.01", "half_even", "0.14"),
        ("0.1201", "0.01", "up", "0.13"),
        ("0.07", "0.03", "half_even", "0.06"), ("1", "1000000000000", "up", "1000000000000"),
    ])
    func `rounds to the step of the rule`(
        price: String, step: String, mode: String, credits: String
    ) throws {
        for to in [step, "\"\(step)\""] {
            let list = try list(
                rule(#""per_call":\#(price),"rounding":{"to":\#(to),"mode":"\#(mode)"}"#))
            #expect(try list.quote().credits.decimalText == credits)
        }
    }

    @Test(arguments: [
        (Outcome.succeeded, "", UInt64?.none, "12", Int64(10)), (.failed, "", nil, "0", 0),
        (.timeout, "", nil, "0", 0),
        (.empty, "", nil, "12", 10), (.partial, "", nil, "12", 10),
        (.failed, #""failed":1.5"#, nil, "1.5", 0),
        (.timeout, #""timeout":0.000001"#, nil, "0.000001", 0),
        (.empty, #""empty":0"#, nil, "0", 0), (.partial, #""partial":3"#, 7, "3", 0),
        (.partial, #""partial":"results""#, 4, "6", 4),
        (.partial, #""partial":"results""#, 0, "0", 0),
        (.partial, #""partial":"results""#, 10, "12", 10),
        (.partial, #""partial":"results""#, 99, "12", 10),
        (.failed, #""failed":"results""#, 1, "3", 1),
        (.timeout, #""timeout":"results""#, .max, "12", 10),
        (.empty, #""empty":"results""#, 0, "0", 0),
        (.succeeded, #""failed":1,"empty":1,"partial":1,"timeout":1"#, 3, "12", 10),
    ])
    func `prices an outcome`(
        outcome: Outcome, outcomes: String, results: UInt64?, credits: String, units: Int64
    ) throws {
        let fields =
            #""per_call":2,"minimum":3,"parts":[{"parameter":"n","price":1}],"outcomes":{\#(outcomes)}"#
        let quote = try list(rule(fields)).quote(#"{"n":10}"#, outcome, results)
        #expect(quote.credits.decimalText == credits)
        #expect(quote.units == units)
    }

    @Test(arguments: [
        ("{}", PricingError.missingField("parameters.n.m")), ("", .missingField("parameters.n.m")),
        (#"{"n":1}"#, .missingField("parameters.n.m")),
        (#"{"n":{"x":1}}"#, .missingField("parameters.n.m")),
        (#"{"m":1}"#, .missingField("parameters.n.m")),
        (#"{"n":{"m.x":1}}"#, .missingField("parameters.n.m")),
        (#"{"n":{"m":-1}}"#, .invalidField("parameters.n.m")),
        (#"{"n":{"m":"1"}}"#, .invalidField("parameters.n.m")),
        (#"{"n":{"m":null}}"#, .missingField("parameters.n.m")),
        (#"{"n":{"m":[1]}}"#, .invalidField("parameters.n.m")),
        (#"{"n":{"m":true}}"#, .invalidField("parameters.n.m")),
        (#"{"n":{"m":{}}}"#, .invalidField("parameters.n.m")),
        (#"{"n":{"m":1e3}}"#, .invalidField("parameters.n.m")),  // not canonical
        (#"{"n":{"m":1000000000001}}"#, .invalidField("parameters.n.m")),
        (#"{"n":{"m":1000000000000.1}}"#, .invalidField("parameters.n.m")),
        (#"{"n":{"m":9999999999999999999999999999999999999999}}"#, .invalidField("parameters.n.m")),
        (#"{"n":{"m":0.0000000000000000001}}"#, .invalidField("parameters.n.m")),
        (#"{"n":{"m":1},"n.m":1}"#, .ambiguousField("parameters.n.m")),
        ("[]", .invalidObject("parameters")), ("{", .invalidObject("parameters")),
        ("{}x", .invalidObject("parameters")),
        ("1", .invalidObject("parameters")),
    ])
    func `names the parameter that cannot be priced`(parameters: String, error: PricingError) throws
    {
        let list = try list(rule(#""parts":[{"parameter":"n.m","price":1}]"#))
        #expect(throws: error) { try list.quote(parameters) }
    }

    @Test(arguments: [
        (#"{"n":{"m":7}}"#, "7"), (#"{"n.m":7}"#, "7"), (#"{"n":{"a":{"m":1},"m":7},"m":9}"#, "7"),
        (#"{"n":{"a":"\"}{","m":7}}"#, "7"), (#"{"a":[{"n":{"m":1}}],"n":{"m":7}}"#, "7"),
    ])
    func `a path leads through objects or dotted keys`(parameters: String, credits: String) throws {
        let list = try list(rule(#""parts":[{"parameter":"n.m","price":1}]"#))
        #expect(try list.quote(parameters).credits.decimalText == credits)
    }

    @Test(arguments: [0, 15, 16, 17, 40])
    func `finds a parameter among many`(others: Int) throws {
        let before = (0..<others).map { "\"a\(100 + $0)\":{\"x\":1}," }.joined()
        let list = try list(rule(#""when":{"z":"é\n"},"parts":[{"parameter":"m.x","price":1}]"#))
        #expect(
            try list.quote(#"{\#(before)"m":{"x":3},"z":"é\n"}"#).credits
                == Credits(micros: 3_000_000))
        #expect(throws: PricingError.ambiguousField("parameters.m.x")) {
            try list.quote(#"{\#(before)"m":{"x":3},"m.x":3,"z":"é\n"}"#)
        }
    }

    @Test func `results are needed only where they price the call`() throws {
        let list = try list(rule(#""per_call":1,"outcomes":{"partial":"results"}"#))
        #expect(try list.quote().credits == Credits(micros: 1_000_000))
        #expect(throws: PricingError.missingField("results")) { try list.quote("{}", .partial) }
    }

    @Test func `a fixed outcome needs no parameters`() throws {
        let list = try list(rule(#""parts":[{"parameter":"n","price":1}]"#))
        #expect(try list.quote("{}", .failed).credits == .zero)
    }

    @Test(arguments: [
        (#""parts":[{"parameter":"n","price":2}]"#, #"{"n":1000000000000}"#),
        (#""parts":[{"parameter":"n","price":1000000000000}]"#, #"{"n":1000000000000}"#),
        (#""per_call":1000000000000,"parts":[{"parameter":"n","price":1}]"#, #"{"n":0.000001}"#),
        (
            #""parts":[{"parameter":"n","price":123456.123456789012}]"#,
            #"{"n":123456789012.123456789012345678}"#
        ),
        (#""usd":true,"per_call":1000000000000"#, #"{}"#),
    ])
    func `a price that is too large is an error and no trap`(fields: String, parameters: String)
        throws
    {
        let list = try list(rule(fields))
        #expect(throws: PricingError.amountOutOfRange) { try list.quote(parameters) }
    }

    @Test func `the largest price is allowed`() throws {
        let list = try list(rule(#""parts":[{"parameter":"n","price":1}]"#))
        #expect(try list.quote(#"{"n":1000000000000}"#).credits == .limit)
    }

    @Test func `the example of the documentation costs 7 credits`() throws {
        let rule = #"""
            {"id": "chat", "action": "chat", "usd": true, "per_call": 0.5,
            "parts": [{"parameter": "tokens", "price": 2.5, "per": 1000, "included": 234}],
            "minimum": 1, "maximum": 2.7, "rounding": {"to": 1, "mode": "up"}}
            """#
        let list = try PriceList(rules: rule, usdPerCredit: "0.4")
        let quote = try list.quote(#"{"tokens":1234}"#, action: "chat")
        #expect(quote.credits.decimalText == "7")
        #expect(quote.units == 1234)
    }

    private func rule(_ fields: String) -> String {
        #"{"id":"a","action":"act"\#(fields.isEmpty ? "" : ",")\#(fields)}"#
    }

    private func list(_ rule: String) throws -> PriceList {
        try PriceList(rules: rule, usdPerCredit: "0.0000005")
    }
}

extension PriceList {
    convenience init(rules: String, usdPerCredit: String) throws {
        let json = #"{"rules":[\#(rules)],"usd_per_credit":\#(usdPerCredit)}"#
        let draft = try PriceList.Draft(json: json.utf8.span)
        self.init(name: try Name("std"), version: 1, effectiveAt: .epoch, draft: draft)
    }

    func quote(
        _ parameters: String = "{}", _ outcome: Outcome = .succeeded, _ results: UInt64? = nil,
        action: String = "act"
    ) throws(PricingError) -> Quote {
        try price(
            action: action.utf8.span, parameters: parameters.utf8.span, outcome: outcome,
            results: results)
    }
}
