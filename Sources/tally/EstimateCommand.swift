import Credit
import Engine
import HTTP
import JSON
import Ledger
import Pricing
import Terminal
import Wire

/// `tally estimate`: what a call would cost and why, by a running Tally or by a file of prices.
enum EstimateCommand {
    static let command = Subcommand(
        name: "estimate", summary: "say what a call would cost, and why",
        help: """
            tally estimate --key KEY [--url URL] --action ACTION [CALL...] [--account ID]
            tally estimate --prices FILE --action ACTION [CALL...]
            tally estimate --prices FILE --calls FILE

            Prices a call as a charge would be priced and shows the arithmetic line by line. A
            running Tally also says whether the account could pay, and which limit refuses if not.
            Nothing is charged.

              --key KEY           a service or operator key, or the account's own (or
                                  TALLY_KEY in the environment)
              --url URL           where Tally answers (TALLY_URL, else
                                  http://127.0.0.1:8080)
              --account ID        whose prices, balance and budgets count
              --price-list NAME   another list than the account's
              --prices FILE       prices by a file instead, the body of PUT /v1/price-lists/NAME
              --calls FILE        prices many calls, a JSON object a line ("-": standard input),
                                  and prints a line of JSON for each; 1 is the exit code when
                                  any has no price
              --json              the whole answer as JSON

            The call:
              --action ACTION     what is done
              --parameters JSON   its parameters, an object
              --status STATUS     how it ends (succeeded)
              --results N         how many results it gives
              --team, --scenario, --run, --module ID   what budgets go by
            """,
        run: run)

    private static func run(_ text: [String]) throws {
        let arguments = try Arguments(
            text,
            options: Set(callOptions.map(\.option) + ["--url", "--key", "--prices", "--calls"]),
            flags: ["--json"])
        guard arguments.values.isEmpty else {
            throw Failure.usage("\(arguments.values[0]) is none of its options")
        }
        guard let path = try arguments.value("--prices") else {
            guard !arguments.has("--calls") else { throw Failure.usage("--calls needs --prices") }
            return try ask(arguments)
        }
        let others = ["--url", "--key", "--account", "--price-list"]
        if let other = others.first(where: arguments.has) {
            throw Failure.usage("\(other) asks a running Tally: it does not go with --prices")
        }
        let list = try PriceDraftFile(path: path).list()
        if let calls = try arguments.value("--calls") {
            if let other = callOptions.map(\.option).first(where: arguments.has) {
                throw Failure.usage("\(other) says what one call is: it does not go with --calls")
            }
            return try CallFile(path: calls).price(by: list)
        }
        let body = try body(arguments)
        let answer: [UInt8]
        do throws(Problem) {
            answer = try EstimatedCall(json: body.span).answer(by: list)
        } catch {
            let field = error.field.map { " (\($0))" } ?? ""
            throw Failure.failed("\(error.code.rawValue): \(error.detail)\(field)")
        }
        try show(answer, arguments)
    }

    private static func ask(_ arguments: Arguments) throws {
        let connection = try TallyConnection(arguments)
        let request = connection.request(.post, "/v1/estimates", body: try body(arguments))
        try show(try connection.bytes(of: request), arguments)
    }

    /// The options that say what the call is, and the fields that they become.
    private static let callOptions: [(option: String, field: String, isText: Bool)] = [
        ("--action", "action", true), ("--account", "account", true),
        ("--price-list", "price_list", true), ("--parameters", "parameters", false),
        ("--status", "status", true), ("--results", "results", false), ("--team", "team", true),
        ("--scenario", "scenario", true), ("--run", "run", true), ("--module", "module", true),
    ]

    private static func body(_ arguments: Arguments) throws -> [UInt8] {
        _ = try arguments.required("--action")
        var writer = JSONWriter()
        writer.beginObject()
        for (option, field, isText) in callOptions {
            guard let value = try arguments.value(option) else { continue }
            writer.key(bytes: field.utf8.span)
            if isText {
                writer.value(value)
            } else {
                do {
                    try JSONCursor.check(value.utf8.span)
                } catch {
                    throw Failure.usage(
                        "\(option) takes \(option == "--results" ? "a number" : "JSON")")
                }
                writer.value(json: value.utf8.span)
            }
        }
        writer.endObject()
        return writer.bytes
    }

    private static func show(_ answer: [UInt8], _ arguments: Arguments) throws {
        guard !arguments.has("--json") else {
            return Terminal.print(String(decoding: answer, as: UTF8.self))
        }
        Terminal.print(EstimateText(try JSONValue(answer)).lines.joined(separator: "\n"))
    }
}

/// A call as the body of an estimate says it.
struct EstimatedCall {
    private var bytes: [UInt8] = []
    private var command = ChargeCommand()

    /// Reads a body; throws with what is wrong with it.
    init(json: Span<UInt8>) throws(Problem) {
        let form = ChargeForm(
            .estimate, limits: APILimits(), now: .epoch, allowsPostedAt: false)
        var decoder = ChargeDecoder()
        command = try decoder.decode(body: json, form, to: &bytes).command
    }

    /// What the call costs by a list.
    func quote(by list: PriceList) throws(Problem) -> Quote {
        do throws(PricingError) {
            return try list.price(command, in: bytes)
        } catch {
            throw Problem(Rejection(error))
        }
    }

    /// The answer to an estimate without an account.
    func answer(by list: PriceList) throws(Problem) -> [UInt8] {
        do throws(PricingError) {
            let explanation = try list.explain(command, in: bytes)
            var answer = EstimateAnswer(
                account: nil, credits: explanation.quote.credits,
                price: EntryNames.price(
                    list: list.name, version: list.version, rule: explanation.rule))
            answer.explanation = explanation
            answer.alternatives = list.alternatives(
                to: explanation.quote, of: command, in: bytes)
            var text: [UInt8] = []
            answer.write(to: &text)
            return text
        } catch {
            throw Problem(Rejection(error))
        }
    }
}
