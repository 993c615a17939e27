import Credit
import Pricing
import Testing

struct PriceListTests {
    @Test(arguments: [
        (#"{"rules":[]}"#, #"{"rules":[]}"#),
        (
            #"{ "usd_per_credit" : 0.50, "rules" : [ { "id":"a", "action":"*" } ] }"#,
            #"{"rules":[{"action":"*","id":"a"}],"usd_per_credit":0.5}"#
        ),
        (
            #"{"effective_at":"2026-12-01T00:00:00Z","rules":[{"id":"a","action":"b.*","per_call":1.0}]}"#,
            #"{"effective_at":"2026-12-01T00:00:00Z","rules":[{"action":"b.*","id":"a","per_call":1}]}"#
        ),
        (
            #"{"rules":[{"id":"a","action":"b","when":{"m\u0061x":[1.0,"x",true]},"outcomes":{"partial":"results","failed":0.5}}]}"#,
            #"{"rules":[{"action":"b","id":"a","outcomes":{"failed":0.5,"partial":"results"},"when":{"max":[1,"x",true]}}]}"#
        ),
    ])
    func `a draft is written in canonical JSON and reads back`(json: String, canonical: String)
        throws
    {
        let draft = try PriceList.Draft(json: json.utf8.span)
        #expect(String(decoding: draft.canonicalJSON, as: UTF8.self) == canonical)
        let again = try PriceList.Draft(json: draft.canonicalJSON.span)
        #expect(again == draft)
        #expect(again.rules == draft.rules)
    }

    @Test func `a draft keeps what it says`() throws {
        let json = #"""
            {"effective_at":"2026-12-01T00:00:00Z","usd_per_credit":0.0000005,"rules":[
            {"id":"chat","action":"chat.*","rounding":{"to":"0.01","mode":"up"}},
            {"id":"all","action":"*","outcomes":{"empty":0,"timeout":"results"}}]}
            """#
        let draft = try PriceList.Draft(json: json.utf8.span)
        #expect(draft.effectiveAt == (try Instant(rfc3339: "2026-12-01T00:00:00Z".utf8.span)))
        #expect(draft.usdPerCredit?.digits == 5)
        #expect(draft.usdPerCredit?.decimals == 7)
        #expect(draft.rules.map(\.id.text) == ["chat", "all"])
        #expect(draft.rules.map(\.action) == [.prefix(Array("chat.".utf8)), .prefix([])])
        #expect(draft.rules[0].rounding.step == Credits(micros: 10_000))
        #expect(draft.rules[0].rounding.mode == .up)
        #expect(draft.rules[1].rounding.step == Credits(micros: 1))
        #expect(draft.rules[1].rounding.mode == .halfEven)
        #expect(draft.rules[1].outcomes.empty == .fixed(.zero))
        #expect(draft.rules[1].outcomes.timeout == .byResults)
        #expect(draft.rules[1].outcomes.partial == .full)
        let list = PriceList(
            name: try Name("std"), version: 7, effectiveAt: .epoch, draft: draft)
        #expect(list.version == 7 && list.name.text == "std" && list.effectiveAt == .epoch)
    }

    @Test(
        arguments: [
            ("", "invalid_json", nil), ("{", "invalid_json", nil), ("{}x", "invalid_json", nil),
            (#"{"rules":[],"rules":[]}"#, "invalid_json", nil),
            (#"{"rules":[{"id":"a","id":"a","action":"b"}]}"#, "invalid_json", nil),
            (#"{"rules":[{"x":1},]}"#, "invalid_json", nil), ("[]", "invalid_field", ""),
            ("{}", "missing_field", "rules"), (#"{"rules":{}}"#, "invalid_field", "rules"),
            (#"{"rules":[1]}"#, "invalid_field", "rules[0]"),
            (#"{"rules":[],"x":1}"#, "unknown_field", "x"),
            (#"{"rules":[],"effective_at":"soon"}"#, "invalid_field", "effective_at"),
            (#"{"rules":[],"usd_per_credit":0}"#, "invalid_amount", "usd_per_credit"),
            (#"{"rules":[],"usd_per_credit":"one"}"#, "invalid_amount", "usd_per_credit"),
            (#"{"rules":[],"usd_per_credit":-1}"#, "invalid_amount", "usd_per_credit"),
            (#"{"rules":[],"usd_per_credit":0.0000000000001}"#, "invalid_amount", "usd_per_credit"),
            (
                #"{"rules":[],"usd_per_credit":1000000000001}"#, "amount_out_of_range",
                "usd_per_credit"
            ),
        ] as [(String, String, String?)])
    func `refuses other lists and names the field`(json: String, code: String, field: String?) {
        expectRefusal(json, code, field)
    }

    @Test(
        arguments: [
            (#"{"action":"b"}"#, "missing_field", "id"),
            (#"{"id":"a"}"#, "missing_field", "action"),
            (#"{"id":"a b","action":"b"}"#, "invalid_field", "id"),
            (#"{"id":1,"action":"b"}"#, "invalid_field", "id"),
            (#"{"id":"a","action":""}"#, "invalid_field", "action"),
            (#"{"id":"a","action":"b c"}"#, "invalid_field", "action"),
            (#"{"id":"a","action":"b*"}"#, "invalid_field", "action"),
            (#"{"id":"a","action":".*"}"#, "invalid_field", "action"),
            (#"{"id":"a","action":"*.b"}"#, "invalid_field", "action"),
            (#"{"id":"a","action":"**"}"#, "invalid_field", "action"),
            (#"{"id":"a","action":"b","tiers":[]}"#, "unknown_field", "tiers"),
            (#"{"id":"a","action":"b","multipliers":{}}"#, "invalid_field", "multipliers"),
            (#"{"id":"a","action":"b","each":"items."}"#, "invalid_field", "each"),
            (#"{"id":"a","action":"b","each":["items"]}"#, "invalid_field", "each"),
            (#"{"id":"a","action":"b","per_call":"4 "}"#, "invalid_amount", "per_call"),
            (#"{"id":"a","action":"b","per_call":null}"#, "invalid_amount", "per_call"),
            (#"{"id":"a","action":"b","per_call":1e3}"#, "invalid_amount", "per_call"),
            (#"{"id":"a","action":"b","per_call":-0}"#, "invalid_amount", "per_call"),
            (#"{"id":"a","action":"b","per_call":-1}"#, "invalid_amount", "per_call"),
            (#"{"id":"a","action":"b","per_call":0.0000000000001}"#, "invalid_amount", "per_call"),
            (
                #"{"id":"a","action":"b","per_call":1000000000000.1}"#, "amount_out_of_range",
                "per_call"
            ),
            (
                #"{"id":"a","action":"b","per_call":99999999999999999999999999}"#,
                "amount_out_of_range", "per_call"
            ),
            (#"{"id":"a","action":"b","usd":true}"#, "missing_field", nil),
            (#"{"id":"a","action":"b","usd":1}"#, "invalid_field", "usd"),
            (#"{"id":"a","action":"b","minimum":2,"maximum":1}"#, "invalid_field", "maximum"),
            (#"{"id":"a","action":"b","minimum":"2e1"}"#, "invalid_amount", "minimum"),
            (#"{"id":"a","action":"b","when":[]}"#, "invalid_field", "when"),
            (#"{"id":"a","action":"b","when":{"m":null}}"#, "invalid_field", "when.m"),
            (#"{"id":"a","action":"b","when":{"m":{}}}"#, "invalid_field", "when.m"),
            (#"{"id":"a","action":"b","when":{"m":[]}}"#, "invalid_field", "when.m"),
            (#"{"id":"a","action":"b","when":{"m":[1,[2]]}}"#, "invalid_field", "when.m[1]"),
            (#"{"id":"a","action":"b","when":{"m":1e99}}"#, "invalid_field", "when.m"),
            (#"{"id":"a","action":"b","when":{"":1}}"#, "invalid_field", "when."),
            (#"{"id":"a","action":"b","when":{"a..b":1}}"#, "invalid_field", "when.a..b"),
            (#"{"id":"a","action":"b","rounding":{"to":0}}"#, "invalid_amount", "rounding.to"),
            (#"{"id":"a","action":"b","rounding":{"to":"-1"}}"#, "invalid_amount", "rounding.to"),
            (
                #"{"id":"a","action":"b","rounding":{"to":"0.0000001"}}"#, "invalid_amount",
                "rounding.to"
            ),
            (
                #"{"id":"a","action":"b","rounding":{"to":"1000000000001"}}"#,
                "amount_out_of_range", "rounding.to"
            ),
            (#"{"id":"a","action":"b","rounding":{"to":true}}"#, "invalid_field", "rounding.to"),
            (
                #"{"id":"a","action":"b","rounding":{"mode":"half_up"}}"#, "invalid_field",
                "rounding.mode"
            ),
            (#"{"id":"a","action":"b","rounding":{"of":1}}"#, "unknown_field", "rounding.of"),
            (
                #"{"id":"a","action":"b","outcomes":{"succeeded":1}}"#, "unknown_field",
                "outcomes.succeeded"
            ),
            (
                #"{"id":"a","action":"b","outcomes":{"failed":-1}}"#, "invalid_amount",
                "outcomes.failed"
            ),
            (
                #"{"id":"a","action":"b","outcomes":{"failed":0.0000001}}"#, "invalid_amount",
                "outcomes.failed"
            ),
            (
                #"{"id":"a","action":"b","outcomes":{"failed":"full"}}"#, "invalid_field",
                "outcomes.failed"
            ),
            (
                #"{"id":"a","action":"b","outcomes":{"failed":null}}"#, "invalid_field",
                "outcomes.failed"
            ),
            (
                #"{"id":"a","action":"b","outcomes":{"failed":1000000000001}}"#,
                "amount_out_of_range", "outcomes.failed"
            ),
        ] as [(String, String, String?)])
    func `refuses other rules and names the field`(rule: String, code: String, field: String?) {
        let path = field.map { "rules[1].\($0)" } ?? "usd_per_credit"
        expectRefusal(#"{"rules":[{"id":"z","action":"z"},\#(rule)]}"#, code, path)
    }

    @Test(arguments: [
        (#"{"price":1}"#, "missing_field", ".parameter"),
        (#"{"parameter":"x"}"#, "missing_field", ".price"),
        (#"{"parameter":"","price":1}"#, "invalid_field", ".parameter"),
        (#"{"parameter":".x","price":1}"#, "invalid_field", ".parameter"),
        (#"{"parameter":"x.","price":1}"#, "invalid_field", ".parameter"),
        (#"{"parameter":1,"price":1}"#, "invalid_field", ".parameter"),
        (#"{"parameter":"x","price":"2.5e-06"}"#, "invalid_amount", ".price"),
        (#"{"parameter":"x","price":1.0000000000000}"#, "invalid_amount", ".price"),
        (#"{"parameter":"x","price":1,"per":0}"#, "invalid_field", ".per"),
        (#"{"parameter":"x","price":1,"per":1.5}"#, "invalid_field", ".per"),
        (#"{"parameter":"x","price":1,"per":1000000000001}"#, "invalid_field", ".per"),
        (#"{"parameter":"x","price":1,"per":-1}"#, "invalid_field", ".per"),
        (#"{"parameter":"x","price":1,"included":-1}"#, "invalid_field", ".included"),
        (#"{"parameter":"x","price":1,"included":1000000000001}"#, "invalid_field", ".included"),
        (#"{"parameter":"x","price":1,"included":"one"}"#, "invalid_field", ".included"),
        (#"{"parameter":"x","price":1,"mode":"graduated"}"#, "invalid_field", ".price"),
        (#"{"parameter":"x","mode":"graduated"}"#, "missing_field", ".tiers"),
        (#"{"parameter":"x","mode":"volume"}"#, "missing_field", ".tiers"),
        (#"{"parameter":"x","mode":"package"}"#, "missing_field", ".price"),
        (#"{"parameter":"x","price":1,"mode":"stairs"}"#, "invalid_field", ".mode"),
        (#"{"parameter":"x","price":1,"tiers":[{"price":1}]}"#, "invalid_field", ".tiers"),
        (#"{"parameter":"x","mode":"volume","tiers":[]}"#, "invalid_field", ".tiers"),
        (
            #"{"parameter":"x","mode":"volume","tiers":[{"up_to":5,"price":1}]}"#, "invalid_field",
            ".tiers"
        ),
        (
            #"{"parameter":"x","mode":"volume","tiers":[{"up_to":5,"price":1},{"up_to":5,"price":1}]}"#,
            "invalid_field", ".tiers[1].up_to"
        ),
        (
            #"{"parameter":"x","mode":"volume","tiers":[{"price":1},{"up_to":5,"price":1}]}"#,
            "invalid_field", ".tiers[1].up_to"
        ),
        (
            #"{"parameter":"x","mode":"volume","tiers":[{"up_to":0,"price":1},{"price":1}]}"#,
            "invalid_field", ".tiers[0].up_to"
        ),
        (
            #"{"parameter":"x","mode":"volume","tiers":[{"up_to":1},{"price":1}]}"#,
            "missing_field", ".tiers[0].price"
        ),
        (
            #"{"parameter":"x","mode":"volume","tiers":[{"up_to":1,"price":1,"flat":1}]}"#,
            "unknown_field", ".tiers[0].flat"
        ),
        ("1", "invalid_field", ""),
    ])
    func `refuses other parts and names the field`(part: String, code: String, field: String) {
        let first = #"{"parameter":"y","price":1,"per":2,"included":0.5,"mode":"flat"}"#
        let json = #"{"rules":[{"id":"a","action":"b","parts":[\#(first),\#(part)]}]}"#
        expectRefusal(json, code, "rules[0].parts[1]\(field)")
    }

    @Test(arguments: [
        (#"{"list":"count"}"#, "missing_field", ".parameter"),
        (#"{"parameter":"x","list":"sum"}"#, "invalid_field", ".list"),
        (#"{"parameter":"x","values":{}}"#, "invalid_field", ".values"),
        (#"{"parameter":"x","values":{"all":-1}}"#, "invalid_field", ".values.all"),
        (#"{"parameter":"x","values":{"all":""}}"#, "invalid_field", ".values.all"),
        (#"{"parameter":"x","values":{"all":1000001}}"#, "invalid_field", ".values.all"),
        (#"{"parameter":"x","values":{"all":0.0000000000001}}"#, "invalid_field", ".values.all"),
        (#"{"parameter":"x","factor":2}"#, "unknown_field", ".factor"),
    ])
    func `refuses other multipliers and names the field`(
        multiplier: String, code: String, field: String
    ) {
        let first = #"{"parameter":"y","list":"count","values":{"all":10}}"#
        let json = #"{"rules":[{"id":"a","action":"b","multipliers":[\#(first),\#(multiplier)]}]}"#
        expectRefusal(json, code, "rules[0].multipliers[1]\(field)")
    }

    @Test func `rule names are unique`() {
        let json =
            #"{"rules":[{"id":"a","action":"b"},{"id":"c","action":"b"},{"id":"a","action":"d"}]}"#
        expectRefusal(json, "invalid_field", "rules[2].id")
    }

    @Test(arguments: [
        (
            #""parts":[{"parameter":"x","price":1000000000000,"per":999999999989},{"parameter":"y","price":1,"per":999999999961}]"#,
            "parts[0].price"
        ),
        (
            #""parts":[{"parameter":"x","price":1,"per":999999999989},{"parameter":"y","price":1,"per":999999999961},{"parameter":"y","price":1,"per":999999999959},{"parameter":"z","price":1,"per":999999999937}]"#,
            "parts[3].price"
        ),
        (
            #""maximum":1000000000000,"parts":[{"parameter":"x","price":1,"per":999999999989},{"parameter":"y","price":1,"per":999999999961},{"parameter":"z","price":1,"per":999999999959}]"#,
            "maximum"
        ),
        (
            #""parts":[{"parameter":"x","per":999999999989,"mode":"volume","tiers":[{"up_to":1,"price":0},{"price":1000000000000}]},{"parameter":"y","price":1,"per":999999999961}]"#,
            "parts[0].tiers"
        ),
        (
            #""per_call":1000000,"multipliers":[{"parameter":"x"},{"parameter":"y"},{"parameter":"z"},{"parameter":"v"},{"parameter":"w"}]"#,
            "multipliers[4]"
        ),
        (
            #""per_call":1000000,"each":"i","multipliers":[{"parameter":"x"},{"parameter":"y"},{"parameter":"z"},{"parameter":"v"}]"#,
            "each"
        ),
    ])
    func `prices whose products could pass 128 bits are refused`(fields: String, field: String) {
        expectRefusal(
            #"{"rules":[{"id":"a","action":"b",\#(fields)}]}"#, "amount_out_of_range",
            "rules[0].\(field)")
    }

    @Test(arguments: [
        ("rules", 10_000, "rules"), ("parts", 32, "rules[0].parts"),
        ("when", 16, "rules[0].when.p16"),
        ("values", 256, "rules[0].when.m"), ("path", 128, "rules[0].parts[0].parameter"),
        ("value", 254, "rules[0].when.m"),
    ])
    func `each limit is the last that is allowed`(limit: String, most: Int, field: String) throws {
        _ = try PriceList.Draft(json: sized(limit, most).utf8.span)
        expectRefusal(sized(limit, most + 1), "invalid_field", field)
    }

    @Test func `a body over 1 MiB is refused`() throws {
        let padding = String(repeating: " ", count: 1 << 20 - 12)
        _ = try PriceList.Draft(json: (#"{"rules":[]}"# + padding).utf8.span)
        expectRefusal(#"{"rules":[]} "# + padding, "body_too_large", nil)
    }

    private func sized(_ limit: String, _ count: Int) -> String {
        func list(_ element: (Int) -> String) -> String {
            (0..<count).map(element).joined(separator: ",")
        }
        let text = String(repeating: "x", count: count)
        let fields =
            switch limit {
            case "parts": #""parts":[\#(list { _ in #"{"parameter":"x","price":1}"# })]"#
            case "when": #""when":{\#(list { #""p\#($0)":1"# })}"#
            case "values": #""when":{"m":[\#(list { "\($0)" })]}"#
            case "path": #""parts":[{"parameter":"\#(text)","price":1}]"#
            case "value": #""when":{"m":"\#(text)"}"#
            default: #""per_call":1"#
            }
        guard limit == "rules" else { return #"{"rules":[{"id":"a","action":"b",\#(fields)}]}"# }
        return #"{"rules":[\#(list { #"{"id":"r\#($0)","action":"b"}"# })]}"#
    }

    private func expectRefusal(_ json: String, _ code: String, _ field: String?) {
        let error = #expect(throws: PriceListError.self) {
            try PriceList.Draft(json: json.utf8.span)
        }
        #expect(error?.code == code, "\(json.prefix(200))")
        #expect(error?.field == field, "\(json.prefix(200))")
    }
}
