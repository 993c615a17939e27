internal import Credit

extension [UInt8] {
    /// Appends the UTF-8 of a literal.
    @inlinable
    public mutating func append(literal text: StaticString) {
        text.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }

    /// Appends a sum of credits in micro-credits, exactly, as a JSON number.
    public mutating func append(micros sum: Int128) {
        guard sum < 0 || sum > Int128(Int64.max) else {
            append(credits: Credits(micros: Int64(sum)))
            return
        }
        if sum < 0 { append(UInt8(ascii: "-")) }
        let (whole, rest) = sum.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        append(wide: whole)
        guard rest > 0 else { return }
        let digits = String(1_000_000 + rest).dropFirst()
        append(UInt8(ascii: "."))
        append(contentsOf: digits.utf8.prefix(6 - digits.reversed().prefix { $0 == "0" }.count))
    }

    /// Appends a wide integer in decimal digits.
    public mutating func append(wide value: Int128) {
        if value < 0 { append(UInt8(ascii: "-")) }
        append(wide: value.magnitude)
    }

    private mutating func append(wide value: UInt128) {
        if let narrow = UInt64(exactly: value) {
            append(decimal: narrow)
        } else {
            append(contentsOf: String(value).utf8)
        }
    }
}
