public import JSON

/// Why the JSON of a price list was refused; `field` is a path such as `rules[3].parts[0].price`.
public enum PriceListError: Error, Hashable {
    /// No JSON; the error says at which byte.
    case invalidJSON(JSONError)
    /// More than ``PriceListLimits/bodyBytesMax`` bytes.
    case bodyTooLarge
    /// A field that price lists do not have.
    case unknownField(String)
    /// A field without which the list, or the rule, means nothing.
    case missingField(String)
    /// A field of a wrong kind, or whose value is none of those allowed.
    case invalidField(String)
    /// A price that is not a plain decimal >= 0 of few enough decimals.
    case invalidAmount(String)
    /// A price that is too large, or whose products could pass 128 bits.
    case amountOutOfRange(String)

    /// The code of the API.
    public var code: String {
        switch self {
        case .invalidJSON: "invalid_json"
        case .bodyTooLarge: "body_too_large"
        case .unknownField: "unknown_field"
        case .missingField: "missing_field"
        case .invalidField: "invalid_field"
        case .invalidAmount: "invalid_amount"
        case .amountOutOfRange: "amount_out_of_range"
        }
    }

    /// The path of the field, where there is one.
    public var field: String? {
        switch self {
        case .invalidJSON, .bodyTooLarge: nil
        case .unknownField(let field), .missingField(let field), .invalidField(let field),
            .invalidAmount(let field), .amountOutOfRange(let field):
            field
        }
    }
}
