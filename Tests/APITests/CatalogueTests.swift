import Testing

@testable import API

@Suite struct CatalogueTests {
    @Test func `accounts are made, read and changed`() throws {
        let server = try TestServer()
        let client = try server.account("acme")
        let made = try client.post(
            "/v1/accounts",
            #"{"id":"b:1","name":"Bé","time_zone":"Asia/Kathmandu","overdraft_limit":1.5,"#
                + #""price_list":"default","metadata":{"crm":"7"},"anchor":"2026-01-31T00:00:00Z"}"#
        )
        #expect(made.status == 201)
        #expect(
            made.json.keys == [
                "id", "name", "plan", "next_plan", "anchor", "time_zone", "overdraft_limit",
                "price_list",
                "metadata", "suspended", "created_at",
            ])
        #expect(try client.get("/v1/accounts/b%3A1").body == made.body)
        let changed = try client.patch(
            "/v1/accounts/b:1", #"{"name":"C","price_list":null,"time_zone":"UTC"}"#)
        #expect(changed.status == 200)
        #expect(changed.json["price_list"] == .null)
        #expect(changed.json["overdraft_limit"] == .number("1.5"))
        for index in 0..<4 {
            _ = try client.post("/v1/accounts", #"{"id":"n\#(index)","name":"N"}"#)
        }
        let page = try client.get("/v1/accounts?limit=4").json
        #expect(page["data"].elements.map { $0["id"].text } == ["acme", "b:1", "n0", "n1"])
        let next = try #require(page["next_cursor"].text)
        let rest = try client.get("/v1/accounts?limit=4&cursor=\(next)").json
        #expect(rest["data"].elements.map { $0["id"].text } == ["n2", "n3"])
        #expect(rest["next_cursor"] == .null)
    }

    @Test(arguments: [
        (#"{"id":"acme","name":"x"}"#, 409, "already_exists"),
        (#"{"id":"x y","name":"x"}"#, 422, "invalid_field"),
        (#"{"id":"x"}"#, 422, "missing_field"),
        (#"{"id":"x","name":"x","plan":"pro"}"#, 422, "invalid_field"),
        (#"{"id":"x","name":"x","time_zone":"Nowhere"}"#, 422, "invalid_field"),
        (#"{"id":"x","name":"x","price_list":"none"}"#, 422, "invalid_field"),
        (#"{"id":"x","name":"x","overdraft_limit":-1}"#, 422, "amount_out_of_range"),
        (#"{"id":"x","name":"x","role":"operator"}"#, 422, "unknown_field"),
        (#"{"id":"x","name":"x\u0000"}"#, 422, "invalid_field"),
        (#"{"id":"x","name":""}"#, 422, "invalid_field"),
    ])
    func `accounts that cannot be`(body: String, status: Int, code: String) throws {
        let server = try TestServer()
        let answer = try server.account("acme").post("/v1/accounts", body)
        #expect(answer.status == status)
        #expect(answer.json["code"] == .string(code))
    }

    @Test func `keys are shown once, changed, verified and revoked`() throws {
        let server = try TestServer()
        let client = try server.account("acme", credits: "5")
        let path = "/v1/accounts/acme/keys"
        let made = try client.post(path, #"{"name":"k","scopes":["read","fetch"]}"#)
        #expect(made.status == 201)
        let secret = try #require(made.json["key"].text)
        let id = try #require(made.json["id"].text)
        #expect(secret.hasPrefix("tally_key_"))
        #expect(made.json["hint"].text.map { secret.hasPrefix($0) } == true)
        func verify(_ key: String) throws -> JSONTree {
            try client.post("/v1/keys/verify", #"{"key":"\#(key)"}"#).json
        }
        let valid = try verify(secret)
        #expect(
            valid.keys == ["valid", "account", "key_id", "scopes", "plan", "balance"])
        #expect(valid["balance"]["available"] == .number("5"))
        #expect(valid["key_id"] == .string(id))
        #expect(try verify("tally_key_x")["reason"] == .string("malformed"))
        #expect(try verify("else")["reason"] == .string("unknown"))
        #expect(try verify(server.operatorKey)["reason"] == .string("unknown"))
        let listed = try client.get(path).json["data"]
        #expect(listed[0]["name"] == .string("k"))
        #expect(listed[0]["key"] == .invalid)
        let expiry = #"{"expires_at":"2999-01-01T00:00:00Z","name":"n"}"#
        #expect(try client.patch("\(path)/\(id)", expiry).json["name"] == .string("n"))
        server.time.advance(seconds: 1000 * 366 * 86_400)
        #expect(try verify(secret)["reason"] == .string("expired"))
        #expect(
            try client.patch("\(path)/\(id)", #"{"expires_at":null}"#).json["expires_at"] == .null)
        #expect(try verify(secret)["valid"] == .bool(true))
        #expect(try client.delete("\(path)/\(id)").json["revoked"] == .bool(true))
        #expect(try verify(secret)["reason"] == .string("revoked"))
        #expect(try server.client(key: secret).get("/v1/balance").status == 401)
    }

    @Test func `a key made elsewhere is imported by its hash`() throws {
        let server = try TestServer()
        let client = try server.account("acme")
        // SHA-256 of "hello".
        let hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        let body = #"{"name":"old","import_sha256":"\#(hash)"}"#
        let made = try client.post("/v1/accounts/acme/keys", body)
        #expect(made.json["key"] == .invalid)
        #expect(made.json["hint"] == .null)
        #expect(try server.client(key: "hello").get("/v1/balance").status == 200)
        #expect(try client.post("/v1/accounts/acme/keys", body).status == 409)
        #expect(try server.customer(of: "acme").post("/v1/accounts/acme/keys", body).status == 403)
        let short = #"{"name":"old","import_sha256":"2cf2"}"#
        #expect(try client.post("/v1/accounts/acme/keys", short).status == 422)
    }

    @Test func `operators' keys are made on the machine itself`() throws {
        let server = try TestServer()
        let socket = try TestClient(path: server.socketPath)
        let made = try socket.post("/admin/keys", #"{"role":"service"}"#)
        let secret = try #require(made.json["key"].text)
        #expect(secret.hasPrefix("tally_svc_"))
        #expect(try socket.get("/admin/keys").json["data"].elements.count == 2)
        #expect(try socket.post("/admin/keys", #"{"role":"customer"}"#).status == 422)
        let id = try #require(made.json["id"].text)
        #expect(try server.client(key: secret).get("/v1/balance?account=x").status == 404)
        #expect(try socket.delete("/admin/keys/\(id)").json["revoked"] == .bool(true))
        #expect(try server.client(key: secret).get("/v1/balance?account=x").status == 401)
        #expect(try socket.get("/v1/audit").status == 401)
    }

    @Test func `price lists have versions that never change`() throws {
        let server = try TestServer()
        let client = try server.account("acme")
        let first = try client.get("/v1/price-lists/default").json
        let put = try client.put(
            "/v1/price-lists/default", #"{"rules":[{"id":"f","action":"fetch","per_call":9}]}"#)
        #expect(put.status == 200)
        #expect(put.json["version"] == .number("2"))
        #expect(try client.get("/v1/price-lists/default").json["version"] == .number("2"))
        let old = try client.get("/v1/price-lists/default/versions/1").json
        #expect(old["rules"] == first["rules"])
        #expect(try client.get("/v1/price-lists/default/versions/3").status == 404)
        #expect(try client.get("/v1/price-lists/none").status == 404)
        let charged = try client.charge(#"{"account":"acme","action":"fetch"}"#, "k").json
        #expect(charged["credits"] == .number("9"))
        #expect(charged["price"]["version"] == .number("2"))
        let later = try client.put(
            "/v1/price-lists/default", #"{"rules":[],"effective_at":"2999-01-01T00:00:00Z"}"#)
        #expect(later.json["version"] == .number("3"))
        #expect(try client.get("/v1/price-lists/default").json["latest_version"] == .number("3"))
        #expect(try client.get("/v1/price-lists/default").json["version"] == .number("2"))
        let listed = try server.customer(of: "acme").get("/v1/price-lists").json
        #expect(listed["data"][0]["name"] == .string("default"))
    }

    @Test(arguments: [
        ("{", 400, "invalid_json"), ("{}", 422, "missing_field"),
        (#"{"rules":[{"id":"a"}]}"#, 422, "missing_field"),
        (#"{"rules":[],"x":1}"#, 422, "unknown_field"),
        (#"{"rules":[{"id":"a","action":"a","per_call":"x"}]}"#, 422, "invalid_amount"),
        (#"{"rules":[],"effective_at":"2001-01-01T00:00:00Z"}"#, 422, "timestamp_out_of_range"),
    ])
    func `price lists that are none`(body: String, status: Int, code: String) throws {
        let server = try TestServer()
        let answer = try server.operator().put("/v1/price-lists/default", body)
        #expect(answer.status == status)
        #expect(answer.json["code"] == .string(code))
    }
}
