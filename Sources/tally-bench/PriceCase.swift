import Credit
import Pricing

/// Prices of calls, one after the other, by one kind of rule; nothing is recorded.
///
/// The parameters differ from call to call, so that nothing is guessed right by habit.
struct PriceCase {
    /// A kind of rule, and calls that it prices.
    struct Kind: Sendable {
        let name: String
        let list: String
        let action: String
        let parameters: @Sendable (inout SeededRandom) -> String
    }

    /// How many calls are made ready.
    private static let callsCount = 4096
    /// How many models the list of models has: as many as the file of prices in examples.
    private static let modelsCount = 561

    static let kinds = [
        tokens, models, fiveParts, fivePartsWithDecimals, tiers, multipliers, items,
    ]

    let kind: Kind
    let seconds: Double

    func run() throws -> Measurement {
        var random = SeededRandom(seed: 7)
        let draft: PriceList.Draft
        do {
            draft = try PriceList.Draft(json: kind.list.utf8.span)
        } catch {
            throw BenchError.storage("\(kind.name): \(error)")
        }
        let list = PriceList(
            name: try Name("bench"), version: 1, effectiveAt: .epoch, draft: draft)
        let calls = (0..<Self.callsCount).map { _ in Array(kind.parameters(&random).utf8) }
        let action = Array(kind.action.utf8)
        var (count, sum) = (0, Int64(0))
        let begin = Monotonic.now()
        let deadline = begin + UInt64(seconds * 1e9)
        while Monotonic.now() < deadline {
            for call in calls {
                let quote = try list.price(action: action.span, parameters: call.span)
                sum &+= quote.credits.micros
            }
            count += calls.count
        }
        let end = Monotonic.now()
        guard sum != 0 else { throw BenchError.refused }
        return Measurement(
            name: "price-\(kind.name)", accounts: 0, batch: 1, count: count,
            seconds: Double(end - begin) / 1e9, latencies: [],
            nanoseconds: Double(end - begin) / Double(count))
    }
}

extension PriceCase {
    private static let tokens = Kind(
        name: "tokens", list: Workload.priceList, action: "chat.completions"
    ) { random in
        let model = Workload.models[random.below(Workload.models.count)]
        return #"{"input_tokens":\#(1 + random.below(4000)),"model":"\#(model)","#
            + #""output_tokens":\#(1 + random.below(800))}"#
    }

    private static let models = Kind(
        name: "models",
        list: list(
            (0..<modelsCount).map { place in
                #"{"id":"m\#(place)","action":"*","when":{"model":"model-\#(place)"},"usd":true,"#
                    + #""parts":[{"parameter":"input_tokens","price":0.15,"per":1000000},"#
                    + #"{"parameter":"output_tokens","price":0.6,"per":1000000},"#
                    + #"{"parameter":"cached_input_tokens","price":0.075,"per":1000000,"default":0}]}"#
            }), action: "chat.completions"
    ) { random in
        #"{"input_tokens":\#(1 + random.below(4000)),"model":"model-\#(random.below(modelsCount))","#
            + #""output_tokens":\#(1 + random.below(800))}"#
    }

    private static let names = ["audio", "cached", "input", "output", "reasoning"]

    private static let fivePartsList = list([
        #"{"id":"five","action":"call","per_call":0.5,"parts":["#
            + names.map { #"{"parameter":"\#($0)","price":2.5,"per":1000}"# }.joined(separator: ",")
            + #"],"minimum":1,"rounding":{"to":0.01,"mode":"up"}}"#
    ])

    private static let fiveParts = Kind(
        name: "five-parts", list: fivePartsList, action: "call"
    ) { random in
        let members = names.map { #""\#($0)":\#(1 + random.below(4000))"# }
        return "{\(members.joined(separator: ","))}"
    }

    /// Quantities with decimals, which only the exact path reads.
    private static let fivePartsWithDecimals = Kind(
        name: "five-parts-exact", list: fivePartsList, action: "call"
    ) { random in
        let members = names.map { #""\#($0)":\#(1 + random.below(4000)).25"# }
        return "{\(members.joined(separator: ","))}"
    }

    private static let tiers = Kind(
        name: "tiers",
        list: list([
            #"{"id":"t","action":"call","parts":[{"parameter":"n","mode":"graduated","tiers":["#
                + #"{"up_to":100,"price":2},{"up_to":1000,"price":1},{"price":0.5}]}]}"#
        ]), action: "call"
    ) { random in #"{"n":\#(1 + random.below(4000))}"# }

    private static let multipliers = Kind(
        name: "multipliers",
        list: list([
            #"{"id":"m","action":"call","per_call":4,"multipliers":[{"parameter":"coins","#
                + #""list":"count","values":{"all":10}},{"parameter":"quality","values":{"hd":1.5}}]}"#
        ]), action: "call"
    ) { random in
        let coins = (0...random.below(5)).map { _ in "bitcoin" }.joined(separator: ",")
        return #"{"coins":"\#(coins)","quality":"hd"}"#
    }

    private static let items = Kind(
        name: "items",
        list: list([
            #"{"id":"i","action":"call","each":"wallets","per_call":4,"#
                + #""multipliers":[{"parameter":"chain","values":{"all":10}}]}"#
        ]), action: "call"
    ) { random in
        let items = (0...random.below(5)).map { _ in #"{"chain":"all"}"# }
        return #"{"wallets":[\#(items.joined(separator: ","))]}"#
    }

    private static func list(_ rules: [String]) -> String {
        #"{"usd_per_credit":"0.0000005","rules":[\#(rules.joined(separator: ","))]}"#
    }
}
