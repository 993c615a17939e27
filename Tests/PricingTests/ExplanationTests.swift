import Credit
import Pricing
import Testing

struct ExplanationTests {
    @Test func `shows each step and what it came to`() throws {
        let explanation = try explain(
            #""per_call":0.5,"parts":[{"parameter":"input_tokens","price":2.5,"per":1000,"included":234}],"#
                + #""multipliers":[{"parameter":"priority","values":{"high":1.5}}],"minimum":1,"maximum":4,"#
                + #""rounding":{"to":1,"mode":"up"}"#,
            #"{"input_tokens":1234,"priority":"high"}"#)
        #expect(
            explanation == [
                "per_call - | 0.5 credits per call | 0.5",
                "part input_tokens | (1 234 input tokens - 234 included) x 2.5 / 1 000 | 2.5",
                "multiplier priority | x 1.5 for priority | 4.5",
                "maximum - | lowered to the maximum of 4 credits | 4",
                "rounding - | no rounding: a multiple of 1 | 4",
            ])
    }

    @Test func `shows tiers, packages and items`() throws {
        let fields =
            #""each":"jobs","parts":["#
            + #"{"parameter":"n","mode":"graduated","tiers":[{"up_to":10,"price":2},{"price":1}]},"#
            + #"{"parameter":"m","mode":"volume","tiers":[{"up_to":10,"price":2},{"price":1}]},"#
            + #"{"parameter":"pages","mode":"package","per":100,"price":3}]"#
        #expect(
            try explain(
                fields, #"{"jobs":[{"m":11,"n":12.5,"pages":101},{"m":1,"n":0,"pages":0}]}"#)
                == [
                    "part jobs[0].n | 12.5 n: 10 x 2 + 2.5 x 1 | 22.5",
                    "part jobs[0].m | 11 m x 1, the tier being the last | 11",
                    "part jobs[0].pages | 101 pages: 2 begun of 100 x 3 | 6",
                    "item jobs[0] | jobs[0] | 39.5",
                    "part jobs[1].n | 0 n: none to pay | 0",
                    "part jobs[1].m | 1 m x 2, the tier being up to 10 | 2",
                    "part jobs[1].pages | 0 pages: 0 begun of 100 x 3 | 0",
                    "item jobs[1] | jobs[1] | 2",
                    "items jobs | the sum of 2 items | 41.5",
                    "rounding - | no rounding: a multiple of 0.000001 | 41.5",
                ])
    }

    @Test func `shows what no decimal is exact for as a fraction`() throws {
        #expect(
            try explain(#""parts":[{"parameter":"n","price":1,"per":3}]"#, #"{"n":5}"#) == [
                "part n | 5 n x 1 / 3 | 5/3",
                "rounding - | rounded to 0.000001 from 5/3 | 1.666667",
            ])
    }

    @Test func `shows dollars as credits`() throws {
        let list = try PriceList(
            rules: #"{"id":"a","action":"act","usd":true,"per_call":1,"minimum":2}"#,
            usdPerCredit: "0.25")
        #expect(
            try lines(list, "{}") == [
                "per_call - | 1 per call in USD, 0.25 a credit | 4",
                "minimum - | raised to the minimum of 2 in USD, 0.25 a credit | 8",
                "rounding - | no rounding: a multiple of 0.000001 | 8",
            ])
    }

    @Test func `says what the outcome changed`() throws {
        let list = try PriceList(
            rules:
                #"{"id":"a","action":"act","parts":[{"parameter":"n","price":1}],"outcomes":{"partial":"results"}}"#,
            usdPerCredit: "1")
        #expect(
            try lines(list, #"{"n":9}"#, .failed) == [
                "outcome - | failed: 0 credits whatever the parameters | 0"
            ])
        #expect(
            try lines(list, #"{"n":9}"#, .partial, 4) == [
                "part n | 4 n x 1 | 4", "rounding - | no rounding: a multiple of 0.000001 | 4",
                "outcome - | partial: priced for at most 4 results | 4",
            ])
    }

    @Test func `leaves out the middle of a long story`() throws {
        let items = String(repeating: "{},", count: 4999) + "{}"
        let list = try PriceList(
            rules: #"{"id":"a","action":"act","each":"w","per_call":0.5}"#, usdPerCredit: "1")
        let explanation = try list.explain(
            action: "act".utf8.span, parameters: #"{"w":[\#(items)]}"#.utf8.span)
        #expect(explanation.quote.credits.decimalText == "2500")
        #expect(explanation.lines.count == PriceListLimits.explanationLinesMax + 2)
        #expect(explanation.omitted == 10_000 - PriceListLimits.explanationLinesMax)
        #expect(explanation.lines.suffix(2).map(\.step) == [.items, .rounding])
        #expect(explanation.lines.last?.amount == "2500")
    }

    @Test(arguments: [
        (
            #""parts":[{"parameter":"input_tokens","price":2.5,"per":1000}],"rounding":{"to":0.01,"mode":"up"}"#,
            "2.5 credits per 1 000 input tokens, rounded up to 0.01"
        ),
        (#""per_call":1"#, "1 credit per call"), (#""when":{"m":"x"}"#, "if m is x: free"),
        (
            #""per_call":0.4,"parts":[{"parameter":"images","price":3},{"parameter":"queries","price":1,"included":10}]"#,
            "0.4 credits per call plus 3 credits per image plus 1 credit per query after the first 10"
        ),
        (
            #""each":"wallets","per_call":4,"multipliers":[{"parameter":"chain","values":{"all":10}}]"#,
            "for each of wallets: 4 credits per item, times 10 if chain is all"
        ),
        (
            #""per_call":4,"multipliers":[{"parameter":"coinIds","list":"count","values":{"all":10}},{"parameter":"n"}]"#,
            "4 credits per call, times the number of coin ids, counting all as 10, times n"
        ),
        (
            #""parts":[{"parameter":"pages","mode":"package","per":100,"price":2}],"minimum":1,"maximum":50"#,
            "2 credits for every 100 pages begun, at least 1 credit, at most 50 credits"
        ),
        (
            #""parts":[{"parameter":"calls","mode":"graduated","tiers":[{"up_to":1000,"price":2},{"price":1}]}]"#,
            "calls at 2 credits each up to 1 000, 1 credit above"
        ),
        (
            #""parts":[{"parameter":"calls","mode":"volume","per":10,"tiers":[{"price":1}]}]"#,
            "all calls at 1 credit per 10"
        ),
        (
            #""usd":true,"parts":[{"parameter":"seconds","price":0.65}]"#,
            "0.65 USD per second, at 0.0000005 USD a credit"
        ),
        (
            #""when":{"mode":["full","preview"],"size":1},"per_call":2,"outcomes":{"failed":1,"empty":0,"partial":"results"}"#,
            "if mode is full or preview and size is 1: 2 credits per call; failed calls cost 1; empty calls cost 0; partial calls are priced by their results"
        ),
    ])
    func `says a rule in words`(fields: String, words: String) throws {
        let json = #"{"usd_per_credit":0.0000005,"rules":[{"id":"a","action":"act",\#(fields)}]}"#
        let draft = try PriceList.Draft(json: json.utf8.span)
        #expect(draft.sentences.map(\.text) == [words])
    }

    private func explain(_ fields: String, _ parameters: String) throws -> [String] {
        let list = try PriceList(
            rules: #"{"id":"a","action":"act",\#(fields)}"#, usdPerCredit: "1")
        return try lines(list, parameters)
    }

    private func lines(
        _ list: PriceList, _ parameters: String, _ outcome: Outcome = .succeeded,
        _ results: UInt64? = nil
    ) throws -> [String] {
        let explanation = try list.explain(
            action: "act".utf8.span, parameters: parameters.utf8.span, outcome: outcome,
            results: results)
        #expect(explanation.quote == (try list.quote(parameters, outcome, results)))
        return explanation.lines.map {
            "\($0.step.rawValue) \($0.parameter ?? "-") | \($0.text) | \($0.amount)"
        }
    }
}

struct UnreachableRuleTests {
    @Test(arguments: [
        (#"{"id":"a","action":"x"},{"id":"b","action":"x"}"#, ["b by a"]),
        (#"{"id":"a","action":"x"},{"id":"b","action":"y"}"#, []),
        (
            #"{"id":"a","action":"x.*"},{"id":"b","action":"x.y"},{"id":"c","action":"x"}"#,
            ["b by a"]
        ),
        (#"{"id":"a","action":"*"},{"id":"b","action":"x.y.*"}"#, ["b by a"]),
        (#"{"id":"a","action":"x.y"},{"id":"b","action":"x.*"}"#, []),
        (#"{"id":"a","action":"x","when":{"m":1}},{"id":"b","action":"x"}"#, []),
        (#"{"id":"a","action":"x"},{"id":"b","action":"x","when":{"m":1}}"#, ["b by a"]),
        (
            #"{"id":"a","action":"x","when":{"m":[1,2]}},{"id":"b","action":"x","when":{"m":2,"n":3}}"#,
            ["b by a"]
        ),
        (
            #"{"id":"a","action":"x","when":{"m":[1,2]}},{"id":"b","action":"x","when":{"m":[2,3]}}"#,
            []
        ),
        (
            #"{"id":"a","action":"x","when":{"m":1,"n":2}},{"id":"b","action":"x","when":{"m":1}}"#,
            []
        ),
        (
            #"{"id":"a","action":"x","when":{"m":1,"n":2}},{"id":"b","action":"x.*"},{"id":"c","action":"x","when":{"n":2,"m":1}}"#,
            ["c by a"]
        ),
    ])
    func `names rules that no call comes to`(rules: String, found: [String]) throws {
        let draft = try PriceList.Draft(json: #"{"rules":[\#(rules)]}"#.utf8.span)
        #expect(
            draft.unreachableRules.map { "\($0.rule.text) by \($0.coveredBy.text)" } == found)
    }

    @Test func `names at most a hundred, and does not compare for ever`() throws {
        let same = (0..<5000).map { #"{"id":"r\#($0)","action":"x"}"# }.joined(separator: ",")
        let draft = try PriceList.Draft(json: #"{"rules":[\#(same)]}"#.utf8.span)
        #expect(draft.unreachableRules.count == PriceListLimits.unreachableRulesMax)
        let apart = (0..<5000).map {
            #"{"id":"r\#($0)","action":"x","when":{"m":1,"n":\#($0)}}"#
        }.joined(separator: ",")
        #expect(
            try PriceList.Draft(json: #"{"rules":[\#(apart)]}"#.utf8.span).unreachableRules.isEmpty)
    }
}

struct AlternativeTests {
    @Test func `names cheaper ways, the cheapest first`() throws {
        let list = try PriceList(
            rules: [
                #"{"id":"full","action":"act","when":{"mode":"full"},"parts":[{"parameter":"records","price":1}]}"#,
                #"{"id":"preview","action":"act","when":{"mode":["preview","sample"]},"per_call":2}"#,
                #"{"id":"paged","action":"act","when":{"mode":"paged"},"parts":[{"parameter":"records","mode":"package","per":100,"price":50,"included":20}]}"#,
            ].joined(separator: ","), usdPerCredit: "1")
        #expect(
            try cheaper(list, #"{"mode":"full","records":30}"#) == [
                #"mode "preview" 2"#, #"mode "sample" 2"#,
            ])
        #expect(
            try cheaper(list, #"{"mode":"paged","records":230}"#) == [
                #"mode "preview" 2"#, #"mode "sample" 2"#, "records 220 100",
            ])
        #expect(try cheaper(list, #"{"mode":"preview","records":1000}"#) == [])
    }

    @Test func `compares values that have factors, and no parameter of many values`() throws {
        let models = (0..<17).map {
            #"{"id":"m\#($0)","action":"act","when":{"model":"m\#($0)"},"per_call":\#($0),"#
                + #""multipliers":[{"parameter":"speed","values":{"fast":3,"slow":0.5}}]}"#
        }
        let list = try PriceList(rules: models.joined(separator: ","), usdPerCredit: "1")
        #expect(
            try cheaper(list, #"{"model":"m16","speed":"fast"}"#) == [#"speed "slow" 8"#])
        #expect(try cheaper(list, #"{"model":"m16"}"#) == [])
    }

    private func cheaper(_ list: PriceList, _ parameters: String) throws -> [String] {
        let quote = try list.quote(parameters)
        return list.alternatives(
            action: "act".utf8.span, parameters: parameters.utf8.span, to: quote
        ).map {
            "\($0.parameter) \(String(decoding: $0.value, as: UTF8.self)) \($0.credits.decimalText)"
        }
    }
}
