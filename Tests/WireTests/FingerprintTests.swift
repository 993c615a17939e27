import Credit
import Ledger
import Testing
import Wire

@Suite struct FingerprintTests {
    private static let now = Instant(micros: 1_790_000_000_000_000)

    private func fingerprint(_ body: String, _ kind: ChargeForm.Kind = .charge) throws -> UInt128 {
        var (decoder, fingerprint, texts) = (ChargeDecoder(), Fingerprint(), [UInt8]())
        let form = ChargeForm(
            kind, limits: APILimits(), now: Self.now, allowsPostedAt: true)
        let charge = try decoder.decode(body: body.utf8.span, form, to: &texts)
        return fingerprint.of(charge.command, texts: texts.span)
    }

    @Test func `spelling does not matter, nor the route`() throws {
        let plain = try fingerprint(
            #"{"account":"a","action":"x","amount":1,"parameters":{"b":1,"c":[1.50,"é"]}}"#)
        for body in [
            #"{"action":"x","account":"a","amount":1.0,"parameters":{"c":[1.5,"\u00e9"],"b":1}}"#,
            #" { "account" : "\u0061", "action" : "x", "amount" : 1.000000 ,"#
                + #" "parameters" : { "b" : 1e0 , "c" : [ 15e-1 , "é" ] } , "metadata" : {} } "#,
            #"{"account":"a","action":"x","amount":1,"check_run":false,"on_short":"refuse","#
                + #""parameters":{"b":1,"c":[1.5,"é"]}}"#,
        ] {
            #expect(try fingerprint(body) == plain, "\(body)")
        }
        #expect(
            try fingerprint(
                #"{"idempotency_key":"k","account":"a","action":"x","amount":1,"#
                    + #""parameters":{"b":1,"c":[1.5,"é"]}}"#, .batchItem) == plain)
    }

    @Test func `every field matters`() throws {
        let fields = [
            "", #""amount":0"#, #""amount":1"#, #""team":"t"#, #""scenario":"t"#, #""run":"t"#,
            #""module":"t"#, #""request_id":"t"#, #""parameters":{"a":1}"#,
            #""parameters":{"a":"1"}"#, #""metadata":{"a":"1"}"#, #""results":0"#,
            #""bytes":0"#, #""duration_ms":0"#, #""status":"failed""#, #""status":200"#,
            #""scenario_type":"agent""#, #""check_run":true"#, #""on_short":"collect""#,
            #""occurred_at":"2026-09-21T14:13:20Z""#, #""posted_at":"2026-09-21T14:13:20Z""#,
        ]
        var seen: Set<UInt128> = []
        for field in fields {
            let closed = field.hasSuffix("\":\"t") ? field + "\"" : field
            let rest = closed.isEmpty ? "" : "," + closed
            seen.insert(try fingerprint(#"{"account":"a","action":"x"\#(rest)}"#))
        }
        seen.insert(try fingerprint(#"{"account":"ax","action":"x"}"#))
        seen.insert(try fingerprint(#"{"account":"a","action":"xx"}"#))
        #expect(seen.count == fields.count + 2)
    }

    @Test func `the form of version 1 stays as it is`() throws {
        let body = #"{"account":"acme","action":"fetch","amount":1.5,"parameters":{"rows":3}}"#
        #expect(
            String(try fingerprint(body), radix: 16) == "22b22ea2fa68d5ecd3148478427b7365")
    }
}
