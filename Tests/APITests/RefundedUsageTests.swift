import Testing

/// What reports say of charges that were refunded, in memory and after a checkpoint.
@Suite struct RefundedUsageTests {
    private let server: TestServer
    private let client: TestClient

    init() throws {
        server = try TestServer()
        try server.account("acme", credits: "1000")
        client = try server.operator()
    }

    private func charge(_ key: String, _ rest: String) throws -> String {
        let answer = try client.charge(
            #"{"account":"acme","action":"fetch",\#(rest)}"#, key)
        try #require(answer.status == 201, "\(answer.text)")
        return try #require(answer.json["entry_id"].text)
    }

    private func refund(_ entry: String, _ rest: String = "") throws {
        let answer = try client.post(
            "/v1/refunds", #"{"entry_id":"\#(entry)"\#(rest)}"#, idempotency: "r\(entry)")
        try #require(answer.status == 201, "\(answer.text)")
    }

    /// Credits and calls of each group of a report over all time.
    private func groups(_ query: String, _ name: String) throws -> [String: String] {
        let json = try client.get(
            "/v1/usage?account=acme&resolution=month&from=2026-01-01T00:00:00Z&\(query)"
        ).json
        var found: [String: String] = [:]
        for group in json["buckets"].elements.flatMap({ $0["groups"].elements }) {
            let sums = "\(group["credits"].text ?? "") of \(group["calls"].text ?? "")"
            #expect(found.updateValue(sums, forKey: group[name].text ?? "-") == nil)
        }
        return found
    }

    @Test(arguments: [false, true])
    func `a refund is taken off under the status, module and parameters of its charge`(
        isStored: Bool
    ) throws {
        let failed = try charge(
            "a", #""amount":1,"status":"failed","module":"m","parameters":{"q":"x"}"#)
        _ = try charge("b", #""amount":4,"status":"failed""#)
        _ = try charge("c", #""amount":2,"parameters":{"q":"y"}"#)
        if isStored { try server.checkpoint(cellQuarters: 1) }
        try refund(failed)
        if isStored { try server.checkpoint(cellQuarters: 4) }
        _ = try charge("d", #""amount":8"#)
        #expect(
            try groups("group_by=status", "status") == ["failed": "4 of 2", "-": "10 of 2"])
        #expect(
            try groups("group_by=parameter:q", "value")
                == ["x": "0 of 1", "y": "2 of 1", "-": "12 of 2"])
        #expect(try groups("group_by=module", "module") == ["m": "0 of 1", "-": "14 of 3"])
        for (status, credits) in [("failed", "4"), ("succeeded", "0")] {
            let json = try client.get("/v1/usage?account=acme&status=\(status)").json
            #expect(json["total"]["credits"] == .number(credits), "\(status)")
        }
        let consumption = try client.get("/v1/insights/consumption?account=acme").json
        #expect(consumption["credits"] == .number("14"))
        let calls = consumption["parameters"].elements
        #expect(calls.map { $0["parameters"]["q"].text } == ["y", "x"])
        #expect(calls.map { $0["credits"].text } == ["2", "0"])
        #expect(calls.map { $0["calls"].text } == ["1", "1"])
        #expect(calls[1]["last_entry_id"] == .string(failed))
    }

    @Test func `a call whose repeat was refunded was not paid for twice`() throws {
        let entries = try (0..<4).map { number in
            try charge("k\(number)", #""amount":3,"parameters":{"id":1}"#)
        }
        let repeats = { () throws -> [String?] in
            let json = try client.get("/v1/insights/duplicates?account=acme").json
            return [json["repeats"].text, json["credits"].text]
        }
        #expect(try repeats() == ["3", "9"])
        try refund(entries[3])
        #expect(try repeats() == ["2", "6"])
        try refund(entries[0])
        #expect(try repeats() == ["1", "3"])
        try refund(entries[2], #","amount":2"#)
        #expect(try repeats() == ["1", "1"])
    }
}
