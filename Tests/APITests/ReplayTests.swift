import Testing

@Suite struct ReplayTests {
    private static let charge = #"{"account":"acme","action":"fetch","metadata":{"a":"b"}}"#

    @Test func `a retry gets the first answer, byte for byte`() throws {
        let server = try TestServer()
        let client = try server.account("acme", credits: "2")
        let first = try client.charge(Self.charge, "k1")
        let refused = try client.charge(Self.charge, "k2")
        #expect(first.status == 201)
        #expect(refused.status == 402)
        #expect(first.headers["idempotent-replayed"] == nil)
        _ = try client.post(
            "/v1/accounts/acme/grants", #"{"amount":50}"#, idempotency: "more credits")
        // Spelled otherwise, but the same command.
        let again =
            #" {"metadata" : {"\u0061":"b"}, "action":"fetch","account":"acme","on_short":"refuse"} "#
        for _ in 0..<3 {
            let replay = try client.charge(again, "k1")
            #expect(replay.status == 201)
            #expect(replay.body == first.body)
            #expect(replay.headers["idempotent-replayed"] == "true")
            #expect(replay.headers["tally-credits-remaining"] == "0.5")
            let refusedAgain = try client.charge(again, "k2")
            #expect(refusedAgain.status == 402)
            #expect(refusedAgain.body == refused.body)
            #expect(refusedAgain.headers["idempotent-replayed"] == "true")
        }
        #expect(try client.get("/v1/balance?account=acme").json["used"] == .number("1.5"))
    }

    @Test func `a key is not used again for something else`() throws {
        let server = try TestServer()
        let client = try server.account("acme", credits: "2")
        _ = try client.charge(Self.charge, "paid")
        _ = try client.charge(Self.charge, "refused")
        let other = #"{"account":"acme","action":"fetch"}"#
        for (key, state) in [("paid", "charged"), ("refused", "not_charged")] {
            let answer = try client.charge(other, key)
            #expect(answer.status == 422)
            #expect(answer.json["code"] == .string("idempotency_key_reused"))
            #expect(answer.json["charge_state"] == .string(state))
        }
        let grant = try client.post(
            "/v1/accounts/acme/grants", #"{"amount":1}"#, idempotency: "paid")
        #expect(grant.json["code"] == .string("idempotency_key_reused"))
        try server.account("rival")
        let rival = #"{"account":"rival","action":"fetch"}"#
        #expect(try client.charge(rival, "paid").status == 201)
    }

    @Test func `requests with one key at the same time are one`() throws {
        let server = try TestServer(loops: 2)
        try server.account("acme")
        let clients = try (0..<16).map { _ in try server.operator() }
        for client in clients {
            client.write(
                TestClient.request(
                    "POST", "/v1/charges", Self.charge, ["Idempotency-Key: once"],
                    type: "application/json", key: server.operatorKey))
        }
        let answers = try clients.map { try $0.answer() }
        #expect(Set(answers.map(\.text)).count == 1)
        #expect(answers.allSatisfy { $0.status == 201 })
        #expect(answers.count { $0.headers["idempotent-replayed"] == nil } == 1)
    }

    @Test func `grants, voids and adjustments happen once`() throws {
        let server = try TestServer()
        let client = try server.account("acme", credits: "0")
        let path = "/v1/accounts/acme"
        let body = #"{"amount":10,"kind":"promo","package":"Starter","note":"hi"}"#
        let grant = try client.post("\(path)/grants", body, idempotency: "g1")
        #expect(grant.status == 201)
        #expect(grant.json["kind"] == .string("grant"))
        #expect(grant.json["source"] == .string("promo"))
        #expect(grant.json["package"] == .string("Starter"))
        #expect(try client.post("\(path)/grants", body, idempotency: "g1").body == grant.body)
        let id = try #require(grant.json["grant_id"].text)
        let taken = try client.post(
            "\(path)/adjustments", #"{"amount":-2.5,"note":"wrong"}"#, idempotency: "a1")
        #expect(taken.json["credits"] == .number("-2.5"))
        #expect(taken.json["lots"][0]["grant"] == .string(id))
        let given = try client.post(
            "\(path)/adjustments", #"{"amount":1,"note":"right"}"#, idempotency: "a2")
        #expect(given.json["kind"] == .string("adjustment"))
        let void = try client.post("\(path)/grants/\(id)/void", nil, idempotency: "v1")
        #expect(void.status == 201)
        #expect(void.json["credits"] == .number("7.5"))
        #expect(void.json["balance"]["available"] == .number("1"))
        #expect(
            try client.post("\(path)/grants/\(id)/void", nil, idempotency: "v1").body == void.body)
        let again = try client.post("\(path)/grants/\(id)/void", nil, idempotency: "v2")
        #expect(again.status == 404)
        #expect(again.json["field"] == .string("grant"))
        #expect(again.json["charge_state"] == .string("not_charged"))
    }

    @Test(arguments: [
        ("grants", #"{"amount":0}"#, "amount_out_of_range"),
        ("grants", #"{"amount":-1}"#, "amount_out_of_range"),
        ("grants", #"{"amount":"1"}"#, "invalid_amount"),
        ("grants", #"{}"#, "missing_field"),
        ("grants", #"{"amount":1,"kind":"gift"}"#, "invalid_field"),
        ("grants", #"{"amount":1,"expires_at":"2001-01-01T00:00:00Z"}"#, "timestamp_out_of_range"),
        ("grants", #"{"amount":1,"posted_at":"2999-01-01T00:00:00Z"}"#, "timestamp_out_of_range"),
        ("grants", #"{"amount":1,"price_paid":{"amount":1}}"#, "invalid_field"),
        ("grants", #"{"amount":1000000000000}"#, "balance_overflow"),
        ("adjustments", #"{"amount":0,"note":"n"}"#, "amount_out_of_range"),
        ("adjustments", #"{"amount":1}"#, "missing_field"),
        ("adjustments", #"{"amount":-101,"note":"n"}"#, "insufficient_credits"),
        ("grants/grt_00000000000000000000000000/void", "{}", "not_found"),
        ("grants/nope/void", "{}", "not_found"),
    ])
    func `wrong movements of credits are told apart`(path: String, body: String, code: String)
        throws
    {
        let server = try TestServer()
        let client = try server.account("acme")
        let answer = try client.post("/v1/accounts/acme/\(path)", body, idempotency: "k")
        #expect(answer.json["code"] == .string(code), "\(answer.text)")
        let missing = try client.post("/v1/accounts/nobody/\(path)", body, idempotency: "k")
        #expect([404, 422].contains(missing.status))
    }
}
