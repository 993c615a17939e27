/// How the use of coming days is told from that of days before.
public enum ForecastMethod: String, CaseIterable, Sendable {
    /// The mean of the last 7 days.
    case lastWeek = "mean_of_7_days"
    /// The mean of the last 28 days.
    case lastMonth = "mean_of_28_days"
    /// The mean of the same day of the last four weeks.
    case weekday = "same_weekday_of_4_weeks"
    /// A mean in which each day counts three quarters of the one after it.
    case smoothed = "smoothed"

    /// What is used on the day that comes `ahead` days after the next, from days of the past, oldest
    /// first; never less than nothing.
    public func use(ahead: Int, after days: ArraySlice<Int128>) -> Int128 {
        switch self {
        case .lastWeek: Self.mean(days.suffix(7))
        case .lastMonth: Self.mean(days.suffix(28))
        case .weekday: Self.mean(Self.sameDays(ahead: ahead, days))
        case .smoothed: max(0, Self.smooth(days.suffix(56)))
        }
    }

    private static func mean(_ days: some Collection<Int128>) -> Int128 {
        days.isEmpty ? 0 : max(0, days.reduce(0, +) / Int128(days.count))
    }

    private static func sameDays(ahead: Int, _ days: ArraySlice<Int128>) -> [Int128] {
        let latest = days.endIndex - 7 + ahead % 7
        return (0..<4).map { latest - 7 * $0 }.filter(days.indices.contains).map { days[$0] }
    }

    private static func smooth(_ days: ArraySlice<Int128>) -> Int128 {
        guard var level = days.first else { return 0 }
        for day in days.dropFirst() { level += (day - level) / 4 }
        return level
    }
}

/// What an account will use, by the method that would have told its last weeks best.
///
/// Every method is tried on the past: for each of the last 28 days that has a week of days before it and
/// after it, what it would have told of the next 7 days together is compared with what was used. Its
/// error is the sum of all distances over the sum of what was used (the weighted absolute percentage
/// error); the method with the least error is taken, of equal ones the one that told single days best.
public struct UseForecast: Sendable {
    /// How many days are told together when methods are tried.
    public static let horizonDays = 7
    /// On how many days of the past they are tried.
    public static let trialsMax = 28
    /// How many days of the past are looked at.
    public static let daysMax = 63
    /// The most that use is told to be over what is told, in hundredths of a percent.
    static let spreadMax: Int128 = 1_000_000
    /// So many trials it takes to say how far use may be from what is told.
    public static let spreadTrialsMin = 7

    /// How a method did on the past.
    public struct Trial: Hashable, Sendable {
        public let method: ForecastMethod
        /// In hundredths of a percent of what was used; nil where nothing was.
        public let error: Int?
    }

    public let method: ForecastMethod
    /// How every method did.
    public let trials: [Trial]
    /// On how many days of the past each was tried.
    public let trialCount: Int
    /// What was used over what was told, in hundredths of a percent: in one of ten trials it was less
    /// than the first, in another one more than the second; nil after too few trials.
    public let spread: (low: Int, high: Int)?
    private let days: ArraySlice<Int128>

    /// A forecast from the use of whole days, oldest first, in micro-credits.
    public init(_ days: [Int128]) {
        // Days before the first use say nothing.
        let used = days.drop { $0 == 0 }.suffix(Self.daysMax)
        let origins = Self.origins(of: used)
        let trials = ForecastMethod.allCases.map { method in
            Trial(method: method, error: Self.error(of: method, used, origins))
        }
        let misses = trials.map { trial in
            (trial.error ?? .max, Self.dayDistance(of: trial.method, used, origins))
        }
        let place = misses.indices.min { misses[$0] < misses[$1] } ?? 0
        let best = trials[place].method
        self.days = used
        self.trials = trials
        method = best
        trialCount = origins.count
        spread = Self.spread(of: best, used, origins)
    }

    /// True when nothing was used on any whole day, so that nothing can be told.
    public var isBlank: Bool { days.isEmpty }

    /// The error of the method; nil where there was nothing to try it on.
    public var error: Int? { trials.first { $0.method == method }?.error }

    /// What is used on the day that comes `ahead` days after the next.
    public func use(ahead: Int) -> Int128 { method.use(ahead: ahead, after: days) }

    private static func origins(of days: ArraySlice<Int128>) -> Range<Int> {
        let end = days.endIndex - horizonDays + 1
        let start = max(days.startIndex + horizonDays, end - trialsMax)
        return start..<max(start, end)
    }

    /// What was told of the days after an origin, and what was used.
    private static func trial(
        _ method: ForecastMethod, _ days: ArraySlice<Int128>, _ origin: Int
    ) -> (told: Int128, used: Int128) {
        let past = days[..<origin]
        return (
            (0..<horizonDays).reduce(0) { $0 + method.use(ahead: $1, after: past) },
            days[origin..<origin + horizonDays].reduce(0, +)
        )
    }

    private static func error(
        of method: ForecastMethod, _ days: ArraySlice<Int128>, _ origins: Range<Int>
    ) -> Int? {
        var (distance, total) = (Int128(0), Int128(0))
        for origin in origins {
            let (told, used) = trial(method, days, origin)
            distance += abs(told - used)
            total += used
        }
        return total > 0 ? Int(clamping: distance * 10_000 / total) : nil
    }

    /// How far what was told of single days was from what was used, all together.
    private static func dayDistance(
        of method: ForecastMethod, _ days: ArraySlice<Int128>, _ origins: Range<Int>
    ) -> Int128 {
        origins.reduce(0) { sum, origin in
            (0..<horizonDays).reduce(sum) { sum, ahead in
                let told = method.use(ahead: ahead, after: days[..<origin])
                return sum + abs(told - days[origin + ahead])
            }
        }
    }

    private static func spread(
        of method: ForecastMethod, _ days: ArraySlice<Int128>, _ origins: Range<Int>
    ) -> (low: Int, high: Int)? {
        let ratios = origins.compactMap { origin -> Int? in
            let (told, used) = trial(method, days, origin)
            guard told > 0 else { return nil }
            return Int(clamping: min(max(0, used) * 10_000 / told, spreadMax))
        }.sorted()
        guard ratios.count >= spreadTrialsMin else { return nil }
        return (ratios[ratios.count / 10], ratios[ratios.count - 1 - ratios.count / 10])
    }
}
