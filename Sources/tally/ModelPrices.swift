import JSON

/// What a model costs, by each unit that it is sold by.
struct ModelPrice {
    /// What a call is counted in; the names of the parameters that say how much.
    enum Unit: String, CaseIterable {
        case inputTokens = "input_tokens"
        case outputTokens = "output_tokens"
        case cachedInputTokens = "cached_input_tokens"
        case cacheCreationTokens = "cache_creation_input_tokens"
        case reasoningTokens = "reasoning_tokens"
        case images
        case seconds
        case characters

        /// How many units the price is written for, as a power of ten.
        var power: Int {
            switch self {
            case .inputTokens, .outputTokens, .cachedInputTokens, .cacheCreationTokens,
                .reasoningTokens:
                6
            case .images, .seconds, .characters: 0
            }
        }
    }

    let model: String
    /// `chat`, `image_generation` and the like.
    let mode: String
    /// USD for one unit.
    var prices: [Unit: DecimalText]
    /// Fields of the file that say a price which no rule made of it says.
    var leftOut: [String] = []

    /// The unit that every call must tell: what the mode is about, or else the first with a price.
    var mainUnit: Unit? {
        let usual: Unit? =
            switch mode {
            case "image_generation", "image_edit": .images
            case "video_generation", "audio_transcription": .seconds
            case "audio_speech": .characters
            default: .inputTokens
            }
        if let usual, prices[usual] != nil { return usual }
        return Unit.allCases.first { prices[$0] != nil }
    }

    /// The same with prices for all that a call may tell beside its input: tokens that were read
    /// from a cache, or written to one, cost what input does where the file says nothing else.
    var withCaches: Self {
        guard mainUnit == .inputTokens, let input = prices[.inputTokens] else { return self }
        var price = self
        for unit in [Unit.cachedInputTokens, .cacheCreationTokens] where prices[unit] == nil {
            price.prices[unit] = input
        }
        return price
    }
}

/// Lists of what AI models cost, as others publish them.
enum ModelPriceFile {
    /// Reads the columns `model`, `mode` and `usd_per_...` of a file of comma-separated values.
    static func csv(_ text: String, path: String) throws -> [ModelPrice] {
        let table = try CSVTable(text, path: path)
        guard let model = table.place(of: "model") else {
            throw Failure.failed("\(path): the header lacks model")
        }
        let mode = table.place(of: "mode")
        var names: Set<String> = []
        for (index, row) in table.rows.enumerated() {
            let name = row[model]
            guard !name.isEmpty else {
                throw Failure.failed("\(path): row \(index + 1) names no model")
            }
            guard names.insert(name).inserted else {
                throw Failure.failed("\(path): row \(index + 1) names \(name) once more")
            }
        }
        let columns: [(ModelPrice.Unit, String, Int)] = [
            (.inputTokens, "usd_per_million_input_tokens", -6),
            (.outputTokens, "usd_per_million_output_tokens", -6),
            (.cachedInputTokens, "usd_per_million_cached_input_tokens", -6),
            (.cacheCreationTokens, "usd_per_million_cache_creation_input_tokens", -6),
            (.reasoningTokens, "usd_per_million_reasoning_tokens", -6),
            (.images, "usd_per_image", 0), (.seconds, "usd_per_second", 0),
            (.characters, "usd_per_character", 0),
        ]
        let known = columns.map(\.1)
        guard known.contains(where: { table.place(of: $0) != nil }) else {
            throw Failure.failed("\(path): the header has no column usd_per_...")
        }
        for column in table.columns where column.hasPrefix("usd_per_") && !known.contains(column) {
            throw Failure.failed(
                "\(path): column \(column) is none of \(known.joined(separator: ", "))")
        }
        return try table.rows.map { row in
            var price = ModelPrice(model: row[model], mode: mode.map { row[$0] } ?? "", prices: [:])
            for (unit, column, power) in columns {
                guard let place = table.place(of: column), !row[place].isEmpty else { continue }
                price.prices[unit] = try decimal(row[place], row[model], column, path)
                    .shifted(by: power)
            }
            return price
        }
    }

    /// The fields of LiteLLM's `model_prices_and_context_window.json`, for each unit the first that
    /// is there.
    private static let fields: [(ModelPrice.Unit, [String])] = [
        (.inputTokens, ["input_cost_per_token"]), (.outputTokens, ["output_cost_per_token"]),
        (.cachedInputTokens, ["cache_read_input_token_cost"]),
        (.cacheCreationTokens, ["cache_creation_input_token_cost"]),
        (.reasoningTokens, ["output_cost_per_reasoning_token"]),
        (.images, ["output_cost_per_image", "input_cost_per_image"]),
        (.seconds, ["output_cost_per_second", "input_cost_per_second"]),
        (.characters, ["output_cost_per_character", "input_cost_per_character"]),
    ]

    /// Reads an object of models, each with its mode and costs in USD.
    static func litellm(_ text: [UInt8], path: String) throws -> [ModelPrice] {
        guard case .object(let models)? = try? JSONValue(text) else {
            throw Failure.failed("\(path) is no JSON object of models")
        }
        // What is there under this name describes the others.
        return try models.keys.filter { $0 != "sample_spec" }.sorted().map { model in
            let entry = models[model] ?? .null
            var price = ModelPrice(model: model, mode: entry["mode"]?.string ?? "", prices: [:])
            for (unit, names) in fields {
                for name in names where price.prices[unit] == nil {
                    guard case .number(let text)? = entry[name] else { continue }
                    price.prices[unit] = try decimal(text, model, name, path)
                }
            }
            // Another price for long prompts: `input_cost_per_token_above_200k_tokens`.
            if case .object(let members) = entry {
                price.leftOut = members.keys.filter { $0.contains("_above_") }.sorted()
            }
            return price
        }
    }

    private static func decimal(
        _ text: String, _ model: String, _ field: String, _ path: String
    ) throws -> DecimalText {
        guard let decimal = DecimalText(text) else {
            throw Failure.failed("\(path): \(field) of \(model) is no price: \(text)")
        }
        return decimal
    }
}
