import Credit
import Testing
import Wire

@Suite struct ProblemCodeTests {
    @Test func `a problem is an object that says everything`() {
        var problem = Problem(.insufficientCredits, "too \"few\"", field: "amount")
        problem.chargeState = .notCharged
        problem.shortfall = Problem.Shortfall(
            required: Credits(micros: 1_500_000), available: Credits(micros: -250_000))
        var bytes: [UInt8] = []
        bytes.append(problem, requestID: RequestID(rawValue: 0))
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"{"type":"urn:tally:problem:insufficient_credits","#
                + #""title":"The account has too few credits","status":402,"#
                + #""detail":"too \"few\"","code":"insufficient_credits","#
                + #""request_id":"req_00000000000000000000000000","field":"amount","#
                + #""required":1.5,"available":-0.25,"short_by":1.75,"#
                + #""charge_state":"not_charged"}"#)
    }

    @Test(arguments: [
        (Int128(0), "0"), (1, "0.000001"), (-1, "-0.000001"), (1_500_000, "1.5"),
        (-1_500_000, "-1.5"), (9_223_372_036_854_775_807, "9223372036854.775807"),
        (9_223_372_036_854_775_808, "9223372036854.775808"),
        (100_000_000_000_000_000_000_100_000, "100000000000000000000.1"),
        (100_000_000_000_000_000_000_000_000, "100000000000000000000"),
    ])
    func `sums wider than an amount stay exact`(micros: Int128, text: String) {
        var bytes: [UInt8] = []
        bytes.append(micros: micros)
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }
}
