/// Random numbers that follow from a seed alone (splitmix64 of Steele, Lea and Flood, 2014).
///
/// Choices are made here and not by the standard library, whose algorithms may change.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// The sequence that `seed` names.
    public init(seed: UInt64) {
        state = seed
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    /// A number from 0 to `end`, exclusive; `end` must be positive.
    public mutating func below(_ end: Int) -> Int {
        Int(next() % UInt64(end))
    }

    /// A number in `range`.
    public mutating func number(in range: ClosedRange<Int64>) -> Int64 {
        let span = UInt64(bitPattern: range.upperBound &- range.lowerBound)
        guard span < .max else { return Int64(bitPattern: next()) }
        return range.lowerBound &+ Int64(bitPattern: next() % (span + 1))
    }

    /// True in `percent` of 100 cases.
    public mutating func chance(_ percent: Int) -> Bool {
        below(100) < percent
    }

    /// One of `choices`, each as likely as the others.
    public mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
        choices[below(choices.count)]
    }

    /// A number from 0 to `end`, exclusive, small ones far more often.
    public mutating func skewed(below end: Int) -> Int {
        below(below(end) + 1)
    }

    /// The place of one of `weights`, each as likely as its weight says.
    public mutating func weighted(_ weights: [Int]) -> Int {
        var left = below(max(1, weights.reduce(0, +)))
        for (place, weight) in weights.enumerated() {
            if left < weight { return place }
            left -= weight
        }
        return weights.count - 1
    }

    /// Random bytes.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}
