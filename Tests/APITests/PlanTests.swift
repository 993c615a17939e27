import Credit
import Testing

@Suite struct PlanTests {
    private static let month: Int64 = 32 * 86_400

    private func start(_ plan: String = #""name":"Pro","credits":100,"period":"month""#) throws
        -> (TestServer, TestClient)
    {
        let server = try TestServer()
        let client = try server.operator()
        #expect(try client.put("/v1/plans/pro", "{\(plan)}").status == 200)
        return (server, client)
    }

    private func account(_ client: TestClient, _ rest: String = "") throws {
        let made = try client.post(
            "/v1/accounts", #"{"id":"acme","name":"Acme"\#(rest)}"#)
        #expect(made.status == 201)
    }

    private func balance(_ client: TestClient) throws -> JSONTree {
        try client.get("/v1/balance?account=acme").json
    }

    private func subscribe(
        _ client: TestClient, _ plan: String, _ when: String, _ key: String
    ) throws -> TestClient.Answer {
        try client.post(
            "/v1/accounts/acme/plan", #"{"plan":\#(plan),"when":"\#(when)"}"#, idempotency: key)
    }

    private func charge(_ client: TestClient, _ amount: Int, _ key: String) throws {
        let answer = try client.charge(
            #"{"account":"acme","action":"any","amount":\#(amount)}"#, key)
        #expect(answer.status == 201)
    }

    @Test func `an account begins with its plan's credits, and gets them again each period`()
        throws
    {
        let (server, client) = try start()
        try account(client, #","plan":"pro""#)
        var json = try balance(client)
        #expect(json["plan"] == .string("pro"))
        #expect(json["available"] == .number("100"))
        #expect(json["grants"][0]["kind"] == .string("plan"))
        #expect(json["grants"][0]["expires_at"] == json["resets_at"])
        #expect(json["period"]["number"] == .number("0"))
        try charge(client, 30, "k1")
        let answer = try client.charge(#"{"account":"acme","action":"any","amount":1}"#, "k2")
        #expect(answer.headers["tally-credits-reset"] == json["resets_at"].text)
        #expect(try balance(client)["used"] == .number("31"))
        // Asleep over two edges: one grant for each period, what is left of each expires.
        server.time.advance(seconds: 2 * Self.month)
        json = try balance(client)
        #expect(json["available"] == .number("100"))
        #expect(json["period"]["number"] == .number("2"))
        #expect(json["used"] == .number("0"))
        let entries = try client.get("/v1/entries?account=acme").json["data"]
        #expect(entries[0]["kind"] == .string("grant"))
        #expect(entries[0]["plan"] == .string("pro"))
        #expect(entries[1]["kind"] == .string("grant_expiry"))
        #expect(entries[1]["credits"] == .number("100"))
        #expect(entries[3]["credits"] == .number("69"))
        #expect(try client.get("/v1/audit").json["ok"] == .bool(true))
    }

    @Test func `unused credits roll over up to the cap, and age`() throws {
        let plan =
            #""name":"Pro","credits":100,"period":"month","#
            + #""rollover":{"max":60,"expires_after_periods":1}"#
        let (server, client) = try start(plan)
        try account(client, #","plan":"pro""#)
        try charge(client, 10, "k1")
        server.time.advance(seconds: Self.month)
        var json = try balance(client)
        #expect(json["available"] == .number("160"))
        #expect(json["grants"][0]["kind"] == .string("rollover"))
        #expect(json["grants"][0]["remaining"] == .number("60"))
        // What rolled over is used first, and what is left of it does not roll over again.
        try charge(client, 130, "k2")
        server.time.advance(seconds: Self.month)
        json = try balance(client)
        #expect(json["available"] == .number("130"))
        #expect(json["grants"][0]["remaining"] == .number("30"))
    }

    @Test func `a new version acts from the next period on and touches no balance`() throws {
        let (server, client) = try start()
        try account(client, #","plan":"pro""#)
        let edited = try client.put(
            "/v1/plans/pro", #"{"name":"Pro","credits":250,"period":"month"}"#)
        #expect(edited.json["version"] == .number("2"))
        #expect(try balance(client)["available"] == .number("100"))
        server.time.advance(seconds: Self.month)
        #expect(try balance(client)["available"] == .number("250"))
    }

    @Test func `a plan is changed at once, and nothing that was bought is touched`() throws {
        let (_, client) = try start()
        try account(client, #","plan":"pro""#)
        _ = try client.put("/v1/plans/max", #"{"name":"Max","credits":500,"period":"year"}"#)
        _ = try client.post(
            "/v1/accounts/acme/grants", #"{"amount":7}"#, idempotency: "bought")
        let answer = try subscribe(client, #""max""#, "now", "s1")
        #expect(answer.status == 201)
        #expect(answer.json["plan"] == .string("max"))
        #expect(answer.json["version"] == .number("1"))
        let json = try balance(client)
        #expect(json["available"] == .number("507"))
        #expect(json["plan"] == .string("max"))
        let again = try subscribe(client, #""max""#, "now", "s1")
        #expect(again.body == answer.body)
        #expect(again.headers["idempotent-replayed"] == "true")
        #expect(try balance(client)["available"] == .number("507"))
        #expect(try subscribe(client, "null", "now", "s2").json["plan"] == .null)
        #expect(try balance(client)["available"] == .number("7"))
        #expect(try balance(client)["resets_at"] == .null)
    }

    @Test func `a plan is changed at the end of the period`() throws {
        let (server, client) = try start()
        try account(client, #","plan":"pro""#)
        _ = try client.put("/v1/plans/mini", #"{"name":"Mini","credits":5,"period":"month"}"#)
        let answer = try subscribe(client, #""mini""#, "period_end", "s")
        #expect(answer.status == 201)
        #expect(answer.json["effective_at"] == (try balance(client)["resets_at"]))
        #expect(try balance(client)["plan"] == .string("pro"))
        #expect(try balance(client)["available"] == .number("100"))
        let next = try client.get("/v1/accounts/acme").json["next_plan"]
        #expect(next["plan"] == .string("mini"))
        #expect(next["effective_at"] == answer.json["effective_at"])
        server.time.advance(seconds: Self.month)
        #expect(try balance(client)["plan"] == .string("mini"))
        #expect(try balance(client)["available"] == .number("5"))
        let account = try client.get("/v1/accounts/acme").json
        #expect(account["plan"] == .string("mini"))
        #expect(account["next_plan"] == .null)
    }

    @Test func `periods are counted from the anchor in the account's zone`() throws {
        let (server, client) = try start()
        let anchor = server.time.now().advanced(seconds: -86_400).rfc3339
        try account(
            client,
            #","plan":"pro","anchor":"\#(anchor)","time_zone":"Asia/Kathmandu""#)
        let json = try balance(client)
        #expect(json["period"]["number"] == .number("0"))
        let end = try Instant(rfc3339: (json["resets_at"].text ?? "").utf8.span)
        let first = try Instant(rfc3339: anchor.utf8.span)
        #expect(27...31 ~= (end.micros - first.micros) / 86_400_000_000)
        #expect((end.micros - first.micros) % 86_400_000_000 == 0)
    }

    @Test func `the plan's price list prices accounts without one of their own`() throws {
        let server = try TestServer()
        try server.account("other")
        let client = try server.operator()
        _ = try client.put(
            "/v1/price-lists/cheap", #"{"rules":[{"id":"fetch","action":"fetch","per_call":0.5}]}"#)
        _ = try client.put(
            "/v1/plans/pro", #"{"name":"P","credits":9,"period":"none","price_list":"cheap"}"#)
        try account(client, #","plan":"pro""#)
        let call = #"{"account":"acme","action":"fetch"}"#
        #expect(try client.charge(call, "k1").json["credits"] == .number("0.5"))
        _ = try subscribe(client, "null", "now", "s")
        _ = try client.post("/v1/accounts/acme/grants", #"{"amount":7}"#, idempotency: "g")
        #expect(try client.charge(call, "k2").json["credits"] == .number("1.5"))
    }

    @Test func `a plan limits the requests of its customers' keys`() throws {
        let (server, client) = try start(
            #""name":"P","credits":9,"period":"month","limits":{"requests_per_minute":2}"#)
        try account(client, #","plan":"pro""#)
        let customer = try server.customer(of: "acme")
        for _ in 0..<2 { #expect(try customer.get("/v1/balance").status == 200) }
        #expect(try customer.get("/v1/balance").status == 429)
    }

    @Test func `CoinStats' figures name the plan and count its period`() throws {
        let (server, client) = try start()
        try account(client, #","plan":"pro""#)
        try charge(client, 40, "k1")
        let customer = try server.customer(of: "acme")
        var json = try customer.get("/v1/usage/credits").json
        #expect(json["subscription"] == .string("pro"))
        #expect(json["usedCredits"] == .number("40"))
        server.time.advance(seconds: Self.month)
        json = try customer.get("/v1/usage/credits").json
        #expect(json["usedCredits"] == .number("0"))
        #expect(json["totalCredits"] == .number("100"))
    }

    @Test(arguments: [
        (#""credits":1,"period":"month""#, "name"), (#""name":"P","period":"month""#, "credits"),
        (#""name":"P","credits":1"#, "period"),
        (#""name":"P","credits":-1,"period":"month""#, "credits"),
        (#""name":"P","credits":1,"period":"week""#, "period"),
        (#""name":"P","credits":1,"period":"month","rollover":{}"#, "rollover"),
        (#""name":"P","credits":1,"period":"month","price_list":"none""#, "price_list"),
        (#""name":"P","credits":1,"period":"month","limits":{"x":1}"#, "limits"),
    ])
    func `a plan that makes no sense names its field`(body: String, field: String) throws {
        let (server, client) = try start()
        let answer = try client.put("/v1/plans/bad", "{\(body)}")
        #expect(answer.status == 422, "\(answer.json)")
        #expect(answer.json["field"] == .string(field))
        #expect(try server.service().put("/v1/plans/bad", "{\(body)}").status == 403)
    }

    @Test func `plans that do not exist are refused`() throws {
        let (_, client) = try start()
        let made = try client.post("/v1/accounts", #"{"id":"x","name":"X","plan":"none"}"#)
        #expect(made.json["field"] == .string("plan"))
        try account(client)
        let answer = try subscribe(client, #""none""#, "now", "s")
        #expect(answer.status == 422)
        #expect(answer.json["field"] == .string("plan"))
        #expect(try subscribe(client, #""pro""#, "later", "s").json["field"] == .string("when"))
        // The key stays free after such errors.
        #expect(try subscribe(client, #""pro""#, "period_end", "s").status == 201)
        #expect(try balance(client)["available"] == .number("100"))
        let list = try client.get("/v1/plans").json["data"]
        #expect(list[0]["id"] == .string("pro"))
        #expect(list[0]["credits"] == .number("100"))
    }
}
