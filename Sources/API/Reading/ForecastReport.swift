internal import CivilTime
internal import Credit
internal import Engine
internal import Ledger
internal import Reports
internal import Store
internal import Wire

/// Tells how long an account's credits last, from what it used in the last weeks.
struct ForecastReport: Sendable {
    private static let usualDays = 28
    /// Over how many days use is averaged at most.
    private static let averagedDays = 30
    /// How soon lots end that are shown, in days.
    private static let expiringDays: Int64 = 30
    private static let expiringMax = 100
    private static let daySeconds: Int64 = 86_400
    private static let quarterSeconds: Int64 = 900

    let services: APIServices
    let view: ReadView

    /// What was used on the last days in the account's zone.
    private struct Days {
        /// Whole ones, oldest first, with the weekday of each, from Monday on.
        var whole: [(weekday: Int, used: Int128)] = []
        var today: Int128 = 0

        /// Those since the first that something was used on.
        var used: ArraySlice<(weekday: Int, used: Int128)> { whole.drop { $0.used == 0 } }
    }

    func answer() throws(Problem) -> ForecastAnswer {
        guard let profile = services.directory.profile(view.slot) else { throw .nothingHere }
        do throws(StoreError) {
            let days = try days(in: profile.timeZone)
            return try answer(profile.timeZone, days, averageDaily: averageDaily(days))
        } catch {
            throw Problem(error)
        }
    }

    /// What is used a day on average, and when nothing is left.
    func outlook() throws(StoreError) -> Outlook {
        let zone = services.directory.profile(view.slot)?.timeZone ?? "UTC"
        return try services.outlooks.outlook(of: view, in: zone) { () throws(StoreError) in
            let days = try days(in: zone)
            let average = averageDaily(days)
            let forecast = UseForecast(days.whole.map(\.used))
            return Outlook(
                averageDaily: average, runsOutAt: burnDown(forecast, average, in: zone).emptyAt)
        }
    }

    /// What was used on a whole day, over those since the first use and at most the last thirty; on the
    /// first day, what was used on it.
    private func averageDaily(_ days: Days) -> Int128 {
        let known = days.whole.reduce(days.today) { $0 + $1.used }
        let isOlder = known < view.record.charged - view.record.refunded
        let counted = (isOlder ? days.whole[...] : days.used).suffix(Self.averagedDays)
        guard !counted.isEmpty else { return days.today }
        return counted.reduce(0) { $0 + $1.used } / Int128(counted.count)
    }

    private func answer(
        _ timeZone: String, _ days: Days, averageDaily: Int128
    ) throws(StoreError) -> ForecastAnswer {
        let forecast = UseForecast(days.whole.map(\.used))
        let burned = burnDown(forecast, averageDaily, in: timeZone)
        let weekdays = (0..<7).map { weekday in
            ForecastAnswer.Usual(days.used.filter { $0.weekday == weekday }.map(\.used))
        }
        var answer = ForecastAnswer(
            account: view.id, timeZone: timeZone,
            available: Credits(micros: view.record.available), averageDaily: averageDaily,
            today: days.today,
            usual: ForecastAnswer.Usual(days.used.suffix(Self.usualDays).map(\.used)),
            weekdays: weekdays,
            method: ForecastAnswer.Method(name: forecast.method.rawValue, error: forecast.error),
            methods: forecast.trials.map {
                ForecastAnswer.Method(name: $0.method.rawValue, error: $0.error)
            },
            trialCount: forecast.trialCount,
            nextWeek: (1..<7).reduce(max(days.today, Self.use(forecast, averageDaily, ahead: 0))) {
                $0 + Self.use(forecast, averageDaily, ahead: $1)
            },
            expiring: try expiring(burned))
        answer.runsOutAt = burned.emptyAt
        if let spread = forecast.spread {
            answer.earliest =
                burnDown(forecast, averageDaily, in: timeZone, times: spread.high).emptyAt
            answer.latest =
                burnDown(forecast, averageDaily, in: timeZone, times: spread.low).emptyAt
        }
        return answer
    }

    /// What is used on a day; before a first whole day, use is taken to go on as on average.
    private static func use(
        _ forecast: UseForecast, _ averageDaily: Int128, ahead: Int
    ) -> Int128 {
        forecast.isBlank ? averageDaily : forecast.use(ahead: ahead)
    }

    /// What becomes of the lots, from the rest of today on.
    private func burnDown(
        _ forecast: UseForecast, _ averageDaily: Int128, in timeZone: String,
        times hundredths: Int = 10_000
    ) -> BurnDown {
        BurnDown(view.lots, from: view.now, days: comingDays(in: timeZone)) { day in
            Self.use(forecast, averageDaily, ahead: day) * Int128(hundredths) / 10_000
        }
    }

    /// Today and the days after it, as they are in the zone.
    private func comingDays(in timeZone: String) -> [Range<Instant>] {
        let zone = services.zones.rules(of: timeZone) ?? .utc
        let start = TimeWindow.day.range(holding: view.now, in: zone).lowerBound.micros / 1_000_000
        let end = start + Int64(BurnDown.daysMax) * Self.daySeconds
        let starts =
            zone.bucketStarts(of: .day, from: start, to: end, limit: BurnDown.daysMax * 2) ?? []
        let edges = starts.map { Instant(micros: $0 * 1_000_000) }
        return zip(edges, edges.dropFirst()).map { $0..<$1 }
    }

    /// Sums the account's cells up by its days.
    ///
    /// A cell counts to the day in which it begins; one older than a month can be as wide as a day of UTC.
    private func days(in timeZone: String) throws(StoreError) -> Days {
        let now = view.now.floor(toSeconds: 1).micros / 1_000_000
        let from = now - Int64(UseForecast.daysMax) * Self.daySeconds
        let zone = services.zones.rules(of: timeZone)
        let limit = UseForecast.daysMax + 2
        guard let zone,
            let starts = zone.bucketStarts(of: .day, from: from, to: now + 1, limit: limit),
            let first = starts.dropFirst().first
        else { return Days() }
        let quarters = first / Self.quarterSeconds..<now / Self.quarterSeconds + 1
        let cells = try services.readModel.usage(of: view.slot, quarters: quarters).cells.cells
        // The first day is cut by where this begins.
        let edges = starts.dropFirst()
        var used = [Int128](repeating: 0, count: edges.count)
        for cell in cells {
            let start = cell.key.start * Self.quarterSeconds
            guard let day = edges.lastIndex(where: { $0 <= start }) else { continue }
            used[day - edges.startIndex] += cell.sums.credits
        }
        var days = Days()
        days.today = used.popLast() ?? 0
        for (start, used) in zip(edges, used) {
            // 1970-01-01 was a Thursday.
            let date = zone.local(Instant(micros: start * 1_000_000)).date
            days.whole.append((Int((date.daysSinceEpoch + 3) % 7), used))
        }
        return days
    }

    private func expiring(_ burned: BurnDown) throws(StoreError) -> [ForecastAnswer.Expiring] {
        let end = view.now.advanced(seconds: Self.expiringDays * Self.daySeconds)
        let lots = view.lots.filter { $0.remaining > 0 && $0.expiresAt <= end }
            .sorted { $0.expiresAt < $1.expiresAt }
        var found: [ForecastAnswer.Expiring] = []
        for lot in lots.prefix(Self.expiringMax) {
            let package = try services.memos.package(of: lot.position, in: services.segments)
            found.append(
                ForecastAnswer.Expiring(
                    lot: lot, package: package, unused: burned.unused[lot.position] ?? 0))
        }
        return found
    }
}
