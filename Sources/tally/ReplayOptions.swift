import Credit
import Digest
import JSON

/// What `tally replay` is asked to do.
struct ReplayOptions {
    static let names: Set<String> = [
        "--format", "--prices", "--url", "--key", "--usd-per-credit", "--round", "--speed",
        "--model", "--accounts", "--connections",
    ]
    static let flags: Set<String> = ["--json", "--backdate"]
    /// How many customer keys the calls are spread over.
    static let keyNames = ["production", "staging", "research"]

    let url: String
    let key: String
    let prices: String
    let usdPerCredit: String
    let round: String?
    let models: [TraceKind: String]
    let accountCount: Int
    let connections: Int
    let atRecordedSpeed: Bool
    let isBackdated: Bool
    let wantsJSON: Bool
    let files: [String]

    init(_ text: [String]) throws {
        let arguments = try Arguments(text, options: Self.names, flags: Self.flags)
        guard try arguments.required("--format") == "azure-llm" else {
            throw Failure.usage("--format is azure-llm")
        }
        url = try arguments.required("--url")
        key = try arguments.required("--key")
        prices = try arguments.required("--prices")
        usdPerCredit = try arguments.value("--usd-per-credit") ?? "0.0000005"
        round = try arguments.value("--round")
        accountCount = try arguments.number("--accounts", 1...10_000) ?? 50
        connections = try arguments.number("--connections", 1...200) ?? 32
        switch try arguments.value("--speed") ?? "max" {
        case "max": atRecordedSpeed = false
        case "recorded": atRecordedSpeed = true
        default: throw Failure.usage("--speed is recorded or max")
        }
        isBackdated = arguments.has("--backdate")
        wantsJSON = arguments.has("--json")
        files = arguments.values
        guard !files.isEmpty else { throw Failure.usage("which files?") }
        models = try Self.models(arguments.all("--model"))
    }

    private static func models(_ choices: [String]) throws -> [TraceKind: String] {
        var models: [TraceKind: String] = [:]
        for kind in TraceKind.allCases { models[kind] = kind.usualModel }
        for choice in choices {
            let parts = choice.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let kind = TraceKind(rawValue: parts[0]) else {
                throw Failure.usage("--model is conv=NAME or code=NAME")
            }
            models[kind] = parts[1]
        }
        return models
    }

    /// The model of a kind of call.
    func model(_ kind: TraceKind) -> String { models[kind] ?? kind.usualModel }

    /// The id of the account that row `index` is charged to.
    func account(of index: Int) -> String {
        let number = index % accountCount
        return "demo-\(number < 10 ? "0" : "")\(number)"
    }

    /// What makes the charges of one replay differ from those of another: prices and times.
    var settings: String {
        let parts =
            [usdPerCredit, round ?? "exact", String(accountCount), isBackdated ? "back" : "now"]
            + TraceKind.allCases.map(model)
        let digest = SHA256.digest(of: Array(parts.joined(separator: "|").utf8).span)
        return digest.prefix(6).map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }

    /// The price list: one rule for each kind of call, in USD per million tokens.
    func priceList(_ file: PriceFile) throws -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("rules")
        json.beginArray()
        for kind in TraceKind.allCases {
            let price = try file.price(of: model(kind))
            json.beginObject()
            json.member("id", kind.rawValue)
            json.member("action", kind.action)
            json.key("when")
            json.beginObject()
            json.member("model", price.model)
            json.endObject()
            json.key("parts")
            json.beginArray()
            Self.part("input_tokens", price.input, &json)
            Self.part("output_tokens", price.output, &json)
            json.endArray()
            json.member("usd", true)
            if let round {
                json.key("rounding")
                json.beginObject()
                json.key("to")
                json.value(json: Array(round.utf8).span)
                json.member("mode", "up")
                json.endObject()
            }
            json.endObject()
        }
        json.endArray()
        json.key("usd_per_credit")
        json.value(json: Array(usdPerCredit.utf8).span)
        json.endObject()
        return json.bytes
    }

    private static func part(_ parameter: String, _ price: String, _ json: inout JSONWriter) {
        json.beginObject()
        json.member("parameter", parameter)
        json.key("price")
        json.value(json: Array(price.utf8).span)
        json.member("per", 1_000_000)
        json.endObject()
    }
}
