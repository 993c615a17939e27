/// Which runs, of the archive or of idempotency keys, are to be merged.
///
/// Runs that follow each other are merged when there are so many of about one size: then each entry is
/// written again a few times in all, and there are few runs.
public enum RunTiers: Sendable {
    /// At most so many times as many runs as are usually merged are merged at a time.
    private static let windowsMax = 4

    /// The places of the runs to be merged next, at least `count` of them; nil for none.
    ///
    /// `entries` says how large each is, oldest first; runs of more than `entriesMax` stay as they are.
    /// The largest is no larger than all others together, so that a merge doubles it at least.
    public static func due(_ entries: [Int], count: Int, entriesMax: Int) -> Range<Int>? {
        let tiers = entries.map { $0 > entriesMax ? Int.max : tier(of: $0, count) }
        for tier in Set(tiers).sorted() where tier != .max {
            for start in entries.indices where tiers[start] <= tier {
                var (sum, largest) = (0, 0)
                let end = min(entries.count, start + windowsMax * count)
                for place in start..<end {
                    guard tiers[place] <= tier else { break }
                    sum += entries[place]
                    largest = max(largest, entries[place])
                    if place + 1 - start >= count, sum >= 2 * largest { return start..<place + 1 }
                }
            }
        }
        return nil
    }

    /// How often runs must have been merged to get so large.
    private static func tier(of entries: Int, _ count: Int) -> Int {
        var tier = 0
        var rest = entries / max(count, 2)
        while rest > 0 {
            rest /= max(count, 2)
            tier += 1
        }
        return tier
    }
}
