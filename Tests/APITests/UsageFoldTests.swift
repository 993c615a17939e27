import Credit
import TestKit
import Testing

/// Usage of random calls against a fold of those calls that shares no code with it.
struct UsageFoldTests {
    /// What was asked of the server, and what it answered.
    private struct Call {
        let time: Int64
        let credits: Int
        let action: String
        let team: String?
        let scenario: String?
        let status: String?
        let size: String?
        /// False for a refund, whose credits are less than nothing.
        var isCall = true

        /// The value that a report groups by.
        func value(_ group: String) -> String? {
            switch group {
            case "action": action
            case "team": team
            case "scenario": scenario
            case "status": status
            default: size
            }
        }
    }

    private static let groups = ["action", "team", "scenario", "status", "parameter:page.size"]
    /// Zones of odd offsets, with changes of the clocks in the time of the calls.
    private static let zones = [
        "UTC", "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York", "Asia/Kolkata",
    ]
    /// 2025-10-01T00:00:00Z.
    private static let start: Int64 = 1_759_276_800

    @Test(arguments: UInt64(1)...6)
    func `every report is the sum of its calls`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let server = try TestServer()
        let client = try server.account("acme", credits: "0")
        let granted = try client.post(
            "/v1/accounts/acme/grants",
            #"{"amount":1000000,"posted_at":"2025-01-01T00:00:00Z"}"#, idempotency: "grant")
        #expect(granted.status == 201)
        var calls: [Call] = []
        var micros = Self.start * 1_000_000
        var entries: [(id: String, call: Call)] = []
        for index in 0..<120 {
            micros += Int64(random.below(random.pick([1, 600, 86_400]))) * 1_000_000
            micros += random.chance(20) ? Int64(random.below(1_000_000)) : 0
            let entry = try Self.call(at: micros, index, client, &random)
            calls.append(entry.call)
            entries.append(entry)
            if random.chance(15) {
                let place = random.below(entries.count)
                calls += try Self.refund(entries.remove(at: place), at: micros, client)
            }
            if random.chance(5) { try server.checkpoint(cellQuarters: random.pick([1, 4, 96])) }
        }
        for _ in 0..<60 { try Self.check(calls, end: micros, client, &random) }
    }

    private static func call(
        at micros: Int64, _ index: Int, _ client: TestClient, _ random: inout SeededRandom
    ) throws -> (id: String, call: Call) {
        let call = Call(
            time: micros, credits: random.below(50), action: random.pick(["a", "b"]),
            team: random.pick([nil, "red", "blue"]), scenario: random.pick([nil, "s1"]),
            status: random.pick([nil, "failed", "503"]), size: random.pick([nil, "10", "all"]))
        var fields = [
            #""account":"acme","action":"\#(call.action)","amount":\#(call.credits)"#,
            #""posted_at":"\#(Instant(micros: micros).rfc3339)""#,
        ]
        if let team = call.team { fields.append(#""team":"\#(team)""#) }
        if let scenario = call.scenario { fields.append(#""scenario":"\#(scenario)""#) }
        if let status = call.status {
            fields.append(#""status":\#(status == "503" ? status : "\"\(status)\"")"#)
        }
        if let size = call.size {
            let value = size == "all" ? #""all""# : size
            fields.append(#""parameters":{"page":{"size":\#(value)}}"#)
        }
        let answer = try client.charge("{\(fields.joined(separator: ","))}", "k\(index)")
        #expect(answer.status == 201, "\(answer.text)")
        return (try #require(answer.json["entry_id"].text), call)
    }

    /// Refunds all of a call, if it cost something.
    private static func refund(
        _ entry: (id: String, call: Call), at micros: Int64, _ client: TestClient
    ) throws -> [Call] {
        guard entry.call.credits > 0 else { return [] }
        let answer = try client.post(
            "/v1/refunds",
            #"{"entry_id":"\#(entry.id)","posted_at":"\#(Instant(micros: micros).rfc3339)"}"#,
            idempotency: "r\(entry.id)")
        #expect(answer.status == 201, "\(answer.text)")
        let call = entry.call
        return [
            Call(
                time: micros, credits: -call.credits, action: call.action, team: call.team,
                scenario: call.scenario, status: call.status, size: call.size, isCall: false)
        ]
    }

    /// Asks for one report and adds its buckets up from the calls.
    private static func check(
        _ calls: [Call], end: Int64, _ client: TestClient, _ random: inout SeededRandom
    ) throws {
        let span = end - start * 1_000_000
        let ends = [
            start * 1_000_000 + Int64(random.below(Int(span))), start * 1_000_000 - 1,
            calls[random.below(calls.count)].time, end + 1,
        ]
        let edges = [random.pick(ends), random.pick(ends)].sorted()
        let resolution = edges[1] - edges[0] < 86_400_000_000 ? "minute" : "day"
        let group = random.pick(groups)
        var query = "account=acme&group_by=\(group)&time_zone=\(random.pick(zones))"
        query += "&resolution=\(random.pick([resolution, "hour", "day", "month"]))"
        query +=
            "&from=\(Instant(micros: edges[0]).rfc3339)&to=\(Instant(micros: edges[1]).rfc3339)"
        let team: String? = random.chance(30) ? "red" : nil
        if let team { query += "&team=\(team)" }
        let status: String? = random.chance(30) ? "failed" : nil
        if let status { query += "&status=\(status)" }
        let json = try client.get("/v1/usage?\(query)").json
        let wanted = calls.filter {
            edges[0] <= $0.time && $0.time < edges[1] && (team ?? $0.team ?? "") == $0.team ?? ""
                && (status ?? $0.status ?? "") == $0.status ?? ""
        }
        let total = wanted.reduce(0) { $0 + $1.credits }
        #expect(json["total"]["credits"].text == "\(total)", "\(query)")
        let count = wanted.count(where: \.isCall)
        #expect(json["total"]["calls"].text == "\(count)", "\(query)")
        let buckets = json["buckets"].elements
        let starts = try buckets.map { bucket in
            try Instant(rfc3339: #require(bucket["start"].text).utf8.span).micros
        }
        #expect(starts == starts.sorted())
        for (place, bucket) in buckets.enumerated() {
            let last = place + 1 < starts.count ? starts[place + 1] : edges[1]
            let inside = wanted.filter { starts[place] <= $0.time && $0.time < last }
            let credits = inside.reduce(0) { $0 + $1.credits }
            #expect(bucket["credits"].text == "\(credits)", "\(query), bucket \(place)")
            let name = group.hasPrefix("parameter:") ? "value" : group
            var found: [String?: Int] = [:]
            for one in bucket["groups"].elements {
                found[one[name].text] = one["credits"].text.flatMap { Int($0) }
            }
            #expect(found == Self.groups(inside, by: group), "\(query), bucket \(place)")
        }
    }

    /// The credits of each group of some calls; what comes to nothing is not told.
    private static func groups(_ calls: [Call], by group: String) -> [String?: Int] {
        var sums: [String?: (credits: Int, calls: Int)] = [:]
        for call in calls {
            sums[call.value(group), default: (0, 0)].credits += call.credits
            sums[call.value(group), default: (0, 0)].calls += call.isCall ? 1 : 0
        }
        return sums.filter { $0.value != (0, 0) }.mapValues(\.credits)
    }

    @Test func `plan credits and extra ones are told apart`() throws {
        let server = try TestServer()
        let client = try server.account("acme", credits: "0")
        for (kind, amount) in [("plan", 10), ("top_up", 10)] {
            let granted = try client.post(
                "/v1/accounts/acme/grants", #"{"amount":\#(amount),"kind":"\#(kind)"}"#,
                idempotency: kind)
            #expect(granted.status == 201)
        }
        let charged = try client.charge(#"{"account":"acme","action":"a","amount":13}"#, "k")
        let entry = try #require(charged.json["entry_id"].text)
        for cut in [false, true] {
            let url = "/v1/usage?account=acme&resolution=\(cut ? "minute" : "day")"
            let total = try client.get(url).json["total"]
            #expect(total["plan_credits"] == .number("10"))
            #expect(total["extra_credits"] == .number("3"))
            let bucket = try client.get("\(url)&group_by=plan_or_extra").json["buckets"]
                .elements.last
            let groups = try #require(bucket)["groups"].elements
            #expect(groups.map { $0["plan_or_extra"].text } == ["plan", "extra"])
            #expect(groups.map { $0["credits"].text } == ["10", "3"])
            #expect(groups[0]["calls"] == .invalid)
        }
        let refund = try client.post(
            "/v1/refunds", #"{"entry_id":"\#(entry)","amount":4}"#, idempotency: "r")
        #expect(refund.status == 201)
        let total = try client.get("/v1/usage?account=acme").json["total"]
        #expect(total["credits"] == .number("9"))
        #expect(total["plan_credits"] == .number("9"))
        #expect(total["extra_credits"] == .number("0"))
    }

    @Test(arguments: [false, true])
    func `what cells do not tell apart any more is read entry by entry`(isStored: Bool) throws {
        let server = try TestServer()
        let client = try server.account("acme")
        let made = try client.post("/v1/accounts/acme/keys", #"{"name":"k"}"#)
        let key: String = try #require(made.json["key"].text)
        for start in stride(from: 0, to: 1200, by: 400) {
            let items = (start..<start + 400).map { index in
                #"{"idempotency_key":"k\#(index)","customer_key":"\#(key)","action":"a\#(index)","#
                    + #""amount":0.01,"scenario":"s\#(index)","#
                    + #""team":"\#(index % 2 == 0 ? "t" : "other")"}"#
            }
            let answer = try client.post(
                "/v1/charges/batch", "{\"charges\":[\(items.joined(separator: ","))]}")
            #expect(answer.status == 200)
        }
        if isStored { try server.checkpoint(cellQuarters: 4) }
        let from = server.time.now().advanced(seconds: -3000).rfc3339
        let url = "/v1/usage?account=acme&from=\(from)"
        for (query, calls) in [
            ("", 1200), ("&team=t", 600), ("&team=other", 600), ("&team=none", 0),
            ("&action=a1100", 1), ("&action=other", 0), ("&team=t&scenario=s1101", 0),
            ("&team=other&group_by=run", 600), ("&key=key_00000000000000000000000000", 0),
        ] {
            for resolution in ["minute", "day", "month"] {
                let answer = try client.get("\(url)&resolution=\(resolution)\(query)")
                #expect(
                    answer.json["total"]["calls"] == .number("\(calls)"),
                    "\(query) \(resolution) \(answer.text)")
            }
        }
        for (group, count) in [("team", 2), ("action", 1200), ("scenario", 1200), ("key", 1)] {
            let json = try client.get("\(url)&resolution=month&group_by=\(group)").json
            let groups = json["buckets"].elements.flatMap { $0["groups"].elements }
            #expect(Set(groups.compactMap { $0[group].text }).count == count, "\(group)")
            #expect(groups.allSatisfy { $0["rest"] == .invalid })
        }
    }
}
