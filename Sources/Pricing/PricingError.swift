/// Why a call has no price.
public enum PricingError: Error, Hashable {
    /// No rule of the list matches the action and the parameters.
    case unknownAction
    /// What the rule prices by is not there, such as `parameters.input_tokens` or `results`.
    case missingField(String)
    /// What the rule prices by is no plain number of 0 to 10^12, or is there twice.
    case invalidField(String)
    /// The price is over 10^12 credits, or its exact form does not fit 128 bits.
    case amountOutOfRange

    /// The code of the API.
    public var code: String {
        switch self {
        case .unknownAction: "unknown_action"
        case .missingField: "missing_field"
        case .invalidField: "invalid_field"
        case .amountOutOfRange: "amount_out_of_range"
        }
    }

    /// The same error, its field being one of an item of `list`.
    func inItem(_ index: Int, of list: ParameterPath) -> Self {
        let rename = { (field: String) in
            "\(list.field)[\(index)]\(field.dropFirst("parameters".count))"
        }
        return switch self {
        case .missingField(let field): .missingField(rename(field))
        case .invalidField(let field): .invalidField(rename(field))
        case .unknownAction, .amountOutOfRange: self
        }
    }

    /// The path of the field, where there is one.
    public var field: String? {
        switch self {
        case .unknownAction, .amountOutOfRange: nil
        case .missingField(let field), .invalidField(let field): field
        }
    }
}
