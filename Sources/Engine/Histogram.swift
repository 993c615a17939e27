/// Counts values by size, as Prometheus does: how many were at most each of some bounds.
public struct Histogram: Hashable, Sendable {
    /// The bounds, rising.
    public let bounds: [UInt64]
    /// How many values were at most each bound and more than the one before; last those above all.
    public private(set) var counts: [UInt64]
    /// All values together.
    public private(set) var sum: UInt64 = 0

    /// A histogram without values.
    public init(bounds: [UInt64]) {
        self.bounds = bounds
        counts = [UInt64](repeating: 0, count: bounds.count + 1)
    }

    /// Counts a value.
    public mutating func add(_ value: UInt64) {
        let place = bounds.firstIndex { value <= $0 } ?? bounds.count
        counts[place] &+= 1
        sum &+= value
    }
}
