import Testing
import Wire

@Suite struct BatchTests {
    private static func item(_ key: Int, _ fields: String = #""action":"fetch""#) -> String {
        #"{"idempotency_key":"k\#(key)","account":"acme",\#(fields)}"#
    }

    private static func batch(_ items: [String]) -> String {
        #"{"charges":[\#(items.joined(separator: ","))]}"#
    }

    @Test func `who has no key is told so, and with what any other request is`() throws {
        let server = try TestServer()
        let keyless = try server.client()
        let short = try keyless.post("/v1/charges/batch", Self.batch([Self.item(1)]))
        #expect(short.status == 401)
        let long = String(repeating: " ", count: APILimits().bodyBytesMax)
        let batch = try server.client().post("/v1/charges/batch", long + Self.batch([]))
        let charge = try keyless.post("/v1/charges", "{}", idempotency: "k")
        #expect(batch.status == 401)
        #expect(batch.headers["www-authenticate"] == charge.headers["www-authenticate"])
        for name in ["type", "title", "status", "detail", "code"] {
            #expect(batch.json[name] == charge.json[name], "\(name)")
        }
    }

    @Test func `each item is decided alone, in order`() throws {
        let server = try TestServer()
        try server.account("acme", credits: "4")
        let client = try server.service()
        let items = [
            Self.item(1), Self.item(2, #""action":"fetch","nope":1"#), Self.item(3),
            Self.item(4), Self.item(5, #""action":"any","amount":1"#),
            Self.item(1), Self.item(1, #""action":"chat""#), #"{"account":"acme"}"#, "7",
        ]
        let answer = try client.post("/v1/charges/batch", Self.batch(items))
        #expect(answer.status == 200)
        let results = answer.json["results"].elements
        #expect(
            results.map { $0["status"].text }
                == ["201", "422", "201", "402", "201", "201", "422", "422", "400"])
        #expect(results[0]["entry"]["seq"] == .number("2"))
        #expect(results[1]["problem"]["code"] == .string("unknown_field"))
        #expect(results[3]["problem"]["short_by"] == .number("0.5"))
        #expect(results[4]["entry"]["balance"]["available"] == .number("0"))
        #expect(results[5] == results[0])
        #expect(results[6]["problem"]["code"] == .string("idempotency_key_reused"))
        #expect(results[7]["problem"]["field"] == .string("idempotency_key"))
        // The single route has the same commands.
        let single = try client.charge(#"{"account":"acme","action":"fetch"}"#, "k1")
        #expect(single.json == results[0]["entry"])
        #expect(single.headers["idempotent-replayed"] == "true")
        let refused = try client.charge(#"{"account":"acme","action":"fetch"}"#, "k4")
        #expect(refused.json == results[3]["problem"])
    }

    @Test func `a whole batch is replayed from the journal`() throws {
        let server = try TestServer()
        try server.account("acme", credits: "30")
        let client = try server.service()
        let body = Self.batch((0..<40).map { Self.item($0) })
        let first = try client.post("/v1/charges/batch", body)
        #expect(first.json["results"].elements.count { $0["status"].text == "201" } == 20)
        _ = try client.charge(#"{"account":"acme","action":"any","amount":0}"#, "between")
        let second = try client.post("/v1/charges/batch", body)
        #expect(second.body == first.body)
    }

    @Test(arguments: [
        ("{}", 422, "missing_field"), (#"{"charges":[]}"#, 422, "invalid_field"),
        (#"{"charges":{}}"#, 422, "invalid_field"),
        (#"{"charges":[{}],"x":1}"#, 422, "unknown_field"),
        (#"{"charges":[{]}"#, 400, "invalid_json"), (#"{"charges":[{}]"#, 400, "invalid_json"),
        (#"{"charges":[{"a":1,"a":1}]}"#, 400, "invalid_json"), ("[]", 400, "invalid_request"),
        (#"{"charges":[1,2,3]}"#, 422, "invalid_field"),
    ])
    func `batches that are none`(body: String, status: Int, code: String) throws {
        var limits = APILimits()
        limits.batchItemsMax = 2
        let server = try TestServer(limits: limits)
        let answer = try server.service().post("/v1/charges/batch", body)
        #expect(answer.status == status)
        #expect(answer.json["code"] == .string(code))
    }

    @Test func `lines are answered line by line`() throws {
        var limits = APILimits()
        limits.streamedItemsMax = 7
        let server = try TestServer(limits: limits)
        try server.account("acme", credits: "45")
        let client = try server.service()
        var lines = (0..<50).map { Self.item($0) }
        lines[3] = "{not json"
        lines[20] = Self.item(20, #""action":"nope""#)
        let body = lines.joined(separator: "\n") + "\n\n"
        var bodies: [[UInt8]] = []
        for _ in 0..<2 {
            let answer = try client.send(
                "POST", "/v1/charges/batch", body, [], type: "application/x-ndjson")
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "application/x-ndjson")
            let results = answer.body.split(separator: 0x0A).map { JSONTree(Array($0)) }
            #expect(results.count == 50)
            #expect(results[3]["problem"]["code"] == .string("invalid_json"))
            #expect(results[20]["problem"]["code"] == .string("unknown_action"))
            #expect(results.count { $0["status"].text == "201" } == 30)
            let sequences = results.compactMap { $0["entry"]["seq"].text.flatMap { Int($0) } }
            #expect(sequences == Array(2...31))
            bodies.append(answer.body)
            _ = try client.charge(#"{"account":"acme","action":"any","amount":0}"#, "between")
        }
        let empty = try client.send(
            "POST", "/v1/charges/batch", "\n", [], type: "application/x-ndjson")
        #expect(empty.status == 422)
    }
}
