import CivilTime
import Credit
import Testing

@Suite struct WindowTests {
    private static let zones = TimeZones()
    private static let names = [
        "UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe",
        "Pacific/Apia", "America/St_Johns", "Africa/Casablanca", "Pacific/Kiritimati",
    ]

    private func zone(_ name: String) throws -> TimeZoneRules {
        try #require(Self.zones.rules(of: name))
    }

    private func time(_ text: String) throws -> Instant { try Instant(rfc3339: text.utf8.span) }

    @Test(arguments: [
        // A day of 23 hours, one of 25, one that begins at 01:00 because midnight is skipped.
        (
            "Europe/Berlin", TimeWindow.day, "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z",
            "2026-03-29T22:00:00Z"
        ),
        (
            "Europe/Berlin", .day, "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z",
            "2026-10-25T23:00:00Z"
        ),
        (
            "America/Havana", .day, "2026-03-08T12:00:00Z", "2026-03-08T05:00:00Z",
            "2026-03-09T04:00:00Z"
        ),
        // Apia had no 30 December 2011.
        (
            "Pacific/Apia", .day, "2011-12-30T09:59:59Z", "2011-12-29T10:00:00Z",
            "2011-12-30T10:00:00Z"
        ),
        (
            "Pacific/Apia", .day, "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z",
            "2011-12-31T10:00:00Z"
        ),
        (
            "Pacific/Apia", .week, "2011-12-30T09:00:00Z", "2011-12-26T10:00:00Z",
            "2012-01-01T10:00:00Z"
        ),
        (
            "Asia/Kathmandu", .hour, "2026-05-01T10:20:00Z", "2026-05-01T10:15:00Z",
            "2026-05-01T11:15:00Z"
        ),
        // Lord Howe goes from +11:00 to +10:30 and back, so hours are cut at the half.
        (
            "Australia/Lord_Howe", .hour, "2026-04-04T15:10:00Z", "2026-04-04T15:00:00Z",
            "2026-04-04T15:30:00Z"
        ),
        (
            "Australia/Lord_Howe", .day, "2026-04-05T00:00:00Z", "2026-04-04T13:00:00Z",
            "2026-04-05T13:30:00Z"
        ),
        ("UTC", .week, "2026-11-21T15:00:00Z", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"),
        ("UTC", .month, "2028-02-29T23:59:59Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
        (
            "Asia/Kathmandu", .month, "2026-01-31T18:15:00Z", "2026-01-31T18:15:00Z",
            "2026-02-28T18:15:00Z"
        ),
        ("UTC", .week, "1969-12-31T23:59:59.5Z", "1969-12-29T00:00:00Z", "1970-01-05T00:00:00Z"),
    ])
    func `windows begin and end as the clocks of the zone show it`(
        name: String, window: TimeWindow, at: String, start: String, end: String
    ) throws {
        let range = window.range(holding: try time(at), in: try zone(name))
        #expect(range == (try time(start))..<(try time(end)))
    }

    @Test(arguments: names)
    func `windows cover all time without overlap`(name: String) throws {
        let zone = try zone(name)
        for window in [TimeWindow.hour, .day, .week, .month] {
            var next = try time("2011-12-01T00:00:00Z")
            next = window.range(holding: next, in: zone).lowerBound
            for _ in 0..<300 {
                let range = window.range(holding: next, in: zone)
                #expect(range.lowerBound == next && range.upperBound > next)
                let middle = (range.lowerBound.micros + range.upperBound.micros) / 2
                for time in [middle, range.upperBound.micros - 1] {
                    #expect(window.range(holding: Instant(micros: time), in: zone) == range)
                }
                next = range.upperBound
            }
        }
    }

    @Test(arguments: names)
    func `the instant of a local time is the first that shows it or a later one`(
        name: String
    ) throws {
        let zone = try zone(name)
        for day in stride(from: Int64(15_300), to: 15_360, by: 1) {
            for second in [Int64(0), 5400, 7200, 10_800] {
                let found = zone.instant(day: day, second: second).micros / 1_000_000
                #expect(found + zone.offset(at: found) >= day * 86_400 + second)
                #expect(found - 1 + zone.offset(at: found - 1) < day * 86_400 + second)
            }
        }
    }

    @Test(arguments: [
        (
            "2026-01-31T10:00:00Z", PeriodUnit.month, 1, "2026-02-28T10:00:00Z",
            "2026-03-31T10:00:00Z"
        ),
        ("2026-01-31T10:00:00Z", .month, 3, "2026-04-30T10:00:00Z", "2026-05-31T10:00:00Z"),
        ("2026-01-31T10:00:00Z", .month, 25, "2028-02-29T10:00:00Z", "2028-03-31T10:00:00Z"),
        ("2024-02-29T00:00:00Z", .year, 1, "2025-02-28T00:00:00Z", "2026-02-28T00:00:00Z"),
        ("2024-02-29T00:00:00Z", .year, 4, "2028-02-29T00:00:00Z", "2029-02-28T00:00:00Z"),
        ("2026-01-31T10:00:00Z", .month, -1, "2025-12-31T10:00:00Z", "2026-01-31T10:00:00Z"),
        (
            "2026-05-05T10:00:00.25Z", .month, 0, "2026-05-05T10:00:00.25Z",
            "2026-06-05T10:00:00.25Z"
        ),
    ])
    func `periods count from the anchor`(
        anchor: String, unit: PeriodUnit, number: Int, start: String, end: String
    ) throws {
        let (first, last) = (try time(start), try time(end))
        for at in [first, Instant(micros: last.micros - 1)] {
            let period = BillingPeriod(
                holding: at, anchor: try time(anchor), unit: unit, in: .utc)
            #expect(period.number == number)
            #expect(period.range == first..<last)
        }
    }

    @Test func `a period keeps the clock time of its anchor through changes of the clocks`() throws
    {
        let berlin = try zone("Europe/Berlin")
        let anchor = try time("2026-01-29T01:30:00Z")
        // 02:30 is skipped on 29 March 2026; the period begins when the clocks show 03:00.
        let march = BillingPeriod(
            holding: try time("2026-04-01T00:00:00Z"), anchor: anchor, unit: .month, in: berlin)
        #expect(march.range.lowerBound == (try time("2026-03-29T01:00:00Z")))
        #expect(march.range.upperBound == (try time("2026-04-29T00:30:00Z")))
        // Apia had no 30 December 2011: that period begins with the 31st.
        let apia = BillingPeriod(
            holding: try time("2011-12-31T00:00:00Z"), anchor: try time("2011-10-30T10:00:00Z"),
            unit: .month, in: try zone("Pacific/Apia"))
        #expect(apia.range.lowerBound == (try time("2011-12-30T10:00:00Z")))
    }

    @Test(arguments: names)
    func `periods cover all time without overlap`(name: String) throws {
        let zone = try zone(name)
        for day in 28...31 {
            for hour in ["00:00:00", "02:30:00", "23:59:59"] {
                let anchor = try time("2024-01-\(day)T\(hour)Z")
                var next = BillingPeriod(holding: anchor, anchor: anchor, unit: .month, in: zone)
                #expect(next.number == 0 && next.range.lowerBound <= anchor)
                for _ in 0..<40 {
                    let after = BillingPeriod(
                        holding: next.range.upperBound, anchor: anchor, unit: .month, in: zone)
                    #expect(after.number == next.number + 1)
                    #expect(after.range.lowerBound == next.range.upperBound)
                    next = after
                }
            }
        }
    }
}
