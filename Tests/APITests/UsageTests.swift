import Testing
import Wire

@Suite struct UsageTests {
    /// A server whose account was charged at some times in November 2025.
    private static func server(
        _ charges: [(time: String, amount: String)], limits: APILimits = APILimits()
    ) throws -> TestServer {
        let server = try TestServer(limits: limits)
        let client = try server.account("acme", credits: "0")
        let granted = try client.post(
            "/v1/accounts/acme/grants",
            #"{"amount":1000,"posted_at":"2025-01-01T00:00:00Z"}"#, idempotency: "grant")
        #expect(granted.status == 201)
        for (index, charge) in charges.enumerated() {
            let answer = try client.charge(
                #"{"account":"acme","action":"a\#(index % 2)","amount":\#(charge.amount),"#
                    + #""bytes":10,"posted_at":"\#(charge.time)"}"#, "k\(index)")
            #expect(answer.status == 201, "\(answer.text)")
            #expect(answer.json["created_at"] == .string(charge.time))
        }
        return server
    }

    @Test func `days of local time are 25 hours when clocks go back, and none is left out`() throws
    {
        let server = try Self.server([
            ("2025-11-01T12:00:00Z", "1"), ("2025-11-02T04:30:00Z", "2"),
            ("2025-11-03T04:59:59.999999Z", "4"), ("2025-11-03T05:00:00Z", "8"),
        ])
        let range = "from=2025-10-31T04:00:00Z&to=2025-11-05T05:00:00Z"
        let answer = try server.operator().get(
            "/v1/usage?account=acme&resolution=day&time_zone=America/New_York&\(range)")
        let json = answer.json
        #expect(
            json["buckets"].elements.map { $0["start"].text } == [
                "2025-10-31T04:00:00Z", "2025-11-01T04:00:00Z", "2025-11-02T04:00:00Z",
                "2025-11-03T05:00:00Z", "2025-11-04T05:00:00Z",
            ])
        #expect(
            json["buckets"].elements.map { $0["credits"].text } == ["0", "1", "6", "8", "0"])
        #expect(json["total"]["credits"] == .number("15"))
        #expect(json["total"]["calls"] == .number("4"))
        #expect(json["total"]["bytes"] == .number("40"))
        #expect(json["time_zone"] == .string("America/New_York"))
    }

    @Test func `an end behind the last entry cuts nothing, one between entries is read one by one`()
        throws
    {
        var limits = APILimits()
        limits.usageEdgeEntriesMax = 2
        let server = try Self.server(
            (0..<5).map { ("2025-11-02T12:0\($0):00Z", "1") }, limits: limits)
        let usage = { (to: String) in
            try server.operator().get(
                "/v1/usage?account=acme&resolution=day&from=2025-11-01T00:00:00Z"
                    + "&to=2025-11-02T12:0\(to)Z")
        }
        let behind = try usage("4:00.000001")
        #expect(behind.status == 200)
        #expect(behind.json["total"]["calls"] == .number("5"))
        let between = try usage("4:00")
        #expect(between.status == 422)
        #expect(between.json["detail"].text?.contains("one by one") == true)
        #expect(try usage("1:00").json["total"]["calls"] == .number("1"))
    }

    @Test func `hours that happen twice are two`() throws {
        let server = try Self.server([
            ("2025-11-02T05:30:00Z", "1"), ("2025-11-02T06:30:00Z", "2"),
        ])
        let json = try server.operator().get(
            "/v1/usage?account=acme&resolution=hour&time_zone=America/New_York"
                + "&from=2025-11-02T04:00:00Z&to=2025-11-03T05:00:00Z"
        ).json
        let buckets = json["buckets"].elements
        #expect(buckets.count == 25)
        #expect(buckets[1]["credits"] == .number("1"))
        #expect(buckets[2]["credits"] == .number("2"))
    }

    @Test func `ranges are half-open to the microsecond`() throws {
        let server = try Self.server([
            ("2025-11-05T10:07:00Z", "1"), ("2025-11-05T10:20:00Z", "2"),
            ("2025-11-05T10:52:30.000001Z", "4"), ("2025-11-05T10:53:00Z", "8"),
        ])
        let client = try server.operator()
        for (from, to, credits) in [
            ("10:07:00Z", "10:53:00Z", "7"), ("10:07:00.000001Z", "10:53:00Z", "6"),
            ("10:00:00Z", "10:52:30.000001Z", "3"), ("10:07:00Z", "10:07:00.000001Z", "1"),
            ("10:53:00Z", "10:53:00.000001Z", "8"), ("10:08:00Z", "10:09:00Z", "0"),
            ("10:07:00Z", "10:07:00Z", "0"), ("10:52:30.000002Z", "11:00:00Z", "8"),
        ] {
            let json = try client.get(
                "/v1/usage?account=acme&resolution=hour&from=2025-11-05T\(from)&to=2025-11-05T\(to)"
            ).json
            #expect(json["total"]["credits"] == .number(credits), "\(from) \(to)")
        }
    }

    @Test func `any cut of a day sums up to the day`() throws {
        let times = (0..<40).map { index in
            let seconds = index * 97
            let text = "\(100 + seconds / 60)".dropFirst()
            return ("2025-11-05T10:\(text):\("\(100 + seconds % 60)".dropFirst())Z", "1")
        }
        let server = try Self.server(times.filter { $0.0 < "2025-11-05T10:60" })
        let client = try server.operator()
        func credits(_ from: String, _ to: String) throws -> Int {
            let json = try client.get(
                "/v1/usage?account=acme&resolution=hour&from=2025-11-05T\(from)Z&to=2025-11-05T\(to)Z"
            ).json
            return try #require(json["total"]["credits"].text.flatMap { Int($0) })
        }
        let all = try credits("10:00:00", "11:00:00")
        #expect(all == 38)
        for minute in stride(from: 10, to: 60, by: 1) {
            for second in ["00", "29.5"] {
                let cut = "10:\(minute):\(second)"
                #expect(try credits("10:00:00", cut) + credits(cut, "11:00:00") == all, "\(cut)")
                let next = "10:\(minute):45"
                #expect(
                    try credits("10:00:00", cut) + credits(cut, next) + credits(next, "11:00:00")
                        == all)
            }
        }
    }

    @Test func `usage up to now has every charge that was answered`() throws {
        let server = try TestServer()
        let client = try server.account("acme")
        for index in 1...5 {
            _ = try client.charge(#"{"account":"acme","action":"fetch"}"#, "k\(index)")
            let json = try client.get("/v1/usage?account=acme&group_by=action").json
            #expect(json["total"]["calls"] == .number("\(index)"))
            #expect(json["buckets"].elements.last?["groups"][0]["calls"] == .number("\(index)"))
        }
        server.time.advance(seconds: 3600)
        let json = try client.get("/v1/usage?account=acme&resolution=hour").json
        #expect(json["total"]["calls"] == .number("5"))
    }

    @Test func `usage is told by action and by key`() throws {
        let server = try Self.server([
            ("2025-11-05T10:00:00Z", "1"), ("2025-11-05T10:20:00Z", "2"),
            ("2025-11-05T11:00:00Z", "4"),
        ])
        let client = try server.operator()
        let range = "account=acme&resolution=hour&from=2025-11-05T10:00:00Z&to=2025-11-05T12:00:00Z"
        let json = try client.get("/v1/usage?\(range)&group_by=action").json
        #expect(
            json["buckets"][0]["groups"].elements.map { $0["action"].text } == ["a1", "a0"])
        #expect(json["buckets"][0]["groups"][1]["credits"] == .number("1"))
        let keys = try client.get("/v1/usage?\(range)&group_by=key").json
        #expect(keys["buckets"][1]["groups"][0]["key"] == .null)
        let one = try client.get("/v1/usage?\(range)&action=a1").json
        #expect(one["total"]["credits"] == .number("2"))
        let csv = try client.get("/v1/usage?\(range)", ["Accept: text/csv"])
        #expect(
            csv.text == "start,credits,calls,units,bytes,plan_credits,extra_credits\r\n"
                + "2025-11-05T10:00:00Z,3,2,2,20,0,3\r\n2025-11-05T11:00:00Z,4,1,1,10,0,4\r\n")
        let grouped = try client.get("/v1/usage?\(range)&group_by=action", ["Accept: text/csv"])
        #expect(grouped.text.contains("2025-11-05T10:00:00Z,a1,2,1,1,10,0,2\r\n"))
        let split = try client.get(
            "/v1/usage?\(range)&group_by=plan_or_extra", ["Accept: text/csv"])
        #expect(split.text.contains("2025-11-05T10:00:00Z,extra,3,,,,,\r\n"), "\(split.text)")
        let empty = try client.get(
            "/v1/usage?\(range)&group_by=action&action=none", ["Accept: text/csv"])
        #expect(empty.text.contains("\r\n2025-11-05T11:00:00Z,,0,0,0,0,0,0\r\n"), "\(empty.text)")
    }

    @Test func `in CSV an empty value is not one that was not sent`() throws {
        let server = try TestServer()
        let client = try server.account("acme")
        for (key, parameters) in [("a", #"{"q":""}"#), ("b", "{}"), ("c", #"{"q":"x,y"}"#)] {
            _ = try client.charge(
                #"{"account":"acme","action":"a","amount":1,"parameters":\#(parameters)}"#, key)
        }
        let csv = try client.get(
            "/v1/usage?account=acme&resolution=month&group_by=parameter:q", ["Accept: text/csv"])
        let names = csv.text.split(separator: "\r\n").compactMap { line in
            line.contains("Z,") ? line.drop { $0 != "," }.dropFirst().prefix(4) : nil
        }
        #expect(Set(names).isSuperset(of: ["\"\",1", ",1,1", "\"x,y"]), "\(csv.text)")
    }

    @Test(arguments: [
        ("resolution=second", "resolution"), ("group_by=teams", "group_by"),
        ("group_by=parameter:", "group_by"),
        ("time_zone=Mars/Olympus", "time_zone"), ("time_zone=../../etc/passwd", "time_zone"),
        ("time_zone=/etc/passwd", "time_zone"), ("time_zone=", "time_zone"),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "to"), ("from=now", "from"),
        ("from=9998-01-01T00:00:00Z", "from"),
        ("resolution=hour&from=2001-01-01T00:00:00Z", "from"), ("key=x", "key"),
    ])
    func `what cannot be reported is told`(query: String, field: String) throws {
        let server = try TestServer()
        let client = try server.account("acme")
        let answer = try client.get("/v1/usage?account=acme&\(query)")
        #expect(answer.status == 422)
        #expect(answer.json["code"] == .string("invalid_field"))
        #expect(answer.json["field"] == .string(field))
    }
}
