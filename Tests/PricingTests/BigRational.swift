/// A number >= 0 of any size, slow and plain: what the prices of the product are checked against.
struct BigNumber: Comparable {
    /// Digits to the base 2^32, the lowest first, without zeros at the end.
    private var digits: [UInt32]

    init(_ value: UInt64) {
        self.init(digits: [UInt32(truncatingIfNeeded: value), UInt32(value >> 32)])
    }

    private init(digits: [UInt32]) {
        self.digits = digits
        while self.digits.last == 0 { self.digits.removeLast() }
    }

    /// Nil above 2^63 - 1.
    var int64: Int64? {
        guard digits.count <= 2 else { return nil }
        return Int64(exactly: digits.reversed().reduce(UInt64(0)) { $0 << 32 | UInt64($1) })
    }

    var isOdd: Bool { digit(0) & 1 == 1 }

    static func < (left: Self, right: Self) -> Bool {
        guard left.digits.count == right.digits.count else {
            return left.digits.count < right.digits.count
        }
        return left.digits.reversed().lexicographicallyPrecedes(right.digits.reversed())
    }

    static func + (left: Self, right: Self) -> Self {
        var sum: [UInt32] = []
        var carry: UInt64 = 0
        for place in 0...max(left.digits.count, right.digits.count) {
            let total = left.digit(place) + right.digit(place) + carry
            sum.append(UInt32(truncatingIfNeeded: total))
            carry = total >> 32
        }
        return Self(digits: sum)
    }

    /// Traps unless `right` is not more.
    static func - (left: Self, right: Self) -> Self {
        precondition(left >= right)
        var difference: [UInt32] = []
        var borrow: UInt64 = 0
        for place in left.digits.indices {
            let total = left.digit(place) + 1 << 32 - right.digit(place) - borrow
            difference.append(UInt32(truncatingIfNeeded: total))
            borrow = 1 - total >> 32
        }
        return Self(digits: difference)
    }

    static func * (left: Self, right: Self) -> Self {
        var product = [UInt32](repeating: 0, count: left.digits.count + right.digits.count)
        for (shift, digit) in right.digits.enumerated() {
            var carry: UInt64 = 0
            for place in left.digits.indices {
                let total =
                    left.digit(place) * UInt64(digit) + UInt64(product[place + shift]) + carry
                product[place + shift] = UInt32(truncatingIfNeeded: total)
                carry = total >> 32
            }
            product[left.digits.count + shift] = UInt32(carry)
        }
        return Self(digits: product)
    }

    /// Long division, bit by bit.
    func divided(by divisor: Self) -> (quotient: Self, rest: Self) {
        var rest = Self(0)
        var quotient = Self(0)
        for place in (0..<digits.count * 32).reversed() {
            let bit = digit(place / 32) >> UInt64(place % 32) & 1
            rest = rest + rest + Self(bit)
            quotient = quotient + quotient + Self(rest >= divisor ? 1 : 0)
            if rest >= divisor { rest = rest - divisor }
        }
        return (quotient, rest)
    }

    private func digit(_ place: Int) -> UInt64 {
        place < digits.count ? UInt64(digits[place]) : 0
    }
}

/// A ratio of numbers of any size, not reduced.
struct BigRational: Comparable {
    var top: BigNumber
    var bottom: BigNumber

    /// The value of a decimal text such as `12.5`.
    init(_ text: String) {
        top = BigNumber(0)
        bottom = BigNumber(1)
        var isFraction = false
        for letter in text {
            guard let digit = letter.wholeNumberValue else {
                isFraction = true
                continue
            }
            top = top * BigNumber(10) + BigNumber(UInt64(digit))
            if isFraction { bottom = bottom * BigNumber(10) }
        }
    }

    private init(_ top: BigNumber, _ bottom: BigNumber) {
        self.top = top
        self.bottom = bottom
    }

    static func + (left: Self, right: Self) -> Self {
        Self(left.top * right.bottom + right.top * left.bottom, left.bottom * right.bottom)
    }

    /// The difference, or 0.
    static func - (left: Self, right: Self) -> Self {
        guard left > right else { return Self("0") }
        return Self(left.top * right.bottom - right.top * left.bottom, left.bottom * right.bottom)
    }

    static func * (left: Self, right: Self) -> Self {
        Self(left.top * right.top, left.bottom * right.bottom)
    }

    static func / (left: Self, right: Self) -> Self {
        Self(left.top * right.bottom, left.bottom * right.top)
    }

    static func == (left: Self, right: Self) -> Bool {
        left.top * right.bottom == right.top * left.bottom
    }

    static func < (left: Self, right: Self) -> Bool {
        left.top * right.bottom < right.top * left.bottom
    }

    func rounded(_ mode: String) -> BigNumber {
        let (whole, rest) = top.divided(by: bottom)
        let next = whole + BigNumber(1)
        switch mode {
        case "up": return rest > BigNumber(0) ? next : whole
        case "down": return whole
        default:
            let twice = rest + rest
            return twice > bottom || twice == bottom && whole.isOdd ? next : whole
        }
    }
}
