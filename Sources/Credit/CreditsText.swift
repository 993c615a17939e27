extension Credits {
    /// Why a JSON number is not an amount.
    public enum InvalidText: Error, Hashable {
        /// Not the grammar of a JSON number (RFC 8259 section 6), such as `01`, `+1` or `0x10`.
        case notANumber
        /// A JSON number that no amount is written as: an exponent, `-0`, or over six decimals.
        case notAnAmount
        /// Its magnitude is over 10^12 credits.
        case outOfRange
    }

    /// The most digits after the point.
    public static let decimalsMax = 6

    /// Reads a JSON number of credits exactly, such as `12`, `0.4` or `-3.125`, and nothing else.
    @inlinable
    public init(decimal text: Span<UInt8>) throws(InvalidText) {
        let number = try DecimalText(text)
        guard !number.hasExponent, !number.isNegativeZero, number.decimals <= Self.decimalsMax
        else { throw .notAnAmount }
        guard let digits = number.digits else { throw .outOfRange }
        let scale = Self.powersOfTen[Self.decimalsMax - number.decimals]
        let (micros, overflow) = digits.multipliedReportingOverflow(by: scale)
        guard !overflow, micros <= UInt64(Self.limit.micros) else { throw .outOfRange }
        self.init(micros: number.isNegative ? -Int64(micros) : Int64(micros))
    }

    /// The exact decimal text, without trailing zeros after the point.
    public var decimalText: String {
        var bytes: [UInt8] = []
        bytes.append(credits: self)
        return String(decoding: bytes, as: UTF8.self)
    }

    @usableFromInline static let powersOfTen: [UInt64] = [
        1, 10, 100, 1000, 10_000, 100_000, 1_000_000,
    ]
}

/// The parts of a JSON number, read in one pass without rounding.
@usableFromInline
struct DecimalText: Sendable {
    @usableFromInline var isNegative = false
    @usableFromInline var hasExponent = false
    @usableFromInline var decimals = 0
    /// All digits without the point as one integer; nil when they do not fit 64 bits.
    @usableFromInline var digits: UInt64? = 0
    @usableFromInline var isNegativeZero: Bool { isNegative && digits == 0 }

    @inlinable
    init(_ text: Span<UInt8>) throws(Credits.InvalidText) {
        var index = 0
        if index < text.count, text[index] == UInt8(ascii: "-") {
            isNegative = true
            index += 1
        }
        let first = index
        readDigits(text, &index)
        guard index > first, index == first + 1 || text[first] != UInt8(ascii: "0")
        else { throw .notANumber }
        if index < text.count, text[index] == UInt8(ascii: ".") {
            index += 1
            let point = index
            readDigits(text, &index)
            guard index > point else { throw .notANumber }
            decimals = index - point
        }
        if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
            try readExponent(text, &index)
        }
        guard index == text.count else { throw .notANumber }
    }

    @inlinable
    mutating func readDigits(_ text: Span<UInt8>, _ index: inout Int) {
        while index < text.count, case 0x30...0x39 = text[index] {
            digits = digits.flatMap { Self.appending(text[index] - 0x30, to: $0) }
            index += 1
        }
    }

    @inlinable
    mutating func readExponent(
        _ text: Span<UInt8>, _ index: inout Int
    ) throws(Credits.InvalidText) {
        hasExponent = true
        index += 1
        if index < text.count, text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-")
        {
            index += 1
        }
        let first = index
        while index < text.count, case 0x30...0x39 = text[index] { index += 1 }
        guard index > first else { throw .notANumber }
    }

    @inlinable
    static func appending(_ digit: UInt8, to digits: UInt64) -> UInt64? {
        let (tens, overflow) = digits.multipliedReportingOverflow(by: 10)
        let (sum, carry) = tens.addingReportingOverflow(UInt64(digit))
        return overflow || carry ? nil : sum
    }
}

extension [UInt8] {
    /// Appends an amount as a JSON number, exactly and without trailing zeros: `12`, `0.4`.
    @inlinable
    public mutating func append(credits: Credits) {
        if credits.micros < 0 { append(UInt8(ascii: "-")) }
        let (whole, rest) = credits.micros.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        append(decimal: whole)
        guard rest > 0 else { return }
        append(UInt8(ascii: "."))
        var left = rest
        var place: UInt64 = 100_000
        while left > 0 {
            append(0x30 + UInt8(truncatingIfNeeded: left / place))
            left %= place
            place /= 10
        }
    }

    /// Appends an unsigned integer in decimal digits.
    @inlinable
    public mutating func append(decimal value: UInt64) {
        var place: UInt64 = 1
        while value / place >= 10 { place *= 10 }
        var left = value
        while place > 0 {
            append(0x30 + UInt8(truncatingIfNeeded: left / place))
            left %= place
            place /= 10
        }
    }

    /// Appends a signed integer in decimal digits.
    @inlinable
    public mutating func append(decimal value: Int64) {
        if value < 0 { append(UInt8(ascii: "-")) }
        append(decimal: value.magnitude)
    }

    /// Appends the UTF-8 bytes of a literal or another string.
    @inlinable
    public mutating func append(text: String) {
        append(contentsOf: text.utf8)
    }
}
