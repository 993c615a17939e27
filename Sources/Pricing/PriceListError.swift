public import JSON

/// Why the JSON of a price list was refused; a field is a path such as `rules[3].parts[0].price`,
/// and beside it stands what it takes.
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
    case invalidField(String, String)
    /// A price that is not a plain decimal >= 0 of few enough decimals.
    case invalidAmount(String, String)
    /// A price that is too large, or whose products could pass 128 bits.
    case amountOutOfRange(String, String)

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
        case .unknownField(let field), .missingField(let field), .invalidField(let field, _),
            .invalidAmount(let field, _), .amountOutOfRange(let field, _):
            field
        }
    }

    /// What is wrong, for people; the limit where there is one.
    public var detail: String {
        switch self {
        case .invalidJSON(let error): "byte \(error.offset): it is no JSON that is taken"
        case .bodyTooLarge: "a price list has at most \(PriceListLimits.bodyBytesMax) bytes"
        case .unknownField: "the field is not known here"
        case .missingField: "the field is required"
        case .invalidField(_, let detail), .invalidAmount(_, let detail),
            .amountOutOfRange(_, let detail):
            detail
        }
    }

    /// What a price must be.
    static let price =
        "a price is a decimal from 0 to 10^12 with at most \(PriceListLimits.priceDecimalsMax) "
        + "places and no exponent, or that in a string"
    /// What a sum of prices must fit.
    static let tooPrecise =
        "the exact sum of 10^12 units of each part, times all factors, does not fit 128 bits; "
        + "fewer decimals, fewer parts or factors, or a coarser rounding do"
}
