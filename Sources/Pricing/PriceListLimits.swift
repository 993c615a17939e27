/// Every limit on what a price list may say, and on the parameters that it prices.
public enum PriceListLimits: Sendable {
    /// The most bytes of a list's JSON.
    public static let bodyBytesMax = 1 << 20
    /// The most rules of a list.
    public static let rulesMax = 10_000
    /// The most parts of a rule.
    public static let partsMax = 32
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
