import Credit
import Testing

@testable import CivilTime

@Suite struct TimeZoneTests {
    private let zones = TimeZones()

    private func seconds(_ text: String) throws -> Int64 {
        try Instant(rfc3339: text.utf8.span).micros / 1_000_000
    }

    @Test(arguments: [
        ("UTC", "2026-07-01T00:00:00Z", 0), ("Europe/Berlin", "2026-01-01T00:00:00Z", 3600),
        ("Europe/Berlin", "2026-03-29T00:59:59Z", 3600),
        ("Europe/Berlin", "2026-03-29T01:00:00Z", 7200),
        ("Europe/Berlin", "2150-07-01T00:00:00Z", 7200),
        ("America/New_York", "2026-11-01T05:59:59Z", -14_400),
        ("America/New_York", "2026-11-01T06:00:00Z", -18_000),
        ("America/New_York", "1883-11-18T16:59:59Z", -17_762),
        ("Asia/Kathmandu", "2026-01-01T00:00:00Z", 20_700),
        ("Australia/Lord_Howe", "2026-12-01T00:00:00Z", 39_600),
        ("Australia/Lord_Howe", "2026-07-01T00:00:00Z", 37_800),
        ("Pacific/Apia", "2011-12-30T09:59:59Z", -36_000),
        ("Pacific/Apia", "2011-12-30T10:00:00Z", 50_400),
        ("Etc/GMT+3", "2026-01-01T00:00:00Z", -10_800),
    ])
    func `knows the offset of a zone`(zone: String, time: String, offset: Int64) throws {
        let rules = try #require(zones.rules(of: zone))
        #expect(rules.offset(at: try seconds(time)) == offset)
    }

    @Test(arguments: [
        "", "Nowhere", "../zoneinfo/UTC", "Europe/../UTC", "/etc/passwd", "Europe", "Europe/",
        "right/UTC", "tzdata.zi", "zone.tab", "Europe/Berlin\0", "Ünter", "leapseconds",
    ])
    func `takes only names of zones`(name: String) {
        #expect(zones.rules(of: name) == nil)
    }

    @Test(arguments: [
        // A day of 23 hours and one of 25.
        ("Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
        ("Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        // Clocks went forward at midnight: the day begins at one o'clock.
        ("America/Sao_Paulo", "2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z"),
        ("America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"),
        // Clocks went back at midnight: an hour of the same day follows.
        ("America/Sao_Paulo", "2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z"),
        // December 30 was left out.
        ("Pacific/Apia", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"),
        ("Asia/Kathmandu", "2025-12-31T18:15:00Z", "2026-01-01T18:15:00Z"),
    ])
    func `days end at local midnight`(zone: String, start: String, end: String) throws {
        let rules = try #require(zones.rules(of: zone))
        #expect(rules.boundary(of: .day, after: try seconds(start)) == (try seconds(end)))
    }

    @Test func `buckets tile every year without gap, overlap or stray length`() throws {
        for zone in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"] {
            let rules = try #require(zones.rules(of: zone))
            let (from, to) = (
                try seconds("2025-01-01T00:00:00Z"), try seconds("2027-01-01T00:00:00Z")
            )
            let hours = try #require(
                rules.bucketStarts(of: .hour, from: from, to: to, limit: 20_000))
            let lengths = Set(zip(hours, hours.dropFirst()).map { $1 - $0 })
            #expect(lengths.isSubset(of: [900, 1800, 2700, 3600]), "\(zone): \(lengths)")
            let days = try #require(rules.bucketStarts(of: .day, from: from, to: to, limit: 800))
            #expect(days.count == 731 || days.count == 730)
            for day in days.dropFirst() { #expect((day + rules.offset(at: day)) % 86_400 == 0) }
            #expect(rules.bucketStarts(of: .hour, from: from, to: to, limit: 10_000) == nil)
        }
    }

    @Test func `damaged files are refused, whatever is wrong`() throws {
        #expect(throws: TimeZoneFile.Malformed.self) { try TimeZoneFile([]).rules() }
        var file = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 39)
        file += file + Array("\nUTC0\n".utf8)
        #expect(throws: TimeZoneFile.Malformed.self) { try TimeZoneFile(file).rules() }
        for rule in ["", "X", "CET", "CET-1CEST", "CET-1CEST,M13.1.0,M1.1.0", "CET-99"] {
            #expect(throws: TimeZoneFile.Malformed.self) { try PosixTimeZone(Array(rule.utf8)) }
        }
    }
}
