import Store
import Synchronization
import Testing
import Wire

@Suite struct OverloadTests {
    @Test func `what the writer has no room for may be tried again`() throws {
        let server = try TestServer()
        let client = try server.account("acme")
        let item = #"{"account":"acme","action":"fetch"}"#
        let batched = #"{"idempotency_key":"b","account":"acme","action":"fetch"}"#
        server.gate.isFull.withLock { $0 = true }
        for answer in [
            try client.charge(item, "k"), try client.get("/v1/balance?account=acme"),
            try client.post("/v1/charges/batch", #"{"charges":[\#(batched),{}]}"#),
            try client.post(
                "/v1/accounts/acme/grants", #"{"amount":1}"#, idempotency: "g"),
            try client.post("/v1/accounts", #"{"id":"new","name":"N"}"#),
        ] {
            #expect(answer.status == 503)
            #expect(answer.json["code"] == .string("overloaded"))
            #expect(answer.json["charge_state"] == .invalid)
            #expect(answer.headers["retry-after"] == "1")
        }
        let lines = try client.send(
            "POST", "/v1/charges/batch", batched + "\n{}", [], type: "application/x-ndjson")
        let results = lines.text.split(separator: "\n").map { JSONTree(Array($0.utf8)) }
        #expect(results.map { $0["status"].text } == ["503", "422"])
        server.gate.isFull.withLock { $0 = false }
        #expect(try client.charge(item, "k").status == 201)
        #expect(try client.post("/v1/charges/batch", #"{"charges":[\#(batched)]}"#).status == 200)
    }

    @Test func `what the report threads have no room for may be tried again`() throws {
        var limits = APILimits()
        limits.reportsWaitingMax = 0
        let server = try TestServer(limits: limits)
        let client = try server.operator()
        _ = try client.post("/v1/accounts", #"{"id":"acme","name":"A"}"#)
        for path in ["balance", "entries", "usage"] {
            #expect(try client.get("/v1/\(path)?account=acme").status == 503)
        }
        #expect(try client.get("/v1/accounts/acme").status == 200)
    }

    @Test func `refusals of holds, captures and refunds have the same limit`() throws {
        var limits = APILimits()
        (limits.refusalsMax, limits.rateSeconds) = (2, 60)
        let server = try TestServer(limits: limits)
        let client = try server.account("acme", credits: "3")
        let body = #"{"account":"acme","action":"any","amount":3}"#
        let hold = try client.post("/v1/holds", body, idempotency: "h").json["hold_id"].text ?? ""
        func statuses(_ path: String, _ body: String, _ name: String) throws -> Set<Int> {
            Set(
                try (0..<8).map {
                    try client.post(path, body, idempotency: "\(name)-\($0)").status
                })
        }
        let refused = #"{"amount":9,"on_short":"refuse"}"#
        #expect(try statuses("/v1/holds/\(hold)/capture", refused, "c") == [402, 429])
        server.time.advance(seconds: 120)
        let captured = try client.post("/v1/holds/\(hold)/capture", "{}", idempotency: "end")
        let entry = captured.json["entry_id"].text ?? ""
        for (path, body, code) in [
            ("/v1/holds/\(hold)/capture", "{}", 409), ("/v1/holds/\(hold)/release", "{}", 409),
            ("/v1/refunds", #"{"entry_id":"\#(entry)","amount":9}"#, 422),
            ("/v1/holds", body, 402),
        ] {
            server.time.advance(seconds: 120)
            #expect(try statuses(path, body, path) == [code, 429], "\(path)")
        }
    }

    @Test func `refusals have a limit, as each is recorded`() throws {
        var limits = APILimits()
        (limits.refusalsMax, limits.rateSeconds) = (2, 60)
        let server = try TestServer(limits: limits)
        let client = try server.account("acme", credits: "1")
        let body = #"{"account":"acme","action":"fetch"}"#
        let statuses = try (0..<6).map { try client.charge(body, "k\($0)").status }
        #expect(statuses == [402, 402, 429, 429, 429, 429])
        server.time.advance(seconds: 61)
        #expect(try client.charge(body, "k9").status == 402)
        try server.account("rival")
        #expect(try client.charge(#"{"account":"rival","action":"fetch"}"#, "k").status == 201)
    }

    @Test func `no secret is ever stored`() throws {
        let server = try TestServer()
        try server.account("acme")
        let customer = try server.customer(of: "acme")
        let client = try server.service()
        let secrets = [customer.key, client.key, server.operatorKey].compactMap(\.self)
        let charged = try client.charge(
            #"{"customer_key":"\#(customer.key ?? "")","action":"fetch"}"#, "k")
        #expect(charged.status == 201)
        let segments = server.storage.segments.withLock { $0 }
        #expect(segments.count >= 5)
        for segment in segments {
            for secret in secrets {
                let middle = Array(secret.utf8.dropFirst(20))
                #expect((segment.money + segment.details).firstRange(of: middle) == nil)
            }
        }
    }
}
