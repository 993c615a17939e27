import Credit
import Testing

@Suite struct ReadingTests {
    @Test func `the balance says where the credits are`() throws {
        let server = try TestServer()
        let client = try server.account("acme", credits: "10")
        _ = try client.post(
            "/v1/accounts/acme/grants",
            #"{"amount":5,"kind":"plan","package":"Pro","expires_at":"2999-01-01T00:00:00Z"}"#,
            idempotency: "plan")
        _ = try client.charge(#"{"account":"acme","action":"any","amount":6.5}"#, "k")
        let answer = try server.customer(of: "acme").get("/v1/balance")
        let json = answer.json
        #expect(
            json.keys == [
                "account", "plan", "available", "held", "used", "granted", "negative",
                "uncollected", "period", "resets_at", "average_daily", "runs_out_at", "grants",
                "seq",
            ])
        #expect(json["available"] == .number("8.5"))
        #expect(json["used"] == .number("6.5"))
        #expect(json["granted"] == .number("15"))
        #expect(json["seq"] == .number("3"))
        #expect(json["average_daily"] == .number("6.5"))
        #expect(json["runs_out_at"].text != nil)
        #expect(json["period"]["end"] == .null)
        #expect(json["grants"].elements.count == 1)
        #expect(json["grants"][0]["remaining"] == .number("8.5"))
        #expect(json["grants"][0]["kind"] == .string("top_up"))
        #expect(answer.headers["tally-credits-remaining"] == "8.5")
        #expect(answer.headers["tally-credits-used"] == nil)
        #expect(answer.headers["tally-credits-reset"] == nil)
    }

    @Test func `what a balance says of the future follows each charge and the time`() throws {
        let server = try TestServer()
        let client = try server.account("acme", credits: "100")
        let reader = try server.customer(of: "acme")
        for (count, key) in ["a", "b", "c"].enumerated() {
            _ = try client.charge(#"{"account":"acme","action":"any","amount":10}"#, key)
            for _ in 0..<2 {
                let balance = try reader.get("/v1/balance").json
                #expect(balance["average_daily"] == .number("\((count + 1) * 10)"))
            }
        }
        let soon = try #require(try reader.get("/v1/balance").json["runs_out_at"].text)
        // A day without a charge makes the average smaller, though nothing happened.
        server.time.advance(seconds: 3 * 86_400)
        let balance = try reader.get("/v1/balance").json
        #expect(balance["average_daily"] != .number("30"))
        #expect(try #require(balance["runs_out_at"].text) > soon)
    }

    @Test func `CoinStats' clients read their credits`() throws {
        let server = try TestServer()
        let client = try server.account("acme", credits: "100000")
        _ = try client.charge(#"{"account":"acme","action":"any","amount":45000}"#, "k")
        let key = try server.customer(of: "acme").key ?? ""
        let keyless = try server.client()
        for path in ["/v1/usage/credits", "/usage/credits"] {
            for header in ["X-API-KEY: \(key)", "Authorization: Bearer \(key)"] {
                let answer = try keyless.get(path, [header])
                #expect(answer.status == 200)
                #expect(
                    answer.text == #"{"totalCredits":100000,"usedCredits":45000,"#
                        + #""remainingCredits":55000,"subscription":"none"}"#)
            }
            let wrong = try keyless.get(path, ["X-API-KEY: nope"])
            #expect(wrong.status == 401)
            #expect(wrong.json.keys == ["statusCode", "message", "requestId", "path"])
            #expect(wrong.json["statusCode"] == .number("401"))
            #expect(wrong.json["message"] == .string("Unauthorized"))
            #expect(wrong.json["path"] == .string(path))
            let id = try #require(wrong.json["requestId"].text)
            #expect(id.split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
            #expect(id == wrong.headers["x-request-id"])
        }
        #expect(try client.get("/v1/usage/credits?account=acme").status == 200)
        #expect(try client.get("/v1/usage/credits").json["statusCode"] == .number("400"))
        #expect(try client.get("/v1/usage/credits?account=x").json["statusCode"] == .number("404"))
    }

    @Test func `entries come newest first, a page at a time`() throws {
        let server = try TestServer()
        let client = try server.account("acme", credits: "10")
        let fields = #""account":"acme","action":"fetch","team":"t1","run":"r1","status":404"#
        for index in 0..<5 { _ = try client.charge("{\(fields)}", "k\(index)") }
        _ = try client.charge(#"{"account":"acme","action":"any","amount":50}"#, "refused")
        let all = try client.get("/v1/entries?account=acme").json
        #expect(all["next_cursor"] == .null)
        #expect(
            all["data"].elements.map { $0["kind"].text } == [
                "refusal", "charge", "charge", "charge", "charge", "charge", "grant",
            ])
        let refusal = all["data"][0]
        #expect(refusal["seq"] == .null)
        #expect(refusal["credits"] == .number("0"))
        #expect(refusal["code"] == .string("insufficient_credits"))
        #expect(refusal["required"] == .number("50"))
        var (cursor, seen): (String?, [JSONTree]) = (nil, [])
        repeat {
            let query = cursor.map { "&cursor=\($0)" } ?? ""
            let page = try client.get("/v1/entries?account=acme&limit=3\(query)").json
            seen += page["data"].elements
            cursor = page["next_cursor"].text
        } while cursor != nil
        #expect(seen == all["data"].elements)
        for entry in seen {
            let id = try #require(entry["entry_id"].text)
            #expect(try client.get("/v1/entries/\(id)").json == entry)
            #expect(try client.get("/v1/entries/\(id)?account=acme").json == entry)
        }
        #expect(try client.get("/v1/entries?account=acme&cursor=x").status == 422)
    }

    @Test(arguments: [
        ("kind=grant", 1), ("kind=charge", 4), ("action=fetch", 2), ("team=t1", 1),
        ("run=r1&team=t1", 1), ("run=r2", 0), ("status=failed", 1), ("status=404", 1),
        ("min_credits=2", 2), ("min_credits=2&kind=charge", 1), ("scenario=s1", 1),
        ("to=2001-01-01T00:00:00Z", 0), ("from=2001-01-01T00:00:00Z", 5),
        ("from=2999-01-01T00:00:00Z", 0), ("key=key_00000000000000000000000000", 0),
    ])
    func `entries can be chosen`(query: String, count: Int) throws {
        let server = try TestServer()
        let client = try server.account("acme", credits: "10")
        for (index, fields) in [
            #""action":"fetch","team":"t1","run":"r1""#,
            #""action":"fetch","status":"failed","scenario":"s1","scenario_type":"agent""#,
            #""action":"rows.a","parameters":{"rows":0.5},"status":"404""#,
            #""action":"any","amount":3"#,
        ].enumerated() {
            #expect(
                try client.charge(#"{"account":"acme",\#(fields)}"#, "k\(index)").status == 201)
        }
        let answer = try client.get("/v1/entries?account=acme&\(query)")
        #expect(answer.json["data"].elements.count == count, "\(answer.text)")
    }

    @Test func `entries come as CSV and as lines too`() throws {
        let server = try TestServer()
        let client = try server.account("acme", credits: "10")
        let parameters = #"{"q":"a,\"b\""}"#
        _ = try client.charge(
            #"{"account":"acme","action":"fetch","parameters":\#(parameters),"bytes":12}"#, "k")
        _ = try client.charge(#"{"account":"acme","action":"any","amount":50}"#, "refused")
        let csv = try client.get("/v1/entries?account=acme", ["Accept: text/csv"])
        #expect(csv.headers["content-type"] == "text/csv; charset=utf-8")
        let lines = csv.text.split(separator: "\r\n")
        #expect(lines.count == 4)
        #expect(lines[1].hasSuffix(",insufficient_credits"))
        #expect(lines[2].contains(#""{""q"":""a,\""b\""""}""#))
        let columns = lines[0].split(separator: ",").count
        for line in [lines[1], lines[3]] {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            #expect(cells.count == columns, "\(line)")
        }
        let first = try client.get(
            "/v1/entries?account=acme&limit=1", ["Accept: application/x-ndjson"])
        #expect(first.json["kind"] == .string("refusal"))
        #expect(first.headers["tally-next-cursor"]?.hasPrefix("cur_") == true)
    }

    /// However far back the end of a range is, nothing is left out that stands before it.
    @Test func `entries up to a time are all of them, refusals and runs too`() throws {
        let server = try TestServer()
        let client = try server.account("acme", credits: "1000")
        var times: [String] = []
        for number in 0..<40 {
            server.time.advance(seconds: 60)
            if number % 3 == 0 {
                _ = try client.charge(
                    #"{"account":"acme","action":"any","amount":0.1}"#, "charge-\(number)")
            } else if number % 7 == 1 {
                let started = try client.post(
                    "/v1/runs?account=acme", #"{"scenario":"s","run":"r-\#(number)"}"#)
                try #require(started.status == 201, "\(started.text)")
            } else {
                let refused = try client.charge(
                    #"{"account":"acme","action":"any","amount":5000}"#, "refused-\(number)")
                try #require(refused.status == 402, "\(refused.text)")
            }
            times.append(server.time.now().advanced(seconds: 30).rfc3339)
        }
        func entries(_ query: String) throws -> [JSONTree] {
            try client.get("/v1/entries?account=acme&limit=100&\(query)").json["data"].elements
        }
        let all = try entries("kind=refusal")
        for (number, time) in times.enumerated() {
            let refused = (0...number).count { $0 % 3 != 0 && $0 % 7 != 1 }
            #expect(try entries("kind=refusal&to=\(time)") == all.suffix(refused))
            let runs = try client.get("/v1/runs?account=acme&limit=100&to=\(time)").json["data"]
            #expect(runs.elements.count == (0...number).count { $0 % 3 != 0 && $0 % 7 == 1 })
        }
    }

    @Test func `a range that ends before it begins is refused everywhere`() throws {
        let server = try TestServer()
        let client = try server.account("acme")
        let range = "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z"
        for path in ["usage", "entries", "runs", "insights/consumption", "insights/duplicates"] {
            let answer = try client.get("/v1/\(path)?account=acme&\(range)")
            #expect(answer.status == 422, "\(path)")
            #expect(answer.json["field"] == .string("to"), "\(path)")
            #expect(answer.json["detail"] == .string("it is before from"), "\(path)")
        }
    }

    @Test func `a time that cannot be is refused with those that can`() throws {
        let server = try TestServer()
        let client = try server.account("acme")
        for (body, field, detail) in [
            (#"{"amount":1,"posted_at":"2099-01-01T00:00:00Z"}"#, "posted_at", "last entry"),
            (#"{"amount":1,"expires_at":"2020-01-01T00:00:00Z"}"#, "expires_at", "effective_at"),
        ] {
            let answer = try client.post("/v1/accounts/acme/grants", body, idempotency: field)
            #expect(answer.json["code"] == .string("timestamp_out_of_range"), "\(answer.text)")
            #expect(answer.json["field"] == .string(field))
            #expect(answer.json["detail"].text?.contains(detail) == true, "\(answer.text)")
        }
    }

    @Test func `the audit finds every balance to follow from its lots`() throws {
        let server = try TestServer()
        let client = try server.account("acme")
        try server.account("rival")
        _ = try client.charge(#"{"account":"acme","action":"fetch"}"#, "k")
        let all = try client.get("/v1/audit").json
        #expect(all["ok"] == .bool(true))
        #expect(all["accounts_checked"] == .number("2"))
        let own = try server.customer(of: "acme").get("/v1/audit").json
        #expect(own["accounts_checked"] == .number("1"))
        #expect(own["differences"].elements.isEmpty)
    }
}
