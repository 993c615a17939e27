import Credit
import Ledger
import Reports
import TestKit
import Testing

struct UseForecastTests {
    /// What each method tells, as its description says it, in whole micro-credits.
    private static func told(
        _ method: ForecastMethod, _ days: [Int], ahead: Int
    ) -> Int {
        switch method {
        case .lastWeek: return mean(Array(days.suffix(7)))
        case .lastMonth: return mean(Array(days.suffix(28)))
        case .weekday:
            var same: [Int] = []
            var index = days.count + ahead
            while index >= days.count { index -= 7 }
            while index >= 0, same.count < 4 {
                same.append(days[index])
                index -= 7
            }
            return mean(same)
        case .smoothed:
            var level = 0
            for (place, day) in days.suffix(56).enumerated() {
                level = place == 0 ? day : level + (day - level) / 4
            }
            return max(0, level)
        }
    }

    private static func mean(_ days: [Int]) -> Int {
        days.isEmpty ? 0 : max(0, days.reduce(0, +) / days.count)
    }

    @Test(arguments: UInt64(1)...60)
    func `the method that did best on the past is taken, with its error`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let shape = random.below(4)
        let lead = random.chance(30) ? random.below(10) : 0
        let used = (0..<random.below(70)).map { day -> Int in
            switch shape {
            case 0: 1_000_000
            case 1: day % 7 < 5 ? 5_000_000 + random.below(1_000_000) : 100
            case 2: day * 70_000 + random.below(50_000)
            default: random.below(9_000_000) - 500_000
            }
        }
        let days = [Int](repeating: 0, count: lead) + used
        let forecast = UseForecast(days.map { Int128($0) })
        let since = Array(days.drop { $0 == 0 }.suffix(63))
        var origins = (0..<max(0, since.count)).filter { $0 >= 7 && $0 + 7 <= since.count }
        origins = Array(origins.suffix(28))
        #expect(forecast.trialCount == origins.count)
        var errors: [ForecastMethod: Int] = [:]
        for method in ForecastMethod.allCases {
            var (distance, total) = (0, 0)
            for origin in origins {
                let past = Array(since[..<origin])
                let told = (0..<7).reduce(0) { $0 + Self.told(method, past, ahead: $1) }
                let actual = since[origin..<origin + 7].reduce(0, +)
                distance += abs(told - actual)
                total += actual
            }
            errors[method] = total > 0 ? distance * 10_000 / total : nil
        }
        for trial in forecast.trials { #expect(trial.error == errors[trial.method]) }
        #expect(forecast.error == errors.values.min())
        for ahead in [0, 1, 6, 7, 30] {
            let told = Self.told(forecast.method, since, ahead: ahead)
            #expect(forecast.use(ahead: ahead) == Int128(told), "seed \(seed), \(forecast.method)")
        }
        if shape == 0, !origins.isEmpty { #expect(forecast.error == 0) }
        #expect((forecast.spread == nil) == (origins.count < 7) || shape == 3)
        if let spread = forecast.spread { #expect(spread.low <= spread.high) }
    }

    @Test func `a weekly rhythm is told by weekdays`() {
        let days = (0..<56).map { Int128($0 % 7 < 5 ? 10_000_000 : 0) } + [10_000_000]
        let forecast = UseForecast(days)
        #expect(forecast.method == .weekday)
        #expect(forecast.error == 0)
        #expect(
            (0..<7).map { forecast.use(ahead: $0) > 0 } == [
                true, true, true, true, false, false, true,
            ])
    }

    @Test func `nothing used tells nothing`() {
        for days in [[], [0, 0, 0]] as [[Int128]] {
            let forecast = UseForecast(days)
            #expect(forecast.use(ahead: 3) == 0)
            #expect(forecast.error == nil)
            #expect(forecast.trialCount == 0)
        }
    }

    @Test func `use beyond all measure is told, and traps nowhere`() throws {
        let most = Int128(1) << 90
        let forecast = UseForecast((0..<40).map { $0 % 8 == 7 ? most : 1 })
        let spread = try #require(forecast.spread)
        #expect(spread.high <= 1_000_000)
        let burned = Self.burn([try Self.lot(1, .max)]) {
            forecast.use(ahead: $0) * Int128(spread.high) / 10_000
        }
        #expect(burned.emptyAt != nil)
        let atOnce = Self.burn([try Self.lot(1, .max)]) { _ in .max }.emptyAt
        #expect(try #require(atOnce) < Instant.epoch.advanced(seconds: 1))
        #expect(
            UseForecast([1, 1, 1, 1, 1, 1, 1] + [Int128](repeating: most, count: 13)).spread?.high
                == 1_000_000)
    }

    private static func lot(
        _ number: UInt32, _ credits: Int64, from: Int64 = 0, until: Int64? = nil
    ) throws -> Lot {
        Lot(
            restoring: Position(segment: 1, index: number), source: .topUp, priority: 20,
            effectiveAt: Instant(micros: from * 3_600_000_000),
            expiresAt: until.map { Instant(micros: $0 * 3_600_000_000) } ?? .never,
            amounts: [credits, credits, 0, 0, 0, 0], state: .open, isVoided: false)
    }

    /// A year of days of 24 hours, from an hour of the first one on.
    private static func burn(
        _ lots: [Lot], from hour: Int64 = 0, use: (Int) -> Int128
    ) -> BurnDown {
        let edges = (0...Int64(BurnDown.daysMax)).map { day in
            Instant.epoch.advanced(seconds: day * 86_400)
        }
        return BurnDown(
            lots, from: .epoch.advanced(seconds: hour * 3600),
            days: zip(edges, edges.dropFirst()).map { $0..<$1 }, use: use)
    }

    private static func hours(_ time: Instant?) -> Int64? { time.map { $0.micros / 3_600_000_000 } }

    @Test func `lots burn in their order, and what expires is lost`() throws {
        let lots = [
            try Self.lot(1, 24_000_000, until: 12), try Self.lot(2, 24_000_000),
            try Self.lot(3, 48_000_000, from: 60, until: 61),
            try Self.lot(4, 12_000_000, from: 100),
        ]
        // One credit an hour: 12 of the first lot are lost; the second lasts for 24 hours more.
        let burned = Self.burn(lots) { _ in 24_000_000 }
        #expect(Self.hours(burned.emptyAt) == 36)
        #expect(burned.unused[lots[0].position] == 12_000_000)
        #expect(burned.unused[lots[2].position] == 47_000_000)
        #expect(burned.unused.count == 2)
    }

    @Test func `of the day that is now only the rest is used, evenly`() throws {
        // A Saturday afternoon: nothing is used before Monday, then one credit an hour.
        let use: (Int) -> Int128 = { $0 % 7 < 2 ? 0 : 24_000_000 }
        let ten = try Self.lot(1, 10_000_000)
        #expect(Self.hours(Self.burn([ten], from: 16, use: use).emptyAt) == 58)
        let busy = Self.burn([ten], from: 16) { $0 == 0 ? 24_000_000 : 2_400_000 }
        #expect(Self.hours(busy.emptyAt) == 44)
        let ending = try Self.lot(1, 10_000_000, until: 24)
        let burned = Self.burn([ending], from: 16) { _ in 24_000_000 }
        #expect(burned.unused[ending.position] == 2_000_000)
        // A day of 23 hours is a day.
        let short = [Instant.epoch..<Instant.epoch.advanced(seconds: 23 * 3600)]
        let lot = try Self.lot(1, 1_000_000, until: 23)
        let whole = BurnDown([lot], from: .epoch, days: short) { _ in 600_000 }
        #expect(whole.unused[lot.position] == 400_000)
    }

    @Test func `credits that last are told so, and none last no time`() throws {
        let lot = try Self.lot(1, 1_000_000)
        #expect(Self.burn([lot]) { _ in 0 }.emptyAt == nil)
        #expect(Self.burn([lot]) { _ in 2700 }.emptyAt == nil)
        #expect(Self.burn([lot]) { _ in 2800 }.emptyAt != nil)
        #expect(Self.burn([]) { _ in 1 }.emptyAt == .epoch)
        #expect(Self.burn([]) { _ in 0 }.emptyAt == nil)
        let later = Self.burn([lot]) { day in day < 10 ? 0 : 1_000_000 }
        #expect(Self.hours(later.emptyAt) == 264)
        let most = Self.burn([try Self.lot(1, .max)]) { _ in .max / 200_000_000_000 }
        #expect(Self.hours(most.emptyAt) == 0)
    }
}
