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

    /// The period that holds `time`.
    public init(
        holding time: Instant, anchor: Instant, unit: PeriodUnit, in zone: TimeZoneRules
    ) {
        let (first, second) = zone.local(anchor)
        let date = zone.local(time).date
        let months = (date.year - first.year) * 12 + date.month - first.month
        let fraction = anchor.micros - anchor.floor(toSeconds: 1).micros
        func start(_ number: Int) -> Instant {
            let whole = Self.start(number * unit.months, first, second, zone)
            return Instant(micros: whole.micros + fraction)
        }
        // At most two too many, by the day of the month and what changes of the clocks do.
        var number = Self.floor(months, unit.months) + 1
        while start(number) > time { number -= 1 }
        self.number = number
        range = start(number)..<start(number + 1)
    }

    private static func start(
        _ months: Int, _ first: CivilDate, _ second: Int64, _ zone: TimeZoneRules
    ) -> Instant {
        let count = first.year * 12 + first.month - 1 + months
        let (year, month) = (floor(count, 12), count - floor(count, 12) * 12 + 1)
        let day = min(first.day, CivilDate.days(inMonth: month, of: year))
        let date = CivilDate(year: year, month: month, day: day)
        return zone.instant(day: date?.daysSinceEpoch ?? 0, second: second)
    }

    private static func floor(_ value: Int, _ divisor: Int) -> Int {
        value >= 0 ? value / divisor : (value - divisor + 1) / divisor
    }
}
