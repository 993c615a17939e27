/// A decimal number of 0 to 10^12, exact: `digits` divided by 10 to the power of `decimals`.
///
/// Prices, quantities and exchange rates are such numbers; what is charged is `Credits`.
public struct ExactDecimal: Comparable, Hashable, Sendable, BitwiseCopyable {
    /// Why a JSON number is none.
    enum Invalid: Error, Hashable {
        /// Negative, `-0`, an exponent, or more decimals than allowed.
        case notPlain
        /// Over 10^12.
        case outOfRange
    }

    /// The digits without the point; at most 10^30.
    public let digits: UInt128
    /// How many of the digits are after the point; at most 18.
    public let decimals: Int

    /// 0.
    static let zero = Self(digits: 0, decimals: 0)
    /// 1.
    static let one = Self(digits: 1, decimals: 0)
    /// 10^12, the largest.
    static let wholeMax: UInt128 = 1_000_000_000_000

    /// A number whose digits and decimals are within what the type holds.
    init(digits: UInt128, decimals: Int) {
        self.digits = digits
        self.decimals = decimals
    }

    /// Reads the JSON number in `range`, of at most `decimalsMax` decimals.
    init(
        _ text: Span<UInt8>, _ range: Range<Int>, decimalsMax: Int
    ) throws(Invalid) {
        if let whole = Self.shortWhole(text, range) {
            self.init(digits: UInt128(whole), decimals: 0)
            return
        }
        var point = range.upperBound
        for index in range where !(0x30...0x39 ~= text[index]) {
            guard text[index] == UInt8(ascii: "."), point == range.upperBound else {
                throw .notPlain
            }
            point = index
        }
        let decimals = max(range.upperBound - point - 1, 0)
        guard decimals <= min(decimalsMax, PriceListLimits.quantityDecimalsMax) else {
            throw .notPlain
        }
        guard point - range.lowerBound <= 13 else { throw .outOfRange }
        let digits = Self.digits(text, range)
        guard digits <= Self.wholeMax * PowersOfTen[decimals] else { throw .outOfRange }
        self.init(digits: digits, decimals: decimals)
    }

    /// A whole number of at most 12 digits, which most quantities are; nil for any other text.
    private static func shortWhole(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        guard 1...12 ~= range.count else { return nil }
        var value: UInt64 = 0
        for index in range {
            guard case 0x30...0x39 = text[index] else { return nil }
            value = value * 10 + UInt64(text[index] & 0x0F)
        }
        return value
    }

    /// At most 13 digits before the point and 18 after it, so that 128 bits hold them.
    private static func digits(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt128 {
        var (high, low): (UInt128, UInt64) = (0, 0)
        var place = 0
        for index in range where text[index] != UInt8(ascii: ".") {
            if place == 18 { (high, low) = (UInt128(low), 0) }
            low = low * 10 + UInt64(text[index] & 0x0F)
            place += 1
        }
        return place <= 18 ? UInt128(low) : high * PowersOfTen[place - 18] + UInt128(low)
    }
}

extension ExactDecimal {
    /// Reads what a price is multiplied by: 0 to 10^6, with at most 12 decimals.
    init(factor text: Span<UInt8>, _ range: Range<Int>) throws(Invalid) {
        try self.init(text, range, decimalsMax: PriceListLimits.factorDecimalsMax)
        guard self <= Self(digits: UInt128(PriceListLimits.factorMax), decimals: 0) else {
            throw .outOfRange
        }
    }

    /// The least whole number that is not less.
    var roundedUp: Int64 {
        guard decimals > 0 else { return Int64(truncatingIfNeeded: digits) }
        let (whole, rest) = digits.quotientAndRemainder(dividingBy: PowersOfTen[decimals])
        return Int64(truncatingIfNeeded: whole) + (rest > 0 ? 1 : 0)
    }

    /// How many packages of `size` units hold as many; `size` is not 0.
    func packages(of size: UInt64) -> Self {
        let full = UInt128(size) * PowersOfTen[decimals]
        let (whole, rest) = digits.quotientAndRemainder(dividingBy: full)
        return Self(digits: whole + (rest > 0 ? 1 : 0), decimals: 0)
    }

    /// The lesser of this and a whole number.
    func limited(to whole: UInt64) -> Self {
        let other = UInt128(whole) * PowersOfTen[decimals]
        return digits <= other ? self : Self(digits: UInt128(whole), decimals: 0)
    }

    /// The difference, or 0 where `other` is more.
    func subtracting(_ other: Self) -> Self {
        guard other.digits > 0 else { return self }
        let decimals = max(self.decimals, other.decimals)
        let mine = digits * PowersOfTen[decimals - self.decimals]
        let theirs = other.digits * PowersOfTen[decimals - other.decimals]
        return Self(digits: mine > theirs ? mine - theirs : 0, decimals: decimals)
    }
}

extension ExactDecimal {
    /// 1.5 and 1.50 are written with different digits but are the same number.
    public static func == (left: Self, right: Self) -> Bool {
        left.aligned == right.aligned
    }

    public static func < (left: Self, right: Self) -> Bool {
        left.aligned < right.aligned
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(aligned)
    }

    /// The number in units of the eighteenth decimal.
    private var aligned: UInt128 {
        digits * PowersOfTen[PriceListLimits.quantityDecimalsMax - decimals]
    }
}

/// 10^0 to 10^38, all that fit 128 bits.
enum PowersOfTen {
    /// The largest exponent.
    static let exponentMax = 38

    private static let all: [UInt128] = {
        var powers: [UInt128] = [1]
        while powers.count <= exponentMax { powers.append(powers[powers.count - 1] * 10) }
        return powers
    }()

    static subscript(_ exponent: Int) -> UInt128 {
        all[exponent]
    }
}
