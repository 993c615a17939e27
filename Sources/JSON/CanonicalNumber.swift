internal import Credit

extension [UInt8] {
    /// Appends a number with no exponent, no needless zero or sign, and every digit it has.
    mutating func append(
        canonical number: JSONNumber, of text: Span<UInt8>
    ) throws(JSONError) {
        if number.isInteger, number.range.count <= CanonicalJSON.digitsMax,
            text[number.range.lowerBound] != UInt8(ascii: "-")
        {
            append(bytes: text.extracting(number.range))
            return
        }
        let value = SignificantDigits(number, of: text)
        guard let range = value.range else {
            append(UInt8(ascii: "0"))
            return
        }
        let after = value.count - value.before
        guard value.before <= CanonicalJSON.digitsMax, after <= CanonicalJSON.digitsMax else {
            throw JSONError(.outOfRange, at: number.range.lowerBound)
        }
        if value.isNegative { append(UInt8(ascii: "-")) }
        if value.before <= 0 {
            append(text: "0.")
            append(zeros: -value.before)
        }
        var place = 0
        for index in range where text[index] != UInt8(ascii: ".") {
            if place == value.before, place > 0 { append(UInt8(ascii: ".")) }
            append(text[index])
            place += 1
        }
        append(zeros: value.before - value.count)
    }

    private mutating func append(zeros count: Int) {
        guard count > 0 else { return }
        append(contentsOf: repeatElement(UInt8(ascii: "0"), count: count))
    }
}

/// The digits of a number from the first to the last that is not 0: 0.ddd times 10^before.
private struct SignificantDigits {
    let isNegative: Bool
    /// Where the digits stand, perhaps with the point among them; nil for zero.
    let range: ClosedRange<Int>?
    let count: Int
    /// How many digits are before the point; negative when zeros follow it first.
    let before: Int

    init(_ number: JSONNumber, of text: Span<UInt8>) {
        isNegative = text[number.range.lowerBound] == UInt8(ascii: "-")
        var end = number.range.upperBound
        var point: Int?
        var (first, last): (Int?, Int) = (nil, 0)
        for index in number.range {
            switch text[index] {
            case UInt8(ascii: "1")...UInt8(ascii: "9"):
                first = first ?? index
                last = index
            case UInt8(ascii: "."): point = index
            case UInt8(ascii: "e"), UInt8(ascii: "E"): end = index
            default: break
            }
            guard end > index else { break }
        }
        guard let first else {
            (range, count, before) = (nil, 0, 0)
            return
        }
        let pointAt = point ?? end
        range = first...last
        count = last - first + (first < pointAt && pointAt < last ? 0 : 1)
        let places = first < pointAt ? pointAt - first : pointAt + 1 - first
        before = places + Self.exponent(in: text, from: end, to: number.range.upperBound)
    }

    /// The exponent after the `e` at `first`, held within bounds far beyond the limit on digits.
    private static func exponent(in text: Span<UInt8>, from first: Int, to end: Int) -> Int {
        var (value, sign) = (0, 1)
        for index in first..<end {
            switch text[index] {
            case UInt8(ascii: "-"): sign = -1
            case 0x30...0x39: value = min(value * 10 + Int(text[index] - 0x30), 1 << 48)
            default: break
            }
        }
        return sign * value
    }
}
