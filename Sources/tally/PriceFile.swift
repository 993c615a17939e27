import Credit
import Foundation
import JSON
import Pricing

/// The list prices of AI models in USD per million tokens, from a CSV file with a header.
struct PriceFile {
    /// What a model costs.
    struct ModelPrice {
        let model: String
        /// USD per million, as decimal text.
        let input: String
        let output: String
    }

    private let prices: [String: ModelPrice]

    /// Reads the columns `model`, `usd_per_million_input_tokens`, `usd_per_million_output_tokens`.
    init(path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure.failed("\(path) cannot be read")
        }
        var lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
            .makeIterator()
        let header = (lines.next() ?? "").split(
            separator: ",", omittingEmptySubsequences: false)
        let names = ["model", "usd_per_million_input_tokens", "usd_per_million_output_tokens"]
        let columns = names.compactMap { name in header.firstIndex { $0 == name } }
        guard columns.count == names.count else {
            throw Failure.failed("\(path): the header lacks \(names.joined(separator: ", "))")
        }
        var prices: [String: ModelPrice] = [:]
        while let line = lines.next() {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
                .map(String.init)
            guard fields.count == header.count, !fields[columns[1]].isEmpty,
                !fields[columns[2]].isEmpty
            else { continue }
            let price = ModelPrice(
                model: fields[columns[0]], input: fields[columns[1]], output: fields[columns[2]])
            prices[price.model] = price
        }
        self.prices = prices
    }

    /// The price of a model by its name.
    func price(of model: String) throws -> ModelPrice {
        guard let price = prices[model] else {
            throw Failure.failed("the price file has no model \(model) priced by tokens")
        }
        return price
    }
}
