/// Why a call has no price.
public enum PricingError: Error, Hashable {
    /// No rule of the list matches the action and the parameters.
    case unknownAction
    /// What the rule prices by is not there, such as `parameters.input_tokens` or `results`.
    case missingField(String)
    /// What the rule prices by is no plain number of 0 to 10^12.
    case invalidField(String)
    /// What multiplies the price is no plain number of 0 to ``PriceListLimits/factorMax``.
    case invalidFactor(String)
    /// What multiplies the price by its value, or by its items, is of a kind that has none.
    case invalidChoice(String)
    /// What should be a list whose items are priced one by one is none.
    case invalidList(String)
    /// A list of more than ``PriceListLimits/itemsMax`` items.
    case tooManyItems(String)
    /// What should be an object of parameters is none.
    case invalidObject(String)
    /// The field is there twice: once under its dotted name.
    case ambiguousField(String)
    /// The price is over 10^12 credits, or its exact form does not fit 128 bits.
    case amountOutOfRange

    /// The code of the API.
    public var code: String {
        switch self {
        case .unknownAction: "unknown_action"
        case .missingField: "missing_field"
        case .invalidField, .invalidFactor, .invalidChoice, .invalidList, .tooManyItems,
            .invalidObject, .ambiguousField:
            "invalid_field"
        case .amountOutOfRange: "amount_out_of_range"
        }
    }

    /// What is wrong, for people; the limit where there is one.
    public var detail: String {
        switch self {
        case .unknownAction: "no rule of the price list matches the call"
        case .missingField: "the price needs this field"
        case .invalidField:
            "the price needs a number from 0 to 10^12 with at most "
                + "\(PriceListLimits.quantityDecimalsMax) decimals"
        case .invalidFactor:
            "the price is multiplied by it: a number from 0 to \(PriceListLimits.factorMax) with "
                + "at most \(PriceListLimits.factorDecimalsMax) decimals"
        case .invalidChoice:
            "the price goes by its value: a string, a number or a truth value, or a list of such "
                + "where the rule counts items"
        case .invalidList: "the price is that of its items: a list of objects"
        case .tooManyItems:
            "at most \(PriceListLimits.itemsMax) items of a list are priced in one call"
        case .invalidObject: "it is an object of parameters"
        case .ambiguousField: "it is there twice, once under its dotted name"
        case .amountOutOfRange: "a price is at most 10^12 credits"
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
        case .invalidFactor(let field): .invalidFactor(rename(field))
        case .invalidChoice(let field): .invalidChoice(rename(field))
        case .invalidList(let field): .invalidList(rename(field))
        case .tooManyItems(let field): .tooManyItems(rename(field))
        case .invalidObject(let field): .invalidObject(rename(field))
        case .ambiguousField(let field): .ambiguousField(rename(field))
        case .unknownAction, .amountOutOfRange: self
        }
    }

    /// The path of the field, where there is one.
    public var field: String? {
        switch self {
        case .unknownAction, .amountOutOfRange: nil
        case .missingField(let field), .invalidField(let field), .invalidFactor(let field),
            .invalidChoice(let field), .invalidList(let field), .tooManyItems(let field),
            .invalidObject(let field), .ambiguousField(let field):
            field
        }
    }
}
