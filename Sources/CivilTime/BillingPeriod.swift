public import Credit

/// How long a billing period is.
public enum PeriodUnit: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    case month
    case year

    fileprivate var months: Int { self == .month ? 1 : 12 }
}

/// One billing period of an account: number `n` counts from its anchor.
///
/// Its start is computed from the anchor and never from the period before: from 31 January the starts are
/// 28 or 29 February, 31 March, 30 April. The clock time is the anchor's, in the account's zone.
public struct BillingPeriod: Hashable, Sendable {
    /// 0 for the one that the anchor begins, negative before it.
    public let number: Int
    public let range: Range<Instant>
    private let anchor: Instant
    private let unit: PeriodUnit
    private let zone: TimeZoneRules

    /// The period that holds `time`.
    public init(
        holding time: Instant, anchor: Instant, unit: PeriodUnit, in zone: TimeZoneRules
    ) {
        let first = zone.local(anchor).date
        let date = zone.local(time).date
        let months = (date.year - first.year) * 12 + date.month - first.month
        func start(_ number: Int) -> Instant { Self.start(number, anchor, unit, zone) }
        // At most two too many, by the day of the month and what changes of the clocks do.
        var number = Self.floor(months, unit.months) + 1
        while start(number) > time { number -= 1 }
        self.number = number
        range = start(number)..<start(number + 1)
        (self.anchor, self.unit, self.zone) = (anchor, unit, zone)
    }

    /// The period that is `count` later.
    public func range(later count: Int) -> Range<Instant> {
        let first = number + max(0, count)
        return Self.start(first, anchor, unit, zone)..<Self.start(first + 1, anchor, unit, zone)
    }

    private static func start(
        _ number: Int, _ anchor: Instant, _ unit: PeriodUnit, _ zone: TimeZoneRules
    ) -> Instant {
        let (first, second) = zone.local(anchor)
        let count = first.year * 12 + first.month - 1 + number * unit.months
        let (year, month) = (floor(count, 12), count - floor(count, 12) * 12 + 1)
        let day = min(first.day, CivilDate.days(inMonth: month, of: year))
        let date = CivilDate(year: year, month: month, day: day)
        let whole = zone.instant(day: date?.daysSinceEpoch ?? 0, second: second)
        let fraction = anchor.micros - anchor.floor(toSeconds: 1).micros
        return Instant(micros: whole.micros + fraction)
    }

    private static func floor(_ value: Int, _ divisor: Int) -> Int {
        value >= 0 ? value / divisor : (value - divisor + 1) / divisor
    }
}
