internal import Credit

/// A number of credits as people read it: exact, grouped in thousands, no trailing zeros.
struct Figure: Hashable, Sendable {
    /// The sign (U+2212 below zero) and the whole credits, such as `12,491`.
    let whole: String
    /// The point and the decimals, such as `.5`; empty when there are none.
    let fraction: String
    /// The number for machines, such as `12491.5`.
    let plain: String

    /// The number in one piece, such as `12,491.5`.
    var text: String { whole + fraction }

    /// True below zero.
    var isNegative: Bool { plain.hasPrefix("-") }

    init(_ total: CreditsTotal) {
        let (credits, micros) = total.micros.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        fraction = Self.fraction(micros: Int(micros))
        let isNegative = total.micros < 0
        whole = (isNegative ? "\u{2212}" : "") + Self.grouped(String(credits))
        plain = (isNegative ? "-" : "") + String(credits) + fraction
    }

    init(_ credits: Credits) {
        self.init(CreditsTotal(credits))
    }

    /// A count with its digits grouped in thousands.
    static func count(_ value: Int) -> String {
        grouped(String(value))
    }

    /// `1 charge`, `19,366 charges`.
    static func charges(_ count: Int) -> String {
        count == 1 ? "1 charge" : "\(Figure.count(count)) charges"
    }

    /// An axis label: as short as it can be while exact, such as `2.5k` or `0.05`.
    static func tick(_ total: CreditsTotal) -> String {
        let units: [(Int128, String)] = [
            (1_000_000_000_000_000_000, "T"), (1_000_000_000_000_000, "B"),
            (1_000_000_000_000, "M"), (1_000_000_000, "k"),
        ]
        for (micros, suffix) in units where total.micros >= micros {
            return Figure(CreditsTotal(micros: total.micros * 1_000_000 / micros)).text + suffix
        }
        return Figure(total).text
    }

    private static func grouped(_ digits: String) -> String {
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return text
    }

    private static func fraction(micros: Int) -> String {
        guard micros > 0 else { return "" }
        var digits = String(String(1_000_000 + micros).dropFirst())
        while digits.hasSuffix("0") { digits.removeLast() }
        return "." + digits
    }
}

/// A part of a whole in hundredths of a percent, for the lengths of bars and for captions.
struct Share: Hashable, Sendable {
    /// From 0 to 10 000.
    let basisPoints: Int

    init(basisPoints: Int) {
        self.basisPoints = basisPoints
    }

    /// `part` of `whole` in basis points; 0 only for nothing and 10 000 only for all or more.
    init(_ part: CreditsTotal, of whole: CreditsTotal) {
        if whole.micros <= 0 || part.micros <= 0 {
            basisPoints = 0
        } else if part >= whole {
            basisPoints = 10_000
        } else {
            let (scaled, overflow) = part.micros.multipliedReportingOverflow(by: 10_000)
            let points = overflow ? part.micros / (whole.micros / 10_000) : scaled / whole.micros
            basisPoints = Int(min(max(points, 1), 9999))
        }
    }

    /// The length as an attribute's value, such as `12.34%`.
    var length: String {
        let digits = String(100 + basisPoints % 100).dropFirst()
        return "\(basisPoints / 100).\(digits)%"
    }

    /// The nearest whole percent; what is neither none nor all never reads as such.
    var caption: String {
        switch basisPoints {
        case 1..<50: "under 1%"
        case 9950..<10_000: "over 99%"
        default: "\((basisPoints + 50) / 100)%"
        }
    }
}
