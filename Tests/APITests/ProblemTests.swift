import Testing

@Suite struct ProblemTests {
    private static let good = #""account":"acme","action":"fetch""#
    /// Bodies, and the status, code and field of their problem.
    private static let wrongCharges: [(String, Int, String, String?)] = [
        ("", 400, "invalid_json", nil), ("{", 400, "invalid_json", nil),
        ("[]", 400, "invalid_request", nil), ("null", 400, "invalid_request", nil),
        ("{\(good)}x", 400, "invalid_json", nil),
        ("\u{FEFF}{\(good)}", 400, "invalid_json", nil),
        ("{\(good),\"account\":\"acme\"}", 400, "invalid_json", nil),
        ("{\(good),}", 400, "invalid_json", nil),
        ("{\(good),\"nope\":1,\"x\":01}", 400, "invalid_json", nil),
        ("{\(good),\"amount\":01}", 400, "invalid_json", nil),
        ("{\(good),\"amount\":+1}", 400, "invalid_json", nil),
        ("{\(good),\"amount\":0x10}", 400, "invalid_json", nil),
        ("{\(good),\"amount\":NaN}", 400, "invalid_json", nil),
        ("{\(good),\"nope\":1}", 422, "unknown_field", "nope"),
        ("{\(good),\"plan\":\"x\"}", 422, "unknown_field", "plan"),
        ("{\"action\":\"fetch\"}", 422, "missing_field", "account"),
        ("{\"account\":\"acme\"}", 422, "missing_field", "action"),
        ("{\"account\":\"a b\",\"action\":\"fetch\"}", 422, "invalid_field", "account"),
        ("{\"account\":\"\",\"action\":\"fetch\"}", 422, "invalid_field", "account"),
        ("{\"account\":null,\"action\":\"fetch\"}", 422, "invalid_field", "account"),
        ("{\"account\":\"nobody\",\"action\":\"fetch\"}", 404, "not_found", nil),
        ("{\"account\":\"acme\",\"action\":\"fly\"}", 422, "unknown_action", "action"),
        (
            "{\"account\":\"acme\",\"action\":\"chat\"}", 422, "missing_field",
            "parameters.tokens"
        ),
        ("{\(good),\"amount\":\"1\"}", 422, "invalid_amount", "amount"),
        ("{\(good),\"amount\":1e3}", 422, "invalid_amount", "amount"),
        ("{\(good),\"amount\":-0}", 422, "invalid_amount", "amount"),
        ("{\(good),\"amount\":0.0000001}", 422, "invalid_amount", "amount"),
        ("{\(good),\"amount\":1000000000000.000001}", 422, "amount_out_of_range", "amount"),
        ("{\(good),\"amount\":99999999999999999999999}", 422, "amount_out_of_range", "amount"),
        ("{\(good),\"amount\":-1}", 422, "amount_out_of_range", "amount"),
        ("{\(good),\"status\":\"ok\"}", 422, "invalid_field", "status"),
        ("{\(good),\"status\":99}", 422, "invalid_field", "status"),
        ("{\(good),\"results\":-1}", 422, "invalid_field", "results"),
        ("{\(good),\"results\":1.5}", 422, "invalid_field", "results"),
        ("{\(good),\"bytes\":9007199254740992}", 422, "invalid_field", "bytes"),
        ("{\(good),\"on_short\":\"steal\"}", 422, "invalid_field", "on_short"),
        ("{\(good),\"parameters\":[]}", 422, "invalid_field", "parameters"),
        ("{\(good),\"parameters\":{\"a\":1,\"a\":2}}", 400, "invalid_json", nil),
        ("{\(good),\"metadata\":{\"a\":1}}", 422, "invalid_field", "metadata"),
        ("{\(good),\"occurred_at\":\"yesterday\"}", 422, "invalid_field", "occurred_at"),
        (
            "{\(good),\"occurred_at\":\"2001-01-01T00:00:00Z\"}", 422, "timestamp_out_of_range",
            "occurred_at"
        ),
        ("{\(good),\"posted_at\":\"2026-01-01T00:00:00Z\"}", 403, "forbidden", "posted_at"),
        ("{\(good),\"idempotency_key\":\"k\"}", 422, "unknown_field", "idempotency_key"),
    ]

    @Test func `every wrong charge is told from the others`() throws {
        let server = try TestServer()
        try server.account("acme")
        let client = try server.service()
        for (body, status, code, field) in Self.wrongCharges {
            let answer = try client.charge(body, "same-key")
            #expect(answer.status == status, "\(body): \(answer.text)")
            #expect(answer.json["code"] == .string(code), "\(body): \(answer.text)")
            #expect(answer.json["field"].text == field, "\(body)")
            #expect(answer.json["status"] == .number("\(status)"))
            #expect(answer.headers["content-type"] == "application/problem+json")
        }
        // None of them took the key.
        #expect(try client.charge("{\(Self.good)}", "same-key").status == 201)
    }

    @Test func `what is wrong before the body is told first`() throws {
        let server = try TestServer()
        try server.account("acme")
        let client = try server.service()
        func send(_ headers: [String], type: String? = "application/json") throws -> String? {
            try client.send("POST", "/v1/charges", "{", headers, type: type).json["code"].text
        }
        let key = "Idempotency-Key: k"
        #expect(try send([key], type: "text/plain") == "unsupported_media_type")
        #expect(try send([key], type: nil) == "unsupported_media_type")
        #expect(try send([key, "Content-Encoding: gzip"]) == "unsupported_media_type")
        #expect(try send([]) == "idempotency_key_required")
        #expect(try send(["Idempotency-Key: "]) == "invalid_idempotency_key")
        #expect(try send(["Idempotency-Key: a b"]) == "invalid_idempotency_key")
        #expect(try send([key, key]) == "invalid_idempotency_key")
        let long = String(repeating: "k", count: 256)
        #expect(try send(["Idempotency-Key: \(long)"]) == "invalid_idempotency_key")
        #expect(try send([key]) == "invalid_json")
        #expect(try send([key], type: "Application/JSON; charset=utf-8") == "invalid_json")
    }

    @Test func `routes and methods that do not exist`() throws {
        let server = try TestServer()
        let client = try server.account("acme")
        for target in [
            "/v1/nope", "/v1/holds/x", "/v1/plan", "/nope", "/v1/balance/", "/admin/keys",
        ] {
            let answer = try client.get(target)
            #expect(answer.status == 404, "\(target)")
            #expect(answer.json["code"] == .string("not_found"))
        }
        let answer = try client.send("DELETE", "/v1/charges", nil, [])
        #expect(answer.status == 405)
        #expect(answer.headers["allow"] == "POST")
        #expect(answer.json["code"] == .string("method_not_allowed"))
        let keyless = try server.client()
        #expect(try keyless.get("/v1/nope").status == 401)
        #expect(try keyless.get("/nope").status == 404)
        #expect(
            try client.get("/v1/balance?account=acme&nope=1").json["code"]
                == .string("unknown_field"))
        #expect(try client.get("/v1/balance").json["code"] == .string("missing_field"))
        #expect(try client.send("HEAD", "/v1/balance?account=acme", nil, []).status == 200)
    }

    @Test func `a body over its limit is refused by the server itself`() throws {
        let server = try TestServer()
        let client = try server.account("acme")
        let large = "{\"x\":\"" + String(repeating: "x", count: 1 << 20) + "\"}"
        let answer = try client.charge(large, "k")
        #expect(answer.status == 413)
        #expect(answer.json["code"] == .string("body_too_large"))
        #expect(answer.json["request_id"].text == answer.headers["x-request-id"])
    }

    @Test func `so are heads that are no heads`() throws {
        let server = try TestServer()
        let many = (0..<101).map { "X-Header-\($0): x" }
        let cases: [(String, Int, String)] = [
            (
                "GET /health HTTP/1.1\r\nHost: x\r\n" + many.joined(separator: "\r\n"), 431,
                "headers_too_large"
            ),
            (
                "GET /\(String(repeating: "x", count: 9000)) HTTP/1.1\r\nHost: x", 414,
                "uri_too_long"
            ),
            ("GET /health HTTP/1.1\r\nHost: x\r\nHost: y", 400, "invalid_request"),
            ("GET /health HTTP/1.1\r\nHost: x\r\nExpect: tea", 417, "expectation_failed"),
            (
                "POST /v1/charges HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked", 501,
                "not_implemented"
            ),
            ("GET /health HTTP/2.0\r\nHost: x", 505, "version_not_supported"),
        ]
        for (head, status, code) in cases {
            let client = try server.client()
            client.write(Array((head + "\r\n\r\n").utf8))
            let answer = try client.answer()
            #expect(answer.status == status, "\(answer.text)")
            #expect(answer.json["code"] == .string(code))
            #expect(answer.json["request_id"].text == answer.headers["x-request-id"])
        }
    }
}
