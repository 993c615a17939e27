import Credit
import Testing

struct CreditsTextTests {
    @Test(arguments: [
        ("0", Int64(0)), ("12", 12_000_000), ("0.4", 400_000), ("-3.125", -3_125_000),
        ("1.0", 1_000_000), ("0.000001", 1), ("1000000000000", 1_000_000_000_000_000_000),
        ("-1000000000000.000000", -1_000_000_000_000_000_000), ("0.0", 0),
    ])
    func `reads exact amounts`(text: String, micros: Int64) throws {
        #expect(try Credits(decimal: text.utf8.span).micros == micros)
    }

    @Test(arguments: [
        ("", Credits.InvalidText.notANumber), ("01", .notANumber), ("+1", .notANumber),
        ("0x10", .notANumber), ("1.", .notANumber), (".5", .notANumber), ("-", .notANumber),
        ("1e", .notANumber), ("--1", .notANumber), ("1 ", .notANumber), ("NaN", .notANumber),
        ("1e3", .notAnAmount), ("1E+3", .notAnAmount), ("-0", .notAnAmount),
        ("-0.0", .notAnAmount), ("0.0000001", .notAnAmount), ("1.0000000", .notAnAmount),
        ("1000000000000.000001", .outOfRange), ("1000000000001", .outOfRange),
        ("99999999999999999999999", .outOfRange), ("-1000000000001", .outOfRange),
    ])
    func `refuses what is not an amount`(text: String, reason: Credits.InvalidText) {
        #expect(throws: reason) { try Credits(decimal: text.utf8.span) }
    }

    @Test(arguments: [
        (Int64(0), "0"), (1, "0.000001"), (1_500_000, "1.5"), (-400_000, "-0.4"),
        (12_000_000, "12"), (Int64.min, "-9223372036854.775808"), (10_100_001, "10.100001"),
    ])
    func `writes the shortest exact decimal`(micros: Int64, text: String) {
        #expect(Credits(micros: micros).decimalText == text)
    }

    @Test func `what is written reads back`() throws {
        for shift in 0..<60 {
            let micros = Int64(1) << Int64(shift) / 3 + Int64(shift) &* 7_919
            let amount = Credits(micros: micros % Credits.limit.micros)
            #expect(try Credits(decimal: amount.decimalText.utf8.span) == amount)
        }
    }

    @Test func `sums report overflow`() throws {
        let most = Credits(micros: .max)
        #expect(throws: Credits.Overflow.self) { try most.adding(Credits(micros: 1)) }
        #expect(throws: Credits.Overflow.self) {
            try Credits(micros: .min).subtracting(Credits(micros: 1))
        }
    }
}
