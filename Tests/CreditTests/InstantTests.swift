import Credit
import Testing

struct InstantTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", Int64(0)),
        ("2026-11-21T09:30:00.25Z", 1_795_253_400_250_000),
        ("2026-11-21T15:15:00+05:45", 1_795_253_400_000_000),
        ("2024-02-29t23:59:59z", 1_709_251_199_000_000),
        ("0001-01-01T00:00:00Z", Instant.earliest.micros),
        ("9999-12-31T23:59:59.9999999Z", Instant.latest.micros),
    ])
    func `reads RFC 3339`(text: String, micros: Int64) throws {
        #expect(try Instant(rfc3339: text.utf8.span).micros == micros)
    }

    @Test(arguments: [
        "", "2026-11-21", "2026-11-21T09:30:00", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-11-21T24:00:00Z", "2026-11-21T09:60:00Z", "2026-11-21T09:30:61Z",
        "2026-11-21T09:30:00.Z", "2026-11-21T09:30:00+24:00", "2026-11-21T09:30:00Zx",
        "+026-11-21T09:30:00Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00",
    ])
    func `refuses other text`(text: String) {
        #expect(throws: Instant.InvalidText.self) { try Instant(rfc3339: text.utf8.span) }
    }

    @Test func `every day of four centuries survives the calendar`() {
        for days in stride(from: Int64(-60_000), through: 86_000, by: 1) {
            #expect(CivilDate(daysSinceEpoch: days).daysSinceEpoch == days)
        }
    }

    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        (1_795_253_400_250_000, "2026-11-21T09:30:00.250000Z"),
    ])
    func `writes UTC`(micros: Int64, text: String) {
        #expect(Instant(micros: micros).rfc3339 == text)
    }
}
