public import Credit

/// One rule of a price list: which calls it is for, and what they cost.
public struct PriceRule: Hashable, Sendable {
    /// A condition on a parameter: it must be one of the values.
    struct Condition: Hashable, Sendable {
        let path: ParameterPath
        /// Strings, numbers and truth values in canonical JSON.
        let values: [[UInt8]]
    }

    /// What one parameter adds to the price.
    struct Part: Hashable, Sendable {
        let path: ParameterPath
        let price: ExactDecimal
        /// How many units the price is for.
        let per: UInt64
        /// How many units are free.
        let included: ExactDecimal
    }

    /// The amounts in which a rule states its prices.
    enum Currency: Hashable, Sendable {
        case credits
        case usd
    }

    /// The name of the rule in its list.
    public let id: Name
    /// The actions that it is for.
    public let action: ActionPattern
    /// What calls cost that did not simply succeed.
    public let outcomes: OutcomeCharges
    /// How the price becomes credits.
    public let rounding: Rounding
    let conditions: [Condition]
    let perCall: ExactDecimal
    let parts: [Part]
    let minimum: ExactDecimal
    let maximum: ExactDecimal?
    let currency: Currency
}

/// True when the bytes of `text` in `range` are `bytes`.
func equal(_ bytes: [UInt8], _ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard bytes.count == range.count else { return false }
    for index in bytes.indices {
        guard bytes[index] == text[range.lowerBound + index] else { return false }
    }
    return true
}
