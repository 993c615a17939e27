import Credit
import Testing

@Suite struct InsightTests {
    private func start() throws -> (TestServer, TestClient) {
        let server = try TestServer()
        _ = try server.account("acme", credits: "100000")
        return (server, try server.operator())
    }

    private func charge(
        _ client: TestClient, _ key: String, _ amount: String, action: String = "fetch",
        parameters: String = "{}", at time: String? = nil
    ) throws -> String {
        let posted = time.map { ",\"posted_at\":\"\($0)\"" } ?? ""
        let answer = try client.charge(
            """
            {"account":"acme","action":"\(action)","amount":\(amount),"parameters":\(parameters)\(posted)}
            """, key)
        try #require(answer.status == 201, "\(answer.text)")
        return try #require(answer.json["entry_id"].text)
    }

    @Test(arguments: [false, true])
    func `what used most is told by action, key and parameters`(isStored: Bool) throws {
        let (server, client) = try start()
        for number in 0..<6 {
            _ = try charge(client, "a\(number)", "5", parameters: #"{"q":"x","n":1}"#)
            _ = try charge(client, "b\(number)", "1", parameters: "{\"q\":\"\(number)\"}")
        }
        if isStored { try server.checkpoint(cellQuarters: 1) }
        let last = try charge(client, "c", "2.5", parameters: #"{"n":1,"q":"x"}"#)
        _ = try charge(client, "d", "7.5", action: "enrich")
        let answer = try client.get("/v1/insights/consumption?account=acme&limit=2")
        #expect(answer.status == 200)
        let json = answer.json
        #expect(json["credits"] == .number("46"))
        #expect(json["calls"] == .number("14"))
        #expect(json["complete"] == .bool(true))
        #expect(json["actions"].elements.map { $0["action"].text } == ["fetch", "enrich"])
        #expect(json["actions"][0]["credits"] == .number("38.5"))
        #expect(json["actions"][0]["share_percent"] == .number("83.69"))
        #expect(json["keys"][0]["key"] == .null)
        let calls = json["parameters"].elements
        #expect(calls.count == 2)
        #expect(calls[0]["parameters"]["q"] == .string("x"))
        #expect(calls[0]["credits"] == .number("32.5"))
        #expect(calls[0]["calls"] == .number("7"))
        #expect(calls[0]["last_entry_id"] == .string(last))
        let only = try client.get("/v1/insights/consumption?account=acme&action=enrich").json
        #expect(only["credits"] == .number("7.5"))
    }

    @Test func `what was paid for twice is told with examples`() throws {
        let (server, client) = try start()
        let first = try charge(client, "a", "5", parameters: #"{"id":[1,2],"full":true}"#)
        server.time.advance(seconds: 100)
        let second = try charge(client, "b", "4", parameters: #"{"full":true,"id":[1,2]}"#)
        server.time.advance(seconds: 100)
        let third = try charge(client, "c", "3", parameters: #"{"full":true,"id":[1,2]}"#)
        _ = try charge(client, "other", "3", parameters: #"{"full":true,"id":[2,1]}"#)
        _ = try charge(
            client, "action", "3", action: "enrich", parameters: #"{"full":true,"id":[1,2]}"#)
        for number in 0..<2 {
            _ = try charge(client, "none\(number)", "3")
            _ = try charge(client, "free\(number)", "0", parameters: #"{"x":1}"#)
        }
        server.time.advance(seconds: 500)
        _ = try charge(client, "late", "9", parameters: #"{"full":true,"id":[1,2]}"#)
        let target = "/v1/insights/duplicates?account=acme&window_seconds="
        let near = try client.get(target + "300").json
        #expect(near["repeats"] == .number("2"))
        #expect(near["credits"] == .number("7"))
        #expect(near["groups"].elements.count == 1)
        #expect(near["groups"][0]["action"] == .string("fetch"))
        let examples = near["groups"][0]["examples"].elements
        #expect(examples.map { $0["entry_id"].text } == [third, second])
        #expect(examples.map { $0["repeats_entry_id"].text } == [second, first])
        #expect(try client.get(target + "10000").json["credits"] == .number("16"))
        #expect(try client.get(target + "1").json["repeats"] == .number("0"))
        for wrong in ["0", "x", "99999999"] {
            let refused = try client.get(target + wrong)
            #expect(refused.status == 422)
            #expect(refused.json["field"] == .string("window_seconds"))
        }
    }

    @Test func `parts of a day have the repeats of the day`() throws {
        let (server, client) = try start()
        var times = [server.time.now()]
        for number in 0..<6 {
            _ = try charge(client, "k\(number)", "1", parameters: #"{"id":7}"#)
            server.time.advance(seconds: 600)
            times.append(server.time.now())
        }
        func repeats(_ from: Int, _ to: Int) throws -> Int {
            let json = try client.get(
                "/v1/insights/duplicates?account=acme&window_seconds=900&from="
                    + "\(times[from].rfc3339)&to=\(times[to].rfc3339)"
            ).json
            #expect(json["complete"] == .bool(true))
            return json["repeats"].number ?? -1
        }
        #expect(try repeats(0, 6) == 5)
        #expect(try repeats(0, 1) == 0)
        for cut in 1..<6 {
            #expect(try repeats(0, cut) + repeats(cut, 6) == 5, "\(cut)")
            #expect(try repeats(cut, cut + 1) == 1)
        }
    }

    @Test func `entries are counted that lie in what was asked for`() throws {
        let (server, client) = try start()
        for number in 0..<5 { _ = try charge(client, "k\(number)", "1") }
        server.time.advance(seconds: 7200)
        let from = server.time.now().advanced(seconds: -3600).rfc3339
        for name in ["duplicates?window_seconds=60&", "consumption?"] {
            let answer = try client.get("/v1/insights/\(name)account=acme&from=\(from)")
            #expect(answer.json["entries_read"] == .number("0"), "\(answer.text)")
        }
    }

    @Test func `on the first day use is taken to go on`() throws {
        let (_, client) = try start()
        _ = try charge(client, "k", "10")
        let json = try client.get("/v1/insights/forecast?account=acme").json
        #expect(json["today"] == .number("10"))
        #expect(json["forecast"]["next_7_days"] == .number("70"))
        #expect(json["forecast"]["error_percent"] == .null)
        #expect(json["usual_day"]["days"] == .number("0"))
        let answer = try client.get("/v1/balance?account=acme").json
        #expect(answer["average_daily"] == .number("10"))
    }

    @Test func `days of the forecast are those of the calendar`() throws {
        let server = try TestServer()
        let client = try server.account("acme", credits: "0")
        // To a Saturday at 16:32; 1970-01-01 was a Thursday.
        let now = server.time.now().micros / 1_000_000
        let saturday = (now / 604_800 + 2) * 604_800 + 2 * 86_400
        server.time.advance(seconds: saturday + 16 * 3600 + 32 * 60 - now)
        let first = saturday - 54 * 86_400
        let time = { (hour: Int64) in Instant(micros: (first + hour * 3600) * 1_000_000).rfc3339 }
        let granted = try client.post(
            "/v1/accounts/acme/grants", #"{"amount":970,"posted_at":"\#(time(0))"}"#,
            idempotency: "g")
        try #require(granted.status == 201, "\(granted.text)")
        let hours = (0..<Int64(54 * 24)).filter { $0 / 24 % 7 < 5 }
        let items = hours.map { hour in
            #"{"idempotency_key":"k\#(hour)","account":"acme","action":"a","amount":1,"#
                + #""posted_at":"\#(time(hour))"}"#
        }
        let charged = try client.post(
            "/v1/charges/batch", "{\"charges\":[\(items.joined(separator: ","))]}")
        try #require(charged.status == 200)
        let answer = try client.get("/v1/insights/forecast?account=acme").json
        #expect(answer["available"] == .number("10"))
        #expect(answer["forecast"]["method"] == .string("same_weekday_of_4_weeks"))
        let monday = Instant(micros: (saturday + 2 * 86_400 + 10 * 3600) * 1_000_000).rfc3339
        #expect(answer["forecast"]["runs_out_at"] == .string(monday))
        let balance = try client.get("/v1/balance?account=acme").json
        #expect(balance["runs_out_at"] == .string(monday))
    }

    @Test(arguments: [(20, "10"), (40, "10"), (1, "10"), (0, "5")])
    func `the average is that of whole days`(days: Int, average: String) throws {
        let (server, client) = try start()
        let rest = 86_400 - server.time.now().micros / 1_000_000 % 86_400
        server.time.advance(seconds: rest + 18 * 3600)
        for day in 0..<days {
            _ = try charge(client, "k\(day)", "10")
            server.time.advance(seconds: 86_400)
        }
        _ = try charge(client, "today", "5")
        for path in ["/v1/balance", "/v1/insights/forecast"] {
            let answer = try client.get("\(path)?account=acme").json
            #expect(answer["average_daily"] == .number(average), "\(path)")
        }
    }

    @Test func `a forecast is tried on the past and tells its error`() throws {
        let (server, client) = try start()
        // Made a month ago, so that there is a past to post charges to.
        for day in 0..<28 {
            server.time.advance(seconds: 86_400)
            for number in 0..<3 { _ = try charge(client, "k\(day)-\(number)", "10") }
        }
        server.time.advance(seconds: 3600)
        let granted = try client.post(
            "/v1/accounts/acme/grants",
            """
            {"amount":500,"kind":"promo","package":"trial",
            "expires_at":"\(server.time.now().advanced(seconds: 10 * 86_400).rfc3339)"}
            """, idempotency: "promo")
        try #require(granted.status == 201, "\(granted.text)")
        let answer = try client.get("/v1/insights/forecast?account=acme")
        #expect(answer.status == 200)
        let json = answer.json
        #expect(json["average_daily"] == .number("30"))
        #expect(json["usual_day"]["credits"] == .number("30"))
        #expect(json["weekdays"].elements.count == 7)
        let forecast = json["forecast"]
        #expect(forecast["error_percent"] == .number("0"))
        #expect(forecast["next_7_days"] == .number("210"))
        #expect(forecast["methods"].elements.count == 4)
        #expect(forecast["runs_out_at"] == .null)
        let expiring = json["expiring"].elements
        #expect(expiring.count == 1)
        #expect(expiring[0]["package"] == .string("trial"))
        #expect(expiring[0]["remaining"] == .number("500"))
        #expect(expiring[0]["expected_unused"].number.map { 199...201 ~= $0 } == true)
        let taken = try client.post(
            "/v1/accounts/acme/adjustments", #"{"amount":-99060,"note":"n"}"#, idempotency: "less")
        try #require(taken.status == 201, "\(taken.text)")
        let short = try client.get("/v1/insights/forecast?account=acme").json["forecast"]
        #expect(short["runs_out_at"].text != nil)
        #expect(short["runs_out_earliest"].text != nil)
        // A day that has used more than it was told to use, 130, counts with what it used.
        _ = try charge(client, "more", "100")
        let later = try client.get("/v1/insights/forecast?account=acme").json["forecast"]
        #expect(later["next_7_days"] == .number("310"))
    }
}

extension JSONTree {
    /// The whole part of a number.
    fileprivate var number: Int? {
        guard case .number(let digits) = self else { return nil }
        return Int(digits.prefix { $0 != "." })
    }
}
