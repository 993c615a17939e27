import Credit
import Testing

@Suite struct RefundTests {
    private func start(credits: String = "100") throws -> (TestServer, TestClient, String) {
        let server = try TestServer()
        try server.account("acme", credits: credits)
        let client = try server.service()
        let entry = try client.charge(
            #"{"account":"acme","action":"any","amount":8,"on_short":"collect"}"#, "charge"
        ).json
        return (server, client, try #require(entry["entry_id"].text))
    }

    private func refund(
        _ client: TestClient, _ entry: String, _ rest: String = "", _ key: String
    ) throws -> TestClient.Answer {
        try client.post(
            "/v1/refunds", #"{"entry_id":"\#(entry)"\#(rest)}"#, idempotency: key)
    }

    @Test func `a charge is refunded in parts, and never more than it was`() throws {
        let (server, client, entry) = try start()
        let first = try refund(client, entry, #","amount":3,"reason":"slow""#, "r1")
        #expect(first.status == 201)
        #expect(first.json["kind"] == .string("refund"))
        #expect(first.json["credits"] == .number("3"))
        #expect(first.json["refunds"] == .string(entry))
        #expect(first.json["reason"] == .string("slow"))
        #expect(first.json["lots"][0]["credits"] == .number("3"))
        #expect(first.json["balance"]["available"] == .number("95"))
        let tooMuch = try refund(client, entry, #","amount":6"#, "r2")
        #expect(tooMuch.status == 422)
        #expect(tooMuch.json["code"] == .string("refund_exceeds_charge"))
        #expect(try refund(client, entry, "", "r3").json["credits"] == .number("5"))
        let nothing = try refund(client, entry, "", "r4")
        #expect(nothing.json["code"] == .string("refund_exceeds_charge"))
        #expect(try refund(client, entry, #","amount":6"#, "r2").body == tooMuch.body)
        let reader = try server.operator()
        let balance = try reader.get("/v1/balance?account=acme").json
        #expect(balance["available"] == .number("100"))
        #expect(balance["used"] == .number("0"))
        let usage = try reader.get("/v1/usage?account=acme&group_by=action").json
        #expect(usage["total"]["credits"] == .number("0"))
        #expect(usage["total"]["calls"] == .number("1"))
        #expect(try reader.get("/v1/audit").json["ok"] == .bool(true))
    }

    @Test func `a retry of a refund refunds once`() throws {
        let (_, client, entry) = try start()
        let first = try refund(client, entry, #","amount":3"#, "r")
        let again = try refund(client, entry, #","amount":3.0"#, "r")
        #expect(again.body == first.body)
        let other = try refund(client, entry, #","amount":4"#, "r")
        #expect(other.json["code"] == .string("idempotency_key_reused"))
    }

    @Test func `what was never collected is forgiven first`() throws {
        let (server, client, entry) = try start(credits: "5")
        let answer = try refund(client, entry, #","amount":4"#, "r")
        #expect(answer.json["forgiven"] == .number("3"))
        #expect(answer.json["balance"]["available"] == .number("1"))
        let balance = try server.operator().get("/v1/balance?account=acme").json
        #expect(balance["uncollected"] == .number("0"))
    }

    @Test func `what a grant paid that has expired is granted anew, as an entry`() throws {
        let server = try TestServer()
        let client = try server.account("acme", credits: "0")
        let expiry = server.time.now().advanced(seconds: 60).rfc3339
        let granted = try client.post(
            "/v1/accounts/acme/grants", #"{"amount":10,"expires_at":"\#(expiry)"}"#,
            idempotency: "g")
        #expect(granted.status == 201)
        let entry = try client.charge(
            #"{"account":"acme","action":"any","amount":8}"#, "charge"
        ).json
        server.time.advance(seconds: 61)
        let answer = try refund(client, try #require(entry["entry_id"].text), "", "r")
        #expect(answer.json["regranted"] == .number("8"))
        #expect(answer.json["balance"]["available"] == .number("0"))
        let entries = try client.get("/v1/entries?account=acme&limit=2").json["data"]
        #expect(entries[0]["kind"] == .string("adjustment"))
        #expect(entries[0]["credits"] == .number("8"))
        #expect(entries[0]["refund"] == answer.json["entry_id"])
        #expect(entries[0]["balance"]["available"] == .number("8"))
        #expect(entries[1]["kind"] == .string("refund"))
        let balance = try client.get("/v1/balance?account=acme").json
        #expect(balance["grants"][0]["kind"] == .string("adjustment"))
        #expect(try client.get("/v1/audit").json["ok"] == .bool(true))
    }

    @Test func `only charges and captures can be refunded`() throws {
        let (server, client, entry) = try start()
        for (id, status) in [
            ("ent_00000000000000000000000000", 404), ("ent_x", 422),
            ("grt_" + entry.dropFirst(4), 422),
        ] {
            let answer = try refund(client, id, "", "r")
            #expect(answer.status == status, "\(id)")
            #expect(answer.json["field"] == .string("entry_id"))
        }
        let held = try client.post(
            "/v1/holds", #"{"account":"acme","action":"any","amount":5}"#, idempotency: "h")
        let hold = try refund(client, try #require(held.json["entry_id"].text), "", "r")
        #expect(hold.status == 422)
        let customer = try server.customer(of: "acme")
        #expect(try refund(customer, entry, "", "r").status == 403)
        let posted = try refund(client, entry, #","posted_at":"2026-01-01T00:00:00Z""#, "r")
        #expect(posted.status == 403)
        #expect(try refund(client, entry, #","amount":0"#, "r").json["field"] == .string("amount"))
    }
}
