import Credit
import JSON
import Pricing
import Testing

struct MatchTests {
    @Test(
        arguments: [
            (["a.b"], "a.b", 0), (["a.b"], "a.bc", nil), (["a.b"], "a", nil), (["a.b"], "A.b", nil),
            (["a.*"], "a.b", 0), (["a.*"], "a.b.c", 0), (["a.*"], "a", nil), (["a.*"], "ab.c", nil),
            (["*"], "anything", 0), (["a.b", "a.*", "*"], "a.b", 0),
            (["a.b", "a.*", "*"], "a.c", 1),
            (["a.b", "a.*", "*"], "b", 2), (["*", "a.b"], "a.b", 0), (["a.*", "a.b"], "a.b", 0),
            (["x", "*", "a.b", "a.*"], "a.b", 1), (["x", "a.b.*", "a.*", "*"], "a.c", 2),
            ([], "a", nil),
            (["a.b", "a.b"], "a.b", 0),
        ] as [([String], String, UInt16?)])
    func `the first rule for the action wins`(patterns: [String], action: String, index: UInt16?)
        throws
    {
        let rules = patterns.enumerated().map { #"{"id":"r\#($0)","action":"\#($1)"}"# }
        let list = try PriceList(rules: rules.joined(separator: ","), usdPerCredit: "1")
        if let index {
            #expect(try list.quote(action: action).ruleIndex == index)
        } else {
            #expect(throws: PricingError.unknownAction) { try list.quote(action: action) }
        }
    }

    @Test(arguments: [
        (#"{"m":"x"}"#, #"{"m":"x"}"#, true), (#"{"m":"x"}"#, #"{"m":"X"}"#, false),
        (#"{"m":"x"}"#, "{}", false),
        (#"{"m":"1"}"#, #"{"m":1}"#, false), (#"{"m":1}"#, #"{"m":1}"#, true),
        (#"{"m":1.0}"#, #"{"m":1}"#, true),
        (#"{"m":10e-1}"#, #"{"m":1}"#, true), (#"{"m":1}"#, #"{"m":1.5}"#, false),
        (#"{"m":true}"#, #"{"m":true}"#, true),
        (#"{"m":true}"#, #"{"m":"true"}"#, false), (#"{"m":false}"#, #"{"m":null}"#, false),
        (#"{"m":0}"#, #"{"m":false}"#, false),
        (#"{"m":["x","y"]}"#, #"{"m":"y"}"#, true),
        (#"{"m":["x","y"]}"#, #"{"m":["x","y"]}"#, false),
        (#"{"m":"x","n":1}"#, #"{"m":"x","n":1}"#, true),
        (#"{"m":"x","n":1}"#, #"{"m":"x","n":2}"#, false),
        (#"{"m":"x","n":1}"#, #"{"m":"x"}"#, false), (#"{"a.b":"x"}"#, #"{"a":{"b":"x"}}"#, true),
        (#"{"a.b":"x"}"#, #"{"a.b":"x"}"#, true), (#"{"a":"x"}"#, #"{"a":{"x":"x"}}"#, false),
        ("{}", "{}", true),
        (#"{"m":"\u00e9"}"#, #"{"m":"é"}"#, true), (#"{"m":"é"}"#, "{\"m\":\"e\u{301}\"}", false),
        (#"{"m":"a\u0022\n"}"#, #"{"m":"a\"\n"}"#, true), (#"{"m":""}"#, #"{"m":""}"#, true),
    ])
    func `a condition compares values exactly`(when: String, parameters: String, matches: Bool)
        throws
    {
        let list = try PriceList(
            rules: #"{"id":"a","action":"act","when":\#(when)}"#, usdPerCredit: "1")
        let quote = try? list.quote(parameters)
        #expect((quote != nil) == matches)
        #expect(quote != nil || throwsUnknownAction(list, parameters))
    }

    @Test(arguments: UInt64(1)...100)
    func `the index finds what a search from the top finds`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let rules = (0..<Int.random(in: 1...60, using: &random)).map { _ in
            Rule.random(using: &random)
        }
        let json = rules.enumerated().map { $1.json(id: $0) }.joined(separator: ",")
        let list = try PriceList(rules: json, usdPerCredit: "1")
        for _ in 0..<50 {
            let call = Rule.random(using: &random)
            let parameters = call.conditions.map { "\"\($0.key)\":\($0.value[0])" }.joined(
                separator: ",")
            let expected = rules.firstIndex { $0.matches(call) }
            let bytes = try CanonicalJSON.bytes(of: "{\(parameters)}".utf8.span)
            let action = call.action.replacing("*", with: "z")
            let quote = try? list.price(action: action.utf8.span, parameters: bytes.span)
            #expect(quote.map { Int($0.ruleIndex) } == expected, "seed \(seed)")
        }
    }

    private func throwsUnknownAction(_ list: PriceList, _ parameters: String) -> Bool {
        do throws(PricingError) { _ = try list.quote(parameters) } catch {
            return error == .unknownAction
        }
        return false
    }
}

/// A rule's pattern and conditions; a call is one whose conditions have one value each.
private struct Rule {
    var action: String
    var conditions: [String: [Int]]

    static func random(using random: inout SeededRandom) -> Rule {
        let action =
            ["a.b", "a.c", "a.*", "b", "*", "a.b.*", "a.b.c"].randomElement(using: &random) ?? "b"
        var conditions: [String: [Int]] = [:]
        for key in ["m", "n", "o"] where Bool.random(using: &random) {
            let count = Int.random(in: 1...3, using: &random)
            conditions[key] = (0..<count).map { _ in Int.random(in: 0...5, using: &random) }
        }
        return Rule(action: action, conditions: conditions)
    }

    func json(id: Int) -> String {
        let when = conditions.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
        return #"{"id":"r\#(id)","action":"\#(action)","when":{\#(when)}}"#
    }

    func matches(_ call: Rule) -> Bool {
        let name = call.action.replacing("*", with: "z")
        let isFor =
            action == "*" || action == name
            || action.hasSuffix(".*") && name.hasPrefix(action.dropLast())
        return isFor
            && conditions.allSatisfy { key, values in
                call.conditions[key].map { values.contains($0[0]) } ?? false
            }
    }
}
