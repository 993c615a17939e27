import API
import Credit
import Synchronization
import Testing

@Suite struct ChargeTests {
    @Test func `charges, and answers what it cost and what is left`() throws {
        let server = try TestServer()
        try server.account("acme")
        let service = try server.service()
        let answer = try service.charge(#"{"account":"acme","action":"fetch","results":7}"#, "k1")
        #expect(answer.status == 201)
        let json = answer.json
        #expect(
            json.keys == [
                "entry_id", "account", "seq", "kind", "action", "credits", "uncollected",
                "results", "price", "lots", "balance", "created_at",
            ])
        #expect(json["credits"] == .number("1.5"))
        #expect(json["seq"] == .number("2"))
        #expect(json["results"] == .number("7"))
        #expect(json["price"]["list"] == .string("default"))
        #expect(json["price"]["version"] == .number("1"))
        #expect(json["price"]["rule"] == .string("fetch"))
        #expect(json["lots"][0]["credits"] == .number("1.5"))
        #expect(json["lots"][0]["kind"] == .string("top_up"))
        #expect(json["balance"]["available"] == .number("98.5"))
        #expect(answer.headers["tally-credits-used"] == "1.5")
        #expect(answer.headers["tally-credits-remaining"] == "98.5")
        #expect(answer.headers["tally-credits-held"] == "0")
    }

    @Test(arguments: [
        ("0", "0"), ("12", "12"), ("0.4", "0.4"), ("3.125", "3.125"), ("1.0", "1"),
        ("0.000001", "0.000001"), ("99.999999", "99.999999"), ("7.120000", "7.12"),
    ])
    func `amounts stay exact`(sent: String, written: String) throws {
        let server = try TestServer()
        let client = try server.account("acme")
        let answer = try client.charge(
            #"{"account":"acme","action":"any","amount":\#(sent)}"#, "k")
        #expect(answer.status == 201)
        #expect(answer.json["credits"] == .number(written))
        #expect(answer.json["price"] == .null)
    }

    @Test func `says what is short`() throws {
        let server = try TestServer()
        let client = try server.account("acme", credits: "1")
        let answer = try client.charge(#"{"account":"acme","action":"fetch"}"#, "k")
        #expect(answer.status == 402)
        #expect(answer.headers["content-type"] == "application/problem+json")
        let json = answer.json
        #expect(json["code"] == .string("insufficient_credits"))
        #expect(json["required"] == .number("1.5"))
        #expect(json["available"] == .number("1"))
        #expect(json["short_by"] == .number("0.5"))
        #expect(json["charge_state"] == .string("not_charged"))
        #expect(json["request_id"].text == answer.headers["x-request-id"])
    }

    @Test func `collects what it can when told to, and uses the overdraft`() throws {
        let server = try TestServer()
        let client = try server.account("acme", credits: "1")
        _ = try client.patch("/v1/accounts/acme", #"{"overdraft_limit":0.25}"#)
        let body = #"{"account":"acme","action":"fetch","on_short":"collect"}"#
        let json = try client.charge(body, "k").json
        #expect(json["credits"] == .number("1.5"))
        #expect(json["uncollected"] == .number("0.25"))
        #expect(json["lots"][0]["credits"] == .number("1"))
        #expect(json["balance"]["available"] == .number("0"))
        #expect(json["balance"]["negative"] == .number("0.25"))
        let balance = try client.get("/v1/balance?account=acme").json
        #expect(balance["used"] == .number("1.5"))
        #expect(balance["uncollected"] == .number("0.25"))
    }

    @Test func `adds credit_usage when asked for`() throws {
        let server = try TestServer()
        let client = try server.account("acme")
        let body = #"{"account":"acme","action":"rows.list","parameters":{"rows":3}}"#
        for (index, value) in ["true", "TRUE", "True"].enumerated() {
            let json = try client.charge(body, "a\(index)", ["credit-usage: \(value)"]).json
            #expect(json["credit_usage"]["total_results"] == .number("3"))
            #expect(json["credit_usage"]["total_credits"] == .number("6"))
        }
        for (index, value) in ["false", "1", "yes", ""].enumerated() {
            let json = try client.charge(body, "b\(index)", ["credit-usage: \(value)"]).json
            #expect(json["credit_usage"] == .invalid)
        }
        let counted = #"{"account":"acme","action":"fetch","results":9}"#
        let json = try client.charge(counted, "c", ["credit-usage: true"]).json
        #expect(json["credit_usage"]["total_results"] == .number("9"))
    }

    @Test func `a customer key stands for its account`() throws {
        let server = try TestServer()
        let admin = try server.account("acme")
        try server.account("rival")
        let key = try server.customer(of: "acme", scopes: ["read", "rows.*"]).key ?? ""
        func charge(_ fields: String, _ idempotency: String) throws -> TestClient.Answer {
            try admin.charge(#"{\#(fields),"customer_key":"\#(key)"}"#, idempotency)
        }
        let rows = #""action":"rows.list","parameters":{"rows":1}"#
        let charged = try charge(rows, "k1")
        #expect(charged.status == 201)
        #expect(charged.json["account"] == .string("acme"))
        #expect(try charge(rows + #","account":"acme""#, "k1").text == charged.text)
        let other = try charge(rows + #","account":"rival""#, "k2")
        #expect(other.json["field"] == .string("customer_key"))
        #expect(other.status == 422)
        #expect(try charge(#""action":"fetch""#, "k3").status == 403)
        #expect(
            try admin.charge(#"{"action":"fetch","customer_key":"nope"}"#, "k4").json["field"]
                == .string("customer_key"))
        let listed = try admin.get("/v1/entries?account=acme&kind=charge").json["data"]
        #expect(listed[0]["key"].text?.hasPrefix("key_") == true)
    }

    @Test func `a key is named by its id where its secret is not held`() throws {
        let server = try TestServer()
        let admin = try server.account("acme")
        try server.account("rival")
        let made = try admin.post(
            "/v1/accounts/acme/keys", #"{"name":"a","scopes":["read","rows.*"]}"#)
        let id = made.json["id"].text ?? ""
        func charge(_ fields: String, _ idempotency: String) throws -> TestClient.Answer {
            try admin.charge(#"{"key_id":"\#(id)",\#(fields)}"#, idempotency)
        }
        let rows = #""action":"rows.list","parameters":{"rows":1}"#
        let charged = try charge(rows, "k1")
        #expect(charged.status == 201)
        #expect(charged.json["account"] == .string("acme"))
        let listed = try admin.get("/v1/entries?account=acme&kind=charge").json["data"]
        #expect(listed[0]["key"] == .string(id))
        #expect(try charge(rows + #","account":"rival""#, "k2").json["field"] == .string("key_id"))
        #expect(try charge(#""action":"fetch""#, "k3").status == 403)
        #expect(try charge(rows + #","customer_key":"x""#, "k4").status == 422)
        #expect(
            try admin.charge(#"{"action":"a","key_id":"nope"}"#, "k5").json["field"]
                == .string("key_id"))
        #expect(try admin.delete("/v1/accounts/acme/keys/\(id)").status == 200)
        #expect(try charge(rows, "k6").json["field"] == .string("key_id"))
        // Which key made a call of the past is no matter of what it may do now.
        let now = server.time.now().rfc3339
        let posted = try charge(#""action":"fetch","amount":1,"posted_at":"\#(now)""#, "k7")
        #expect(posted.status == 201)
    }

    @Test func `suspended accounts are not charged`() throws {
        let server = try TestServer()
        let client = try server.account("acme")
        #expect(try client.post("/v1/accounts/acme/suspend", nil).json["suspended"] == .bool(true))
        let body = #"{"account":"acme","action":"fetch"}"#
        let refused = try client.charge(body, "k")
        #expect(refused.status == 409)
        #expect(refused.json["code"] == .string("account_suspended"))
        #expect(try client.post("/v1/accounts/acme/resume", "{}").json["suspended"] == .bool(false))
        #expect(try client.charge(body, "k").text == refused.text)
        #expect(try client.charge(body, "k2").status == 201)
    }

    @Test func `answers that storage failed, and that a retry tells`() throws {
        let server = try TestServer()
        let client = try server.account("acme")
        server.storage.isBroken.withLock { $0 = true }
        let answer = try client.charge(#"{"account":"acme","action":"fetch"}"#, "k")
        #expect(answer.status == 503)
        #expect(answer.json["code"] == .string("outcome_unknown"))
        #expect(answer.json["charge_state"] == .string("unknown"))
    }

    @Test func `takes no requests before it is ready`() throws {
        let server = try TestServer()
        let client = try server.account("acme")
        server.readiness.isReady = false
        #expect(try client.get("/ready").status == 503)
        #expect(try client.get("/health").status == 200)
        let answer = try client.charge(#"{"account":"acme","action":"fetch"}"#, "k")
        #expect(answer.status == 503)
        #expect(answer.headers["retry-after"] == "1")
        #expect(try client.get("/v1/balance?account=acme").status == 503)
        server.readiness.isReady = true
        #expect(try client.get("/ready").status == 200)
    }

    @Test func `never spends a credit twice, whoever races`() throws {
        let server = try TestServer(loops: 2)
        try server.account("acme", credits: "15")
        let clients = try (0..<32).map { _ in try server.operator() }
        for (index, client) in clients.enumerated() {
            client.write(
                TestClient.request(
                    "POST", "/v1/charges", #"{"account":"acme","action":"fetch"}"#,
                    ["Idempotency-Key: race-\(index)"], type: "application/json",
                    key: server.operatorKey))
        }
        let statuses = try clients.map { try $0.answer().status }
        #expect(statuses.count { $0 == 201 } == 10)
        #expect(statuses.count { $0 == 402 } == 22)
    }
}
