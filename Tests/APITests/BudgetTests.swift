import Credit
import Testing

@Suite struct BudgetTests {
    private static let path = "/v1/accounts/acme/budgets/"

    private func start() throws -> (TestServer, TestClient) {
        let server = try TestServer()
        return (server, try server.account("acme"))
    }

    private func put(
        _ client: TestClient, _ name: String, _ body: String
    ) throws -> TestClient.Answer {
        try client.put(Self.path + name, "{\(body)}")
    }

    private func charge(
        _ client: TestClient, _ amount: String, _ rest: String, _ key: String
    ) throws -> TestClient.Answer {
        try client.charge(
            #"{"account":"acme","action":"any","amount":\#(amount)\#(rest)}"#, key)
    }

    @Test func `a budget refuses what goes over it, and says which, its use and its reset`() throws
    {
        let (server, client) = try start()
        let made = try put(
            client, "red-day", #""scope":{"team":"red"},"limit":5,"window":"day""#)
        #expect(made.status == 200)
        #expect(made.json["name"] == .string("red-day"))
        #expect(made.json["scope"]["team"] == .string("red"))
        #expect(made.json["used"] == .number("0"))
        #expect(try charge(client, "3", #","team":"red""#, "k1").status == 201)
        let refused = try charge(client, "2.5", #","team":"red""#, "k2")
        #expect(refused.status == 402)
        let json = refused.json
        #expect(json["code"] == .string("budget_exceeded"))
        #expect(json["budget"] == .string("red-day"))
        #expect(json["limit"] == .number("5"))
        #expect(json["used"] == .number("3"))
        #expect(json["resets_at"] == made.json["resets_at"])
        #expect(json["charge_state"] == .string("not_charged"))
        // Exactly the rest is allowed, and other teams go on.
        #expect(try charge(client, "2", #","team":"red""#, "k3").status == 201)
        #expect(try charge(client, "20", #","team":"blue""#, "k4").status == 201)
        #expect(try charge(client, "20", "", "k5").status == 201)
        #expect(try charge(client, "0", #","team":"red""#, "k6").status == 201)
        #expect(try charge(client, "2.5", #","team":"red""#, "k2").body == refused.body)
        server.time.advance(seconds: 86_400)
        #expect(try charge(client, "5", #","team":"red""#, "k7").status == 201)
        let shown = try client.get(Self.path + "red-day").json
        #expect(shown["used"] == .number("5"))
        let entry = try client.get("/v1/entries?account=acme&kind=refusal").json["data"][0]
        #expect(entry["code"] == .string("budget_exceeded"))
        #expect(entry["budget"] == .string("red-day"))
    }

    @Test func `each value has a limit of its own with a star`() throws {
        let (_, client) = try start()
        _ = try put(client, "teams", #""scope":{"team":"*"},"limit":5,"window":"none""#)
        for team in ["red", "blue"] {
            #expect(try charge(client, "4", #","team":"\#(team)""#, team).status == 201)
            let refused = try charge(client, "2", #","team":"\#(team)""#, team + "2")
            #expect(refused.json["used"] == .number("4"))
            #expect(refused.json["resets_at"] == .null)
        }
        #expect(try charge(client, "40", "", "nobody").status == 201)
        let shown = try client.get(Self.path + "teams").json
        #expect(shown["used"] == .number("8"))
        #expect(
            Set([shown["counters"][0]["team"], shown["counters"][1]["team"]].map(\.text)) == [
                "red", "blue",
            ])
    }

    @Test func `a run has a limit of its own, and a key has`() throws {
        let (server, client) = try start()
        _ = try put(client, "runs", #""scope":{},"limit":5,"window":"run""#)
        #expect(try charge(client, "5", #","run":"r1""#, "k1").status == 201)
        #expect(try charge(client, "1", #","run":"r1""#, "k2").status == 402)
        #expect(try charge(client, "5", #","run":"r2""#, "k3").status == 201)
        let made = try server.operator().post("/v1/accounts/acme/keys", #"{"name":"k"}"#).json
        let (id, key) = (try #require(made["id"].text), try #require(made["key"].text))
        let put = try put(
            client, "key", #""scope":{"key":"\#(id)"},"limit":2,"window":"month""#)
        #expect(put.json["scope"]["key"] == .string(id))
        let call = #"{"customer_key":"\#(key)","action":"fetch"}"#
        #expect(try client.charge(call, "c1").status == 201)
        #expect(try client.charge(call, "c2").json["budget"] == .string("key"))
    }

    @Test func `a parent's rest bounds its children, whatever its own scope`() throws {
        let (_, client) = try start()
        _ = try put(client, "all", #""scope":{"team":"red"},"limit":10,"window":"none""#)
        _ = try put(
            client, "child", #""scope":{"action":"any"},"limit":8,"window":"none","parent":"all""#)
        // Counted by the child, and so by its parent, though it is of no team.
        #expect(try charge(client, "6", "", "k1").status == 201)
        let refused = try charge(client, "5", #","team":"red""#, "k2")
        #expect(refused.json["budget"] == .string("all"))
        #expect(try charge(client, "3", "", "k3").json["budget"] == .string("child"))
        let parent = try client.delete(Self.path + "all")
        #expect(parent.status == 422)
        #expect(parent.json["detail"].text?.contains("delete those first") == true)
        #expect(try client.delete(Self.path + "child").status == 200)
        #expect(try client.delete(Self.path + "all").status == 200)
        #expect(try client.delete(Self.path + "all").status == 404)
        #expect(try client.get(Self.path + "all").status == 404)
        #expect(try charge(client, "50", #","team":"red""#, "k4").status == 201)
    }

    @Test func `holds count, and what comes back is free again`() throws {
        let (_, client) = try start()
        _ = try put(client, "day", #""scope":{},"limit":10,"window":"day""#)
        let body = #"{"account":"acme","action":"any","amount":8}"#
        let held = try client.post("/v1/holds", body, idempotency: "h1").json
        let id = try #require(held["hold_id"].text)
        #expect(try client.post("/v1/holds", body, idempotency: "h2").status == 402)
        #expect(try charge(client, "3", "", "k1").status == 402)
        // A capture is never refused by a budget, and counts in full.
        let captured = try client.post(
            "/v1/holds/\(id)/capture", #"{"amount":11}"#, idempotency: "c")
        #expect(captured.status == 201)
        #expect(try client.get(Self.path + "day").json["used"] == .number("11"))
        let entry = try #require(captured.json["entry_id"].text)
        _ = try client.post(
            "/v1/refunds", #"{"entry_id":"\#(entry)","amount":9}"#, idempotency: "r")
        #expect(try client.get(Self.path + "day").json["used"] == .number("2"))
        #expect(try charge(client, "8", "", "k2").status == 201)
    }

    @Test func `what is collected counts and is not refused`() throws {
        let (_, client) = try start()
        _ = try put(client, "day", #""scope":{},"limit":1,"window":"day""#)
        #expect(try charge(client, "3", #","on_short":"collect""#, "k1").status == 201)
        #expect(try client.get(Self.path + "day").json["used"] == .number("3"))
    }

    @Test func `a limit lowered below the use refuses at once`() throws {
        let (_, client) = try start()
        let scope = #""scope":{"team":"*"},"window":"week""#
        _ = try put(client, "b", scope + #","limit":10"#)
        _ = try charge(client, "6", #","team":"red""#, "k1")
        #expect(try put(client, "b", scope + #","limit":4"#).json["used"] == .number("6"))
        let refused = try charge(client, "0.1", #","team":"red""#, "k2")
        #expect(refused.json["limit"] == .number("4"))
        #expect(refused.json["used"] == .number("6"))
        let other = try put(client, "b", #""scope":{"team":"red"},"window":"week","limit":9"#)
        #expect(other.status == 422)
        #expect(other.json["field"] == .string("scope"))
    }

    @Test func `windows follow the clocks of the account's zone`() throws {
        let server = try TestServer()
        let client = try server.account("acme")
        _ = try client.patch("/v1/accounts/acme", #"{"time_zone":"Asia/Kathmandu"}"#)
        let made = try put(client, "day", #""scope":{},"limit":1,"window":"day""#).json
        #expect(made["resets_at"].text?.hasSuffix("T18:15:00Z") == true)
        #expect(made["window_start"].text?.hasSuffix("T18:15:00Z") == true)
        let period = try put(client, "period", #""scope":{},"limit":1,"window":"period""#)
        let account = try client.get("/v1/accounts/acme").json
        #expect(period.json["window_start"] == account["anchor"])
    }

    @Test(arguments: [
        (#""limit":1,"window":"day""#, "scope"), (#""scope":{},"window":"day""#, "limit"),
        (#""scope":{},"limit":1"#, "window"), (#""scope":{},"limit":-1,"window":"day""#, "limit"),
        (#""scope":{},"limit":1,"window":"year""#, "window"),
        (#""scope":{"team":"a b"},"limit":1,"window":"day""#, "scope"),
        (#""scope":{"colour":"x"},"limit":1,"window":"day""#, "scope"),
        (
            #""scope":{"key":"key_00000000000000000000000000"},"limit":1,"window":"day""#,
            "scope.key"
        ),
        (#""scope":{},"limit":1,"window":"day","parent":"none""#, "parent"),
        (#""scope":{},"limit":1,"window":"day","parent":"b""#, "parent"),
    ])
    func `a budget that makes no sense names its field`(body: String, field: String) throws {
        let (server, client) = try start()
        let answer = try put(client, "b", body)
        #expect(answer.status == 422, "\(answer.json)")
        #expect(answer.json["field"] == .string(field))
        #expect(try client.put("/v1/accounts/nobody/budgets/b", "{\(body)}").status != 200)
        #expect(try server.service().get("/v1/accounts/acme/budgets").status == 403)
        #expect(try client.get("/v1/accounts/acme/budgets").json["data"] == .array([]))
    }
}
