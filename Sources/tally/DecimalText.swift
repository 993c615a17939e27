/// A decimal as a file writes it, perhaps with an exponent; exact, as text.
struct DecimalText: Equatable {
    /// The most digits that are read.
    private static let digitsMax = 40

    /// Digits without a point, no zero at either end; empty for 0.
    private let digits: [UInt8]
    /// The power of ten that the last digit counts.
    private let exponent: Int

    /// Reads `0.0025`, `2.5e-06` or `3`; nil for anything else, and for negative numbers.
    init?(_ text: some StringProtocol) {
        let parts = text.lowercased().split(separator: "e", omittingEmptySubsequences: false)
        guard let mantissa = parts.first, parts.count <= 2,
            let power = parts.count == 2 ? Int(parts[1]) : 0, abs(power) <= Self.digitsMax
        else { return nil }
        let pieces = mantissa.split(separator: ".", omittingEmptySubsequences: false)
        let digits = pieces.joined()
        guard pieces.count <= 2, !pieces[0].isEmpty, digits.utf8.count <= Self.digitsMax,
            digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 })
        else { return nil }
        var kept = Array(digits.utf8)
        var last = power - (pieces.count == 2 ? pieces[1].utf8.count : 0)
        while kept.last == 0x30 { (kept, last) = (kept.dropLast(), last + 1) }
        self.digits = Array(kept.drop { $0 == 0x30 })
        exponent = last
    }

    private init(digits: [UInt8], exponent: Int) {
        self.digits = digits
        self.exponent = exponent
    }

    /// True for 0.
    var isZero: Bool { digits.isEmpty }

    /// How many digits are behind the point.
    var places: Int { max(0, -exponent) }

    /// The number times 10 to the power of `places`.
    func shifted(by places: Int) -> Self { Self(digits: digits, exponent: exponent + places) }

    /// The number without an exponent.
    var text: String {
        guard !digits.isEmpty else { return "0" }
        let plain = String(decoding: digits, as: UTF8.self)
        if exponent >= 0 { return plain + String(repeating: "0", count: exponent) }
        let missing = max(0, 1 - exponent - digits.count)
        let padded = String(repeating: "0", count: missing) + plain
        return "\(padded.dropLast(-exponent)).\(padded.suffix(-exponent))"
    }
}
