import Credit
import JSON
import Pricing

/// Makes a price list of what models cost: a rule for each, told apart by the parameter `model`.
struct PriceImport {
    /// What calls of a model without a price must tell: what the provider charged for them.
    static let costParameter = "cost_usd"

    /// The pattern of the actions that the rules are for.
    let action: String
    let usdPerCredit: String
    /// A step in credits, rounded up to; nil for the usual rounding.
    let rounding: String?

    /// The list as the body of a PUT, a rule a line.
    func json(_ models: [ModelPrice]) throws -> [UInt8] {
        var bytes = Array("{\"usd_per_credit\":\"\(usdPerCredit)\",\"rules\":[".utf8)
        var ids: Set<String> = []
        for (place, model) in models.enumerated() {
            var writer = JSONWriter()
            write(model.withCaches, id: Self.id(of: model.model, unlike: &ids), to: &writer)
            bytes += Array((place == 0 ? "\n" : ",\n").utf8) + writer.bytes
        }
        return bytes + Array("\n]}\n".utf8)
    }

    private func write(_ model: ModelPrice, id: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", id)
        writer.member("action", action)
        writer.key("when")
        writer.beginObject()
        writer.member("model", model.model)
        writer.endObject()
        writer.member("usd", true)
        writer.key("parts")
        writer.beginArray()
        let main = model.mainUnit
        for unit in ModelPrice.Unit.allCases {
            guard let price = model.prices[unit] else { continue }
            // What costs nothing need not be told.
            guard !price.isZero || unit == main else { continue }
            write(
                unit, price, isMain: unit == main || unit == .outputTokens && main == .inputTokens,
                &writer)
        }
        if main == nil {
            writer.beginObject()
            writer.member("parameter", Self.costParameter)
            writer.member("price", Int64(1))
            writer.endObject()
        }
        writer.endArray()
        if let rounding {
            writer.key("rounding")
            writer.beginObject()
            writer.member("to", rounding)
            writer.member("mode", "up")
            writer.endObject()
        }
        writer.endObject()
    }

    private func write(
        _ unit: ModelPrice.Unit, _ price: DecimalText, isMain: Bool, _ writer: inout JSONWriter
    ) {
        writer.beginObject()
        // As many units as it takes to write the price with the decimals that a list takes.
        var (power, per) = (unit.power, unit.power == 6 ? Int64(1_000_000) : 1)
        while price.places - power > PriceListLimits.priceDecimalsMax, power < 12 {
            (power, per) = (power + 3, per * 1000)
        }
        writer.member("parameter", unit.rawValue)
        writer.key("price")
        writer.value(json: price.shifted(by: power).text.utf8.span)
        if per > 1 { writer.member("per", per) }
        if !isMain { writer.member("default", Int64(0)) }
        writer.endObject()
    }

    /// A name made of a model's, which no other rule has.
    private static func id(of model: String, unlike ids: inout Set<String>) -> String {
        let letters = model.utf8.map { byte -> UInt8 in
            let kept = [UInt8](".-_:".utf8).contains(byte) || isAlphanumeric(byte)
            return kept ? byte : UInt8(ascii: "-")
        }
        let stem = String(decoding: letters.prefix(Name.bytesMax), as: UTF8.self)
        var id = stem.isEmpty ? "model" : stem
        var number = 1
        while !ids.insert(id).inserted {
            number += 1
            id = "\(stem.prefix(Name.bytesMax - 8))-\(number)"
        }
        return id
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }
}
