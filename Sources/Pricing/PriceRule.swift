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
        /// How many units are free.
        let included: ExactDecimal
        /// How many units each price is for.
        let per: UInt64
        let billing: Billing
        /// What the parameter counts as where it is not sent; nil when it must be.
        let fallback: ExactDecimal?
    }

    /// How the units of a part that are not free are priced.
    enum Billing: Hashable, Sendable {
        /// Each at the same price.
        case flat(ExactDecimal)
        /// In packages of `per` units; one that was begun costs as much as a full one.
        case package(ExactDecimal)
        /// Each at the price of the tier that it is in.
        case graduated([Tier])
        /// All at the price of the tier that the last of them is in.
        case volume([Tier])
    }

    /// A range of quantities that ends where the next begins.
    struct Tier: Hashable, Sendable {
        /// The last quantity of the tier; nil for the last tier.
        let upTo: ExactDecimal?
        let price: ExactDecimal
    }

    /// A parameter by which the price of the call, or of an item, is multiplied.
    struct Multiplier: Hashable, Sendable {
        /// A value of the parameter that has a factor of its own.
        struct Value: Hashable, Sendable {
            let text: String
            let factor: ExactDecimal
        }

        let path: ParameterPath
        /// Whether the items of a list are counted, each as much as its value says.
        let countsItems: Bool
        let values: [Value]
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
    let multipliers: [Multiplier]
    /// The list whose items are priced one by one.
    let each: ParameterPath?
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
