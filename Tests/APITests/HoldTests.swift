import Credit
import Testing

@Suite struct HoldTests {
    private static let rows = #""account":"acme","action":"rows.list","parameters":{"rows":5}"#

    /// A server whose account `acme` has 100 credits, and a key of its vendor's backend.
    private func start(credits: String = "100") throws -> (TestServer, TestClient) {
        let server = try TestServer()
        try server.account("acme", credits: credits)
        return (server, try server.service())
    }

    private func hold(
        _ client: TestClient, _ body: String, _ key: String = "hold"
    ) throws -> (id: String, answer: TestClient.Answer) {
        let answer = try client.post("/v1/holds", "{\(body)}", idempotency: key)
        return (answer.json["hold_id"].text ?? "", answer)
    }

    private func balance(_ server: TestServer) throws -> JSONTree {
        try server.operator().get("/v1/balance?account=acme").json
    }

    @Test func `a hold sets credits apart and does not spend them`() throws {
        let (server, client) = try start()
        let (id, answer) = try hold(client, Self.rows)
        #expect(answer.status == 201)
        #expect(id.hasPrefix("hld_"))
        let json = answer.json
        #expect(json["kind"] == .string("hold"))
        #expect(json["held"] == .number("10"))
        #expect(json["credits"] == .number("0"))
        #expect(json["on_expiry"] == .string("release"))
        #expect(json["price"]["rule"] == .string("rows"))
        #expect(json["balance"]["available"] == .number("90"))
        #expect(json["balance"]["held"] == .number("10"))
        #expect(answer.headers["tally-credits-used"] == "0")
        #expect(answer.headers["tally-credits-remaining"] == "90")
        #expect(answer.headers["tally-credits-held"] == "10")
        let balance = try balance(server)
        #expect(balance["held"] == .number("10"))
        #expect(balance["used"] == .number("0"))
        #expect(balance["grants"][0]["held"] == .number("10"))
        #expect(try server.operator().get("/v1/audit").json["ok"] == .bool(true))
        let placed = try Instant(rfc3339: (json["created_at"].text ?? "").utf8.span)
        let expires = try Instant(rfc3339: (json["expires_at"].text ?? "").utf8.span)
        #expect(expires == placed.advanced(seconds: 900))
    }

    @Test(arguments: [
        (#"{"amount":4}"#, "4", "6", "96"), (#"{"amount":10}"#, "10", "0", "90"),
        (#"{"amount":25}"#, "25", "0", "75"), (#"{"amount":0}"#, "0", "10", "100"),
        (#"{"parameters":{"rows":3},"status":200}"#, "6", "4", "94"),
        (#"{"status":"empty"}"#, "0", "10", "100"), (#"{"status":"failed"}"#, "0", "10", "100"),
        (#"{"bytes":77,"duration_ms":5}"#, "10", "0", "90"), ("{}", "10", "0", "90"),
    ])
    func `a capture costs what the call turned out to be`(
        body: String, cost: String, released: String, left: String
    ) throws {
        let (server, client) = try start()
        let (id, _) = try hold(client, Self.rows)
        let answer = try client.post("/v1/holds/\(id)/capture", body, idempotency: "capture")
        #expect(answer.status == 201)
        let json = answer.json
        #expect(json["kind"] == .string("capture"))
        #expect(json["hold_id"] == .string(id))
        #expect(json["action"] == .string("rows.list"))
        #expect(json["credits"] == .number(cost))
        #expect(json["reserved"] == .number("10"))
        #expect(json["released"] == .number(released))
        #expect(json["balance"]["available"] == .number(left))
        #expect(json["balance"]["held"] == .number("0"))
        #expect(answer.headers["tally-credits-used"] == cost)
        let usage = try server.operator().get("/v1/usage?account=acme&group_by=action").json
        #expect(usage["total"]["credits"] == .number(cost))
        #expect(usage["total"]["calls"] == .number("1"))
        #expect(try server.operator().get("/v1/audit").json["ok"] == .bool(true))
    }

    @Test func `a capture beyond what can be spent is recorded, or refused on request`() throws {
        let (_, client) = try start(credits: "12")
        let (id, _) = try hold(client, Self.rows)
        let path = "/v1/holds/\(id)/capture"
        let refused = try client.post(
            path, #"{"amount":15,"on_short":"refuse"}"#, idempotency: "refused")
        #expect(refused.status == 402)
        #expect(refused.json["required"] == .number("15"))
        #expect(refused.json["available"] == .number("12"))
        let taken = try client.post(path, #"{"amount":15}"#, idempotency: "taken")
        #expect(taken.status == 201)
        #expect(taken.json["uncollected"] == .number("3"))
        #expect(taken.json["balance"]["available"] == .number("0"))
        let replay = try client.post(
            path, #"{"amount":15,"on_short":"refuse"}"#, idempotency: "refused")
        #expect(replay.body == refused.body)
    }

    @Test func `a hold ends once, and a retry gets the first answer`() throws {
        let (server, client) = try start()
        let (id, _) = try hold(client, Self.rows)
        let path = "/v1/holds/\(id)"
        let captured = try client.post("\(path)/capture", #"{"amount":3}"#, idempotency: "c1")
        #expect(captured.status == 201)
        let again = try client.post("\(path)/capture", #"{"amount":3}"#, idempotency: "c1")
        #expect(again.body == captured.body)
        #expect(again.headers["idempotent-replayed"] == "true")
        for (route, body, key) in [
            ("capture", #"{"amount":3}"# as String?, "c2"), ("release", nil, "r1"),
        ] {
            for _ in 0..<2 {
                let answer = try client.post("\(path)/\(route)", body, idempotency: key)
                #expect(answer.status == 409)
                #expect(answer.json["code"] == .string("hold_not_open"))
                #expect(answer.json["charge_state"] == .string("not_charged"))
            }
        }
        let other = try client.post("\(path)/capture", #"{"amount":4}"#, idempotency: "c1")
        #expect(other.json["code"] == .string("idempotency_key_reused"))
        #expect(try balance(server)["available"] == .number("97"))
    }

    @Test func `a released hold gives everything back`() throws {
        let (server, client) = try start()
        let (id, _) = try hold(client, Self.rows)
        let answer = try client.post("/v1/holds/\(id)/release", nil, idempotency: "release")
        #expect(answer.status == 201)
        #expect(answer.json["kind"] == .string("release"))
        #expect(answer.json["released"] == .number("10"))
        #expect(answer.json["cause"] == .string("requested"))
        #expect(answer.json["balance"]["available"] == .number("100"))
        let again = try client.post("/v1/holds/\(id)/release", "{}", idempotency: "release")
        #expect(again.body == answer.body)
        let usage = try server.operator().get("/v1/usage?account=acme").json
        #expect(usage["total"]["calls"] == .number("0"))
    }

    @Test(arguments: [
        (#""on_expiry":"release""#, "hold_expiry", "0", "100"),
        (#""on_expiry":"capture""#, "capture", "10", "90"),
        (#""on_expiry":"capture_minimum","minimum":2.5"#, "capture", "2.5", "97.5"),
    ])
    func `a hold that nobody settles ends as it says`(
        policy: String, kind: String, credits: String, left: String
    ) throws {
        let (server, client) = try start()
        let (id, placed) = try hold(client, Self.rows + #","ttl_seconds":60,"# + policy)
        #expect(placed.status == 201)
        server.time.advance(seconds: 61)
        #expect(try balance(server)["available"] == .number(left))
        let entry = try server.operator().get("/v1/entries?account=acme&limit=1").json["data"][0]
        #expect(entry["kind"] == .string(kind))
        #expect(entry["credits"] == .number(credits))
        #expect(entry["cause"] == .string("expired"))
        #expect(entry["hold_id"] == .string(id))
        let late = try client.post("/v1/holds/\(id)/capture", "{}", idempotency: "late")
        #expect(late.json["code"] == .string("hold_not_open"))
    }

    @Test func `holds count against the balance`() throws {
        let (_, client) = try start(credits: "10")
        #expect(try hold(client, Self.rows).answer.status == 201)
        let second = try hold(client, Self.rows, "second").answer
        #expect(second.status == 402)
        #expect(second.json["available"] == .number("0"))
        let charge = try client.charge(#"{"account":"acme","action":"fetch"}"#, "charge")
        #expect(charge.status == 402)
    }

    @Test func `the price stays that of the hold`() throws {
        let (server, client) = try start()
        let (id, _) = try hold(client, Self.rows)
        let prices = #"{"rules":[{"id":"rows","action":"rows.*","per_call":50}]}"#
        #expect(try server.operator().put("/v1/price-lists/default", prices).status == 200)
        let answer = try client.post(
            "/v1/holds/\(id)/capture", #"{"parameters":{"rows":2}}"#, idempotency: "capture")
        #expect(answer.json["credits"] == .number("4"))
        #expect(answer.json["price"]["version"] == .number("1"))
    }

    @Test(arguments: [
        (#""ttl_seconds":0"#, "ttl_seconds"), (#""ttl_seconds":86401"#, "ttl_seconds"),
        (#""ttl_seconds":1.5"#, "ttl_seconds"), (#""on_expiry":"keep""#, "on_expiry"),
        (#""on_expiry":"capture_minimum""#, "minimum"), (#""minimum":1"#, "minimum"),
        (#""on_expiry":"capture_minimum","minimum":10.5"#, "minimum"),
        (#""on_expiry":"capture_minimum","minimum":-1"#, "minimum"),
        (#""on_short":"collect""#, "on_short"),
    ])
    func `a hold with wrong terms is refused and names the field`(
        terms: String, field: String
    ) throws {
        let (server, client) = try start()
        let (_, answer) = try hold(client, Self.rows + "," + terms)
        #expect(answer.status == 422, "\(answer.json)")
        #expect(answer.json["field"] == .string(field))
        #expect(try balance(server)["held"] == .number("0"))
    }

    @Test func `only the hold's outcome can be said at its capture`() throws {
        let (_, client) = try start()
        let (id, _) = try hold(client, Self.rows)
        for field in ["account", "action", "team", "run", "ttl_seconds"] {
            let answer = try client.post(
                "/v1/holds/\(id)/capture", #"{"\#(field)":"x"}"#, idempotency: field)
            #expect(answer.json["code"] == .string("unknown_field"), "\(field)")
        }
        let byHand = try hold(client, #""account":"acme","action":"any","amount":2"#, "hand").id
        let answer = try client.post(
            "/v1/holds/\(byHand)/capture", #"{"parameters":{"rows":1}}"#, idempotency: "c")
        #expect(answer.json["field"] == .string("parameters"))
    }

    @Test func `a hold that never was is not there`() throws {
        let (_, client) = try start()
        let entry = try client.charge(#"{"account":"acme","action":"fetch"}"#, "k").json
        let charge = try #require(entry["entry_id"].text)
        for id in ["hld_00000000000000000000000000", "hld_x", "hld_" + charge.dropFirst(4), charge]
        {
            for route in ["capture", "release"] {
                let answer = try client.post("/v1/holds/\(id)/\(route)", "{}", idempotency: "c")
                #expect(answer.status == 404, "\(id) \(route)")
            }
        }
        let customer = try client.post("/v1/holds", "{\(Self.rows)}")
        #expect(customer.json["code"] == .string("idempotency_key_required"))
    }

    @Test func `what is said of a held call is on its entries`() throws {
        let (server, client) = try start()
        let call = Self.rows + #","team":"red","run":"r1","metadata":{"a":"b"}"#
        let (id, _) = try hold(client, call)
        _ = try client.post(
            "/v1/holds/\(id)/capture", #"{"status":200,"results":5,"bytes":9}"#,
            idempotency: "capture")
        let reader = try server.operator()
        let entries = try reader.get("/v1/entries?account=acme&run=r1").json["data"]
        #expect(entries[0]["kind"] == .string("capture"))
        #expect(entries[1]["kind"] == .string("hold"))
        for index in 0..<2 {
            #expect(entries[index]["team"] == .string("red"))
            #expect(entries[index]["metadata"]["a"] == .string("b"))
        }
        #expect(entries[0]["results"] == .number("5"))
        #expect(entries[0]["bytes"] == .number("9"))
        for kind in ["hold", "capture"] {
            let found = try reader.get("/v1/entries?account=acme&kind=\(kind)").json["data"]
            #expect(found[0]["kind"] == .string(kind))
            #expect(found[1] == .invalid)
        }
        let csv = try reader.get("/v1/entries?account=acme", ["Accept: text/csv"])
        #expect(csv.text.contains(",capture,rows.list,10,0,"))
        #expect(csv.text.contains(",hold,rows.list,0,0,"))
    }
}
