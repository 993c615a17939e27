internal import Synchronization

/// How many receipts were worked out again, and how many of them differed from their entries.
///
/// None ever should: a difference is a bug or damage, and an alarm.
public final class ReceiptCounts: Sendable {
    private let recomputedCount = Atomic<UInt64>(0)
    private let differingCount = Atomic<UInt64>(0)

    public init() {}

    public var recomputed: UInt64 { recomputedCount.load(ordering: .relaxed) }
    public var differing: UInt64 { differingCount.load(ordering: .relaxed) }

    /// Counts a receipt.
    func note(agrees: Bool) {
        recomputedCount.add(1, ordering: .relaxed)
        if !agrees { differingCount.add(1, ordering: .relaxed) }
    }
}
