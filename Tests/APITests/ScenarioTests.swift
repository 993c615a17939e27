import Testing

@Suite struct ScenarioTests {
    private static let body = """
        {"name":"Enrich leads","type":"scenario","team":"sales",
         "modules":[{"id":"watch","name":"Watch"},{"id":"enrich","kind":"explorium"}],
         "links":[["watch","enrich"]]}
        """

    private func start() throws -> (TestServer, TestClient) {
        let server = try TestServer()
        _ = try server.account("acme")
        return (server, try server.service())
    }

    @Test func `a scenario is described, shown, listed and described anew`() throws {
        let (server, client) = try start()
        let path = "/v1/scenarios/enrich?account=acme"
        let made = try client.put(path, Self.body)
        #expect(made.status == 200)
        #expect(made.json["id"] == .string("enrich"))
        #expect(made.json["team"] == .string("sales"))
        #expect(made.json["modules"].elements.map { $0["id"].text } == ["watch", "enrich"])
        #expect(made.json["modules"].elements[1]["name"] == .null)
        #expect(made.json["links"].elements[0].elements.map(\.text) == ["watch", "enrich"])
        #expect(try client.get(path).body == made.body)
        server.time.advance(seconds: 60)
        let again = try client.put(path, #"{"name":"E","type":"agent"}"#)
        #expect(again.json["created_at"] == made.json["created_at"])
        #expect(again.json["updated_at"] != made.json["updated_at"])
        #expect(again.json["type"] == .string("agent"))
        #expect(again.json["modules"].elements.isEmpty)
        for id in ["b", "a", "c"] {
            _ = try client.put("/v1/scenarios/\(id)?account=acme", #"{"name":"N","type":"agent"}"#)
        }
        let page = try client.get("/v1/scenarios?account=acme&limit=3").json
        #expect(page["data"].elements.map { $0["id"].text } == ["a", "b", "c"])
        let cursor = try #require(page["next_cursor"].text)
        let rest = try client.get("/v1/scenarios?account=acme&limit=3&cursor=\(cursor)").json
        #expect(rest["data"].elements.map { $0["id"].text } == ["enrich"])
        #expect(rest["next_cursor"] == .null)
    }

    @Test(arguments: [
        (#"{"type":"agent"}"#, "missing_field", "name"),
        (#"{"name":"n","type":"robot"}"#, "invalid_field", "type"),
        (#"{"name":"n","type":"agent","modules":[{"name":"m"}]}"#, "invalid_field", "modules"),
        (
            #"{"name":"n","type":"agent","modules":[{"id":"m"},{"id":"m"}]}"#, "invalid_field",
            "modules"
        ),
        (#"{"name":"n","type":"agent","links":[["m","n"]]}"#, "invalid_field", "links"),
        (
            #"{"name":"n","type":"agent","modules":[{"id":"m"}],"links":[["m"]]}"#,
            "invalid_field", "links"
        ),
        (#"{"name":"n","type":"agent","x":1}"#, "unknown_field", "x"),
    ])
    func `what is wrong with a description is named`(
        body: String, code: String, field: String
    ) throws {
        let (_, client) = try start()
        let answer = try client.put("/v1/scenarios/s?account=acme", body)
        #expect(answer.status == 422)
        #expect(answer.json["code"] == .string(code))
        #expect(answer.json["field"] == .string(field))
        #expect(try client.get("/v1/scenarios/s?account=acme").status == 404)
    }

    @Test func `too many modules and links are refused with the limit`() throws {
        let (_, client) = try start()
        let modules = (0...500).map { "{\"id\":\"m\($0)\"}" }.joined(separator: ",")
        let many = try client.put(
            "/v1/scenarios/s?account=acme",
            "{\"name\":\"n\",\"type\":\"agent\",\"modules\":[\(modules)]}")
        #expect(many.status == 422)
        #expect(many.json["detail"].text?.contains("500") == true)
        let links = repeatElement("[\"m\",\"m\"]", count: 2001).joined(separator: ",")
        let linked = try client.put(
            "/v1/scenarios/s?account=acme",
            "{\"name\":\"n\",\"type\":\"agent\",\"modules\":[{\"id\":\"m\"}],\"links\":[\(links)]}")
        #expect(linked.status == 422)
        #expect(linked.json["detail"].text?.contains("2000") == true)
    }

    @Test func `customers read their own and write none`() throws {
        let (server, client) = try start()
        _ = try server.account("other")
        _ = try client.put("/v1/scenarios/s?account=acme", Self.body)
        _ = try client.post("/v1/runs?account=acme", #"{"scenario":"s","run":"r"}"#)
        let own = try server.customer(of: "acme")
        let stranger = try server.customer(of: "other")
        #expect(try own.get("/v1/scenarios/s").status == 200)
        #expect(try own.get("/v1/runs/r").status == 200)
        #expect(try own.get("/v1/runs").json["data"].elements.count == 1)
        for target in ["/v1/scenarios/s", "/v1/runs/r", "/v1/scenarios/s?account=acme"] {
            #expect(try stranger.get(target).status == 404)
        }
        #expect(try stranger.get("/v1/runs").json["data"].elements.isEmpty)
        #expect(try own.put("/v1/scenarios/s", Self.body).status == 403)
        #expect(try own.post("/v1/runs", #"{"scenario":"s","run":"r"}"#).status == 403)
        #expect(try own.post("/v1/runs/r/finish", #"{"status":"failed"}"#).status == 403)
    }
}

@Suite struct RunTests {
    private func start() throws -> (TestServer, TestClient) {
        let server = try TestServer()
        _ = try server.account("acme", credits: "1000")
        return (server, try server.operator())
    }

    private func charge(
        _ client: TestClient, _ key: String, _ amount: String, run: String, module: String = "m",
        status: String = "succeeded"
    ) throws {
        let answer = try client.charge(
            """
            {"account":"acme","action":"any","amount":\(amount),"scenario":"s","run":"\(run)",
            "module":"\(module)","status":"\(status)","bytes":100,"duration_ms":7}
            """, key)
        #expect(answer.status == 201)
    }

    @Test(arguments: [false, true])
    func `a run adds up what its calls used, by module`(isStored: Bool) throws {
        let (server, client) = try start()
        let began = try client.post("/v1/runs?account=acme", #"{"scenario":"s","run":"r-1"}"#)
        #expect(began.status == 201)
        #expect(began.json["status"] == .string("running"))
        #expect(began.json["calls"] == .number("0"))
        for number in 0..<4 {
            server.time.advance(seconds: 10)
            try charge(
                client, "k\(number)", "\(number + 1).5", run: "r-1",
                module: number < 3 ? "a" : "b", status: number == 1 ? "failed" : "succeeded")
            try charge(client, "other\(number)", "7", run: "r-2")
        }
        if isStored { try server.checkpoint(cellQuarters: 1) }
        server.time.advance(seconds: 5)
        let entry = try client.get("/v1/entries?account=acme&run=r-1&limit=1").json["data"]
        let id = try #require(entry.elements[0]["entry_id"].text)
        let refunded = try client.post(
            "/v1/refunds", "{\"entry_id\":\"\(id)\",\"amount\":2}", idempotency: "refund")
        #expect(refunded.status == 201)
        let ended = try client.post("/v1/runs/r-1/finish?account=acme", #"{"status":"partial"}"#)
        #expect(ended.status == 200)
        let run = try client.get("/v1/runs/r-1?account=acme").json
        #expect(run["status"] == .string("partial"))
        #expect(run["scenario"] == .string("s"))
        #expect(run["credits"] == .number("10"))
        #expect(run["calls"] == .number("4"))
        #expect(run["failed_calls"] == .number("1"))
        #expect(run["bytes"] == .number("400"))
        // The test's clock goes on by itself too.
        guard case .number(let digits) = run["duration_ms"], let milliseconds = Int(digits) else {
            Issue.record("\(run)")
            return
        }
        #expect(45_000..<60_000 ~= milliseconds)
        #expect(run["started_at"] == began.json["started_at"])
        let modules = run["modules"].elements
        #expect(modules.map { $0["module"].text } == ["a", "b"])
        #expect(modules.map { $0["credits"] } == ["7.5", "2.5"].map { .number($0) })
        #expect(modules.map { $0["calls"] } == ["3", "1"].map { .number($0) })
        #expect(modules[0]["failed_calls"] == .number("1"))
        #expect(modules[0]["duration_ms"] == .number("21"))
        #expect(run["modules_complete"] == .bool(true))
        try checkEntriesAndUsage(client)
    }

    private func checkEntriesAndUsage(_ client: TestClient) throws {
        // The entries of the run are its calls and the refund, not its reports.
        let entries = try client.get("/v1/entries?account=acme&run=r-1").json["data"].elements
        #expect(entries.map { $0["kind"].text } == ["refund"] + repeatElement("charge", count: 4))
        let usage = try client.get("/v1/usage?account=acme&group_by=run").json
        let groups = usage["buckets"].elements.flatMap { $0["groups"].elements }
        #expect(groups.map { $0["run"].text } == ["r-2", "r-1"])
        #expect(groups.map { $0["credits"] } == [.number("28"), .number("10")])
    }

    @Test func `a run does not go on until a refund`() throws {
        let (server, client) = try start()
        try charge(client, "k0", "1", run: "r")
        server.time.advance(seconds: 60)
        try charge(client, "k1", "2", run: "r")
        let before = try client.get("/v1/runs/r?account=acme").json
        let id = try client.get("/v1/entries?account=acme&limit=1").json["data"][0]["entry_id"].text
        for isStored in [false, true] {
            if isStored { try server.checkpoint(cellQuarters: 1) }
            server.time.advance(seconds: 3600)
            let refunded = try client.post(
                "/v1/refunds", "{\"entry_id\":\"\(try #require(id))\",\"amount\":1}",
                idempotency: "r\(isStored)")
            #expect(refunded.status == 201)
            let run = try client.get("/v1/runs/r?account=acme").json
            #expect(run["credits"] == .number(isStored ? "1" : "2"))
            for name in ["first_at", "last_at", "duration_ms"] {
                #expect(run[name] == before[name], "\(name)")
            }
        }
    }

    @Test func `runs are listed by when they began, page by page`() throws {
        let (server, client) = try start()
        for round in 0..<3 {
            for number in 0..<5 {
                server.time.advance(seconds: 1)
                try charge(client, "k\(round)-\(number)", "1", run: "r-\(number)")
            }
            if round == 1 { try server.checkpoint(cellQuarters: 1) }
        }
        _ = try client.post("/v1/runs?account=acme", #"{"scenario":"t","run":"late"}"#)
        _ = try client.post("/v1/runs/r-3/finish?account=acme", #"{"status":"failed"}"#)
        var names: [String?] = []
        var cursor = ""
        for _ in 0..<10 {
            let page = try client.get("/v1/runs?account=acme&limit=4\(cursor)").json
            names += page["data"].elements.map { $0["run"].text }
            guard let next = page["next_cursor"].text else { break }
            cursor = "&cursor=\(next)"
        }
        #expect(names == ["late", "r-4", "r-3", "r-2", "r-1", "r-0"])
        let list = { (query: String) in
            try client.get("/v1/runs?account=acme&\(query)").json["data"].elements
        }
        #expect(try list("scenario=t").map { $0["run"].text } == ["late"])
        #expect(try list("status=failed").map { $0["run"].text } == ["r-3"])
        #expect(try list("status=running").map { $0["run"].text } == ["late"])
        let third = try #require(try list("scenario=s")[2]["first_at"].text)
        #expect(try list("from=\(third)").map { $0["run"].text } == ["late", "r-4", "r-3", "r-2"])
        #expect(try list("to=\(third)").map { $0["run"].text } == ["r-1", "r-0"])
        #expect(try list("scenario=nothing").isEmpty)
    }

    @Test func `a report says when a run began, once, and how it ended, at last`() throws {
        let (server, client) = try start()
        let past = "2026-11-20T00:00:00Z"
        let began = try client.post(
            "/v1/runs?account=acme", #"{"scenario":"s","run":"r","started_at":"\#(past)"}"#)
        try #require(began.status == 201, "\(began.text) at \(server.time.now())")
        #expect(began.json["started_at"] == .string(past))
        let again = try client.post("/v1/runs?account=acme", #"{"scenario":"s","run":"r"}"#)
        #expect(again.status == 201)
        #expect(again.json["started_at"] == .string(past))
        #expect(again.json["scenario"] == .string("s"))
        let other = try client.post("/v1/runs?account=acme", #"{"scenario":"x","run":"r"}"#)
        #expect(other.status == 409)
        #expect(other.json["code"] == .string("already_exists"))
        #expect(other.json["field"] == .string("scenario"))
        let nobody = try client.post(
            "/v1/runs/never/finish?account=acme", #"{"status":"failed"}"#)
        #expect(nobody.status == 404)
        #expect(try client.get("/v1/runs/never?account=acme").status == 404)
        for status in ["failed", "cancelled"] {
            let ended = try client.post(
                "/v1/runs/r/finish?account=acme", #"{"status":"\#(status)"}"#)
            #expect(ended.json["status"] == .string(status))
        }
        let future = try client.post(
            "/v1/runs?account=acme",
            #"{"scenario":"s","run":"q","started_at":"2099-01-01T00:00:00Z"}"#)
        #expect(future.json["code"] == .string("timestamp_out_of_range"))
        #expect(future.json["field"] == .string("started_at"))
        #expect(try client.get("/v1/runs/q?account=acme").status == 404)
        let unknown = try client.post("/v1/runs?account=nobody", #"{"scenario":"s","run":"r"}"#)
        #expect(unknown.status == 404)
        let status = try client.post("/v1/runs/r/finish?account=acme", #"{"status":"great"}"#)
        #expect(status.json["field"] == .string("status"))
    }
}
