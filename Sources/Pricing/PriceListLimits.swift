/// Every limit on what a price list may say, and on the parameters that it prices.
public enum PriceListLimits: Sendable {
    /// The most bytes of a list's JSON.
    public static let bodyBytesMax = 1 << 20
    /// The most rules of a list.
    public static let rulesMax = 10_000
    /// The most parts of a rule.
    public static let partsMax = 32
    /// The most tiers of a part.
    public static let tiersMax = 64
    /// The most multipliers of a rule.
    public static let multipliersMax = 8
    /// The most that one value of a parameter multiplies a price by.
    public static let factorMax: UInt64 = 1_000_000
    /// The most decimals of what a price is multiplied by.
    public static let factorDecimalsMax = 12
    /// The most items of a list that are priced one by one, or counted.
    public static let itemsMax = 10_000
    /// The most lines of an explanation, but for those that tell of the whole at its end.
    public static let explanationLinesMax = 200
    /// The most rules that are named as never used.
    public static let unreachableRulesMax = 100
    /// The most comparisons made to find them.
    public static let ruleComparisonsMax = 250_000
    /// The most cheaper ways to make a call that an estimate names.
    public static let alternativesMax = 5
    /// The most values of a parameter that are compared for them.
    public static let comparedValuesMax = 16
    /// The most conditions under `when`.
    public static let conditionsMax = 16
    /// The most values of one condition.
    public static let valuesMax = 256
    /// The most bytes of a value that a condition names, quotes and escapes included.
    public static let valueBytesMax = 256
    /// The most bytes of a parameter's dotted path.
    public static let pathBytesMax = 128
    /// The most decimals of a price, in credits or in USD.
    public static let priceDecimalsMax = 12
    /// The most decimals of a parameter that is priced, and of `included`.
    public static let quantityDecimalsMax = 18
    /// The most bytes of the parameters of a call.
    public static let parametersBytesMax = 1 << 20
}
