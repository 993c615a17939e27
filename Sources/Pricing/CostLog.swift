internal import Credit

/// One step of the arithmetic of a price; parts and factors by their place in the rule.
enum CostStep {
    case perCall
    case part(Int, quantity: ExactDecimal, billed: ExactDecimal)
    case factor(Int, ExactDecimal)
    case items(Int)
    case minimum
    case maximum
    case rounding(Credits)
}

/// What is told every step while a price is worked out, so that charging and explaining are one.
protocol CostLog {
    /// A step, and what it came to: a part by itself, any other the sum until then.
    mutating func add(_ step: @autoclosure () -> CostStep, _ amount: ExactSum)
    /// The steps that follow are those of one item of a list.
    mutating func begin(item: Int)
    /// An item is priced.
    mutating func end(item: Int, _ amount: ExactSum)
}

/// Keeps nothing, at no cost.
struct NoCostLog: CostLog {
    @inline(__always)
    mutating func add(_ step: @autoclosure () -> CostStep, _ amount: ExactSum) {}

    @inline(__always)
    mutating func begin(item: Int) {}

    @inline(__always)
    mutating func end(item: Int, _ amount: ExactSum) {}
}
