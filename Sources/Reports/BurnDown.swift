public import Credit
public import Ledger

/// What becomes of an account's lots when it uses so much a day and nothing is granted any more.
public struct BurnDown: Sendable {
    /// How many days are looked ahead.
    public static let daysMax = 366
    /// The most lots that are followed; further ones count as if they never ended.
    public static let lotsMax = 1000

    /// When nothing is left that can be used, or nil when that is later than ``daysMax`` days.
    public private(set) var emptyAt: Instant?
    /// What is left of lots when they expire, in micro-credits by where they were granted.
    public private(set) var unused: [Position: Int64] = [:]

    private struct Open {
        let position: Position
        let effectiveAt: Instant
        let expiresAt: Instant
        var left: Int128
    }

    /// More than this in a day, in micro-credits, makes no difference: no lots last for it.
    private static let useMax = Int128(1) << 80

    /// Follows `lots`, in the order in which they pay, from `now` on, which lies in the first of `days`
    /// that follow each other; `use` gives what is used evenly in each of them, in micro-credits.
    public init(
        _ lots: [Lot], from now: Instant, days: [Range<Instant>], use: (Int) -> Int128
    ) {
        var open = lots.enumerated().map { place, lot in
            Open(
                position: lot.position, effectiveAt: lot.effectiveAt,
                expiresAt: place < Self.lotsMax ? lot.expiresAt : .never,
                left: Int128(lot.remaining))
        }
        let end = days.last?.upperBound ?? now
        var edges = open.prefix(Self.lotsMax).flatMap { [$0.effectiveAt, $0.expiresAt] }
        edges += [now] + days.map(\.upperBound)
        let steps = Set(edges.filter { now <= $0 && $0 <= end }).sorted()
        var day = 0
        for (start, next) in zip(steps, steps.dropFirst()) {
            while days[day].upperBound <= start { day += 1 }
            let length = Int128(days[day].upperBound.micros - days[day].lowerBound.micros)
            let span = Int128(next.micros - start.micros)
            let need = (min(use(day), Self.useMax) * span + length - 1) / length
            let paid = Self.pay(need, from: &open, at: start)
            if emptyAt == nil, paid < need {
                let part = need > 0 ? span * paid / need : 0
                emptyAt = Instant(micros: start.micros + Int64(clamping: part))
            }
            for lot in open where lot.expiresAt == next && lot.left > 0 {
                unused[lot.position] = Int64(clamping: lot.left)
            }
        }
    }

    /// Takes what is needed off the lots that can pay; gives how much of it there was.
    private static func pay(_ need: Int128, from open: inout [Open], at time: Instant) -> Int128 {
        var rest = need
        for index in open.indices where rest > 0 {
            guard open[index].effectiveAt <= time, time < open[index].expiresAt else { continue }
            let part = min(rest, open[index].left)
            open[index].left -= part
            rest -= part
        }
        return need - rest
    }
}
