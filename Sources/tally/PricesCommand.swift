import Credit
import HTTP
import JSON
import Pricing
import Terminal

/// `tally prices`: price lists in files, from elsewhere and on a server.
enum PricesCommand {
    static let command = Subcommand(
        name: "prices", summary: "check, import and set price lists",
        help: """
            tally prices check FILE
            tally prices import --format litellm|csv [--usd-per-credit X] [--round STEP]
                                [--action PATTERN] FILE
            tally prices put NAME FILE --key KEY [--url URL] [--json]
            tally prices simulate NAME FILE [--data DIR] [--from TIME] [--to TIME]
                                [--csv|--json]

            check says each rule of a price list in words, and names rules that no call
            comes to. import prints a price list made of what AI models cost, a rule for
            each: from LiteLLM's model_prices_and_context_window.json, or from a CSV file
            with the columns model, mode and usd_per_.... put makes it a new version of a
            list. simulate prices what the list priced before once more, by the file:
            what each account and action would have cost, who would have been refused or
            gone negative. The server must not be running; a running one answers
            POST /v1/price-lists/NAME/simulate.

            Calls tell their model and how much they used: input_tokens (without those
            read from a cache or written to one), output_tokens, cached_input_tokens,
            cache_creation_input_tokens, reasoning_tokens (where they have a price of
            their own; elsewhere they are output), images, seconds, characters. What a
            model's kind is about must be told, the rest counts 0 where it is not. Cached
            tokens cost what input does where the file says nothing else. A model without
            a price in the file is charged what the provider charged: cost_usd.

              --usd-per-credit X  what a credit is worth (1)
              --round STEP        round each price up to a multiple of this many credits
              --action PATTERN    the actions that the rules are for ("*")
              --key KEY           an operator's key (or TALLY_KEY in the environment)
              --url URL           where Tally answers (TALLY_URL, else
                                  http://127.0.0.1:8080)
              --data DIR          the data folder (./tally-data)
              --from, --to TIME   the period (all that is stored)
              --csv               a line for each account and action
            """,
        run: run)

    private static func run(_ text: [String]) throws {
        let arguments = try Arguments(
            text,
            options: [
                "--format", "--usd-per-credit", "--round", "--action", "--url", "--key", "--data",
                "--from", "--to",
            ], flags: ["--json", "--csv"])
        switch (arguments.values.first, arguments.values.count) {
        case ("check", 2): try check(arguments.values[1])
        case ("import", 2): try importModels(arguments.values[1], arguments)
        case ("put", 3): try put(arguments.values[1], arguments.values[2], arguments)
        case ("simulate", 3): try SimulateCommand(arguments).run(arguments)
        default:
            throw Failure.usage(
                "it is check FILE, import FILE, put NAME FILE or simulate NAME FILE")
        }
    }

    private static func check(_ path: String) throws {
        let draft = try PriceDraftFile(path: path).draft
        for (rule, text) in draft.sentences { Terminal.print("\(rule.text): \(text)") }
        for found in draft.unreachableRules {
            Terminal.report(
                "never used: \(found.rule.text); \(found.coveredBy.text) before it matches all its calls"
            )
        }
    }

    private static func importModels(_ path: String, _ arguments: Arguments) throws {
        let bytes = try InputFile.bytes(of: path, limit: fileBytesMax)
        let models: [ModelPrice]
        switch try arguments.required("--format") {
        case "csv":
            models = try ModelPriceFile.csv(String(decoding: bytes, as: UTF8.self), path: path)
        case "litellm": models = try ModelPriceFile.litellm(bytes, path: path)
        default: throw Failure.usage("--format is litellm or csv")
        }
        let list = try PriceImport(
            action: try arguments.value("--action") ?? "*",
            usdPerCredit: try arguments.value("--usd-per-credit") ?? "1",
            rounding: try arguments.value("--round")
        ).json(models)
        do throws(PriceListError) {
            _ = try PriceList.Draft(json: list.span)
        } catch {
            throw Failure.failed("no price list can be made of it: \(error.text)")
        }
        Terminal.print(String(decoding: list.dropLast(), as: UTF8.self))
        let leftOut = Dictionary(
            models.flatMap { model in model.leftOut.map { ($0, [model.model]) } },
            uniquingKeysWith: +)
        for (field, names) in leftOut.sorted(by: { $0.key < $1.key }) {
            let more = names.count > 3 ? " and \(names.count - 3) more" : ""
            Terminal.report(
                "left out: \(field) of \(names.prefix(3).joined(separator: ", "))\(more)")
        }
        let unpriced = models.filter { $0.mainUnit == nil }.map(\.model)
        Terminal.report(
            "\(models.count) models, \(models.count - unpriced.count) with a price in the file")
        guard !unpriced.isEmpty else { return }
        Terminal.report(
            "charged what \(PriceImport.costParameter) says: \(unpriced.joined(separator: ", "))")
    }

    private static func put(_ name: String, _ path: String, _ arguments: Arguments) throws {
        let connection = try TallyConnection(arguments)
        let body = try InputFile.bytes(of: path, limit: PriceListLimits.bodyBytesMax)
        let request = connection.request(.put, "/v1/price-lists/\(name)", body: body)
        let answer = try connection.bytes(of: request)
        guard !arguments.has("--json") else {
            return Terminal.print(String(decoding: answer, as: UTF8.self))
        }
        let json = try JSONValue(answer)
        let from = json["effective_at"]?.string ?? ""
        if case .number(let version)? = json["version"] {
            Terminal.print("\(name) version \(version) from \(from)")
        }
        for warning in json["warnings"]?.array ?? [] {
            let rule = warning["rule"]?.string.map { "never used: \($0): " } ?? ""
            Terminal.report(rule + (warning["detail"]?.string ?? ""))
        }
    }

    /// The most bytes of a file of models' prices.
    private static let fileBytesMax = 64 << 20
}
