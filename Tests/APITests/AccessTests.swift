import HTTP
import Testing
import Wire

@testable import API

@Suite struct AccessTests {
    /// A target of a route, its parameters filled in.
    private static func target(_ route: Route) -> String {
        route.template.replacing("{account}", with: "acme")
            .replacing("{key}", with: "key_00000000000000000000000000")
            .replacing("{grant}", with: "grt_00000000000000000000000000")
            .replacing("{entry}", with: "ent_00000000000000000000000000")
            .replacing("{name}", with: "default").replacing("{version}", with: "1")
            .replacing("{asset}", with: "app.css")
    }

    private func status(_ client: TestClient, _ route: Route) throws -> Int {
        let body = route.method == .get || route.method == .delete ? nil : "{}"
        return try client.send(
            route.method.rawValue, Self.target(route), body, ["Idempotency-Key: x"]
        ).status
    }

    @Test func `every route asks for the role that it needs`() throws {
        let server = try TestServer(policy: Self.keyedPortal)
        let admin = try server.account("acme")
        let unscoped = try server.customer(of: "acme")
        let clients: [(String, TestClient)] = [
            ("none", try server.client()), ("wrong", try server.client(key: "nobody")),
            ("operator", admin), ("service", try server.service()), ("customer", unscoped),
            ("reader", try server.customer(of: "acme", scopes: ["read"])),
            ("caller", try server.customer(of: "acme", scopes: ["fetch"])),
        ]
        for route in Route.all {
            for (role, client) in clients {
                let status = try status(client, route)
                let expected = Self.expected(role, route)
                let isRight =
                    switch expected {
                    case .status(let wanted): status == wanted
                    case .anythingElse: ![401, 403, 405, 500].contains(status)
                    }
                #expect(isRight, "\(route.method) \(route.template) as \(role): \(status)")
            }
        }
    }

    private static let keyedPortal: APIPolicy = {
        var policy = APIPolicy()
        policy.portal = .keyed
        return policy
    }()

    private enum Expected {
        case status(Int)
        case anythingElse
    }

    private static func expected(_ role: String, _ route: Route) -> Expected {
        if route.access == .everybody { return .anythingElse }
        if route.access == .unixSocket { return .status(404) }
        if role == "none" || role == "wrong" { return .status(401) }
        let allowed: Set<String> =
            switch route.access {
            case .charging: ["operator", "service"]
            case .operators: ["operator"]
            case .keys: ["operator", "customer"]
            case .reading, .prices, .portal: ["operator", "service", "customer", "reader"]
            case .everybody, .unixSocket: []
            }
        return allowed.contains(role) ? .anythingElse : .status(403)
    }

    @Test func `one body tells of every missing or wrong key`() throws {
        let server = try TestServer()
        try server.account("acme")
        let key = server.operatorKey
        let revoked = try Self.revokedKey(server)
        let wrong: [[String]] = [
            [], ["Authorization: Bearer nope"], ["Authorization: Basic \(key)"],
            ["Authorization: \(key)"], ["X-API-KEY: \(key)x"], ["api_key: \(key.dropLast())"],
            ["Authorization: Bearer \(key)", "X-API-KEY: other"],
            ["X-API-KEY: \(key)", "X-API-KEY: other"], ["X-API-KEY: \(revoked)"],
            ["Authorization: Bearer"], ["X-API-KEY: "],
        ]
        var bodies: Set<String> = []
        let client = try server.client()
        for headers in wrong {
            let answer = try client.get("/v1/balance?account=acme", headers)
            #expect(answer.status == 401, "\(headers)")
            #expect(answer.headers["www-authenticate"] == "Bearer")
            #expect(answer.json["request_id"].text == answer.headers["x-request-id"])
            bodies.insert(answer.withoutRequestID)
        }
        #expect(bodies.count == 1)
        let right = [
            ["Authorization: Bearer \(key)"], ["authorization: TOKEN \(key)"],
            ["X-API-KEY: \(key)"], ["api_key: \(key)"],
            ["Authorization: Bearer \(key)", "X-API-KEY: \(key)", "api_key: \(key)"],
        ]
        for headers in right {
            #expect(try client.get("/v1/balance?account=acme", headers).status == 200)
        }
        #expect(try client.get("/v1/balance?account=acme&api_key=\(key)").status == 401)
    }

    private static func revokedKey(_ server: TestServer) throws -> String {
        let admin = try server.operator()
        let made = try admin.post("/v1/accounts/acme/keys", #"{"name":"k"}"#).json
        let id = try #require(made["id"].text)
        #expect(try admin.delete("/v1/accounts/acme/keys/\(id)").json["revoked"] == .bool(true))
        return try #require(made["key"].text)
    }

    @Test func `another account is as if it did not exist`() throws {
        let server = try TestServer()
        let admin = try server.account("acme")
        try server.account("rival")
        let customer = try server.customer(of: "acme")
        let rivals = try admin.post("/v1/accounts/rival/keys", #"{"name":"r"}"#).json
        let rivalKey = try #require(rivals["id"].text)
        let entries = try admin.get("/v1/entries?account=rival").json["data"]
        let entry = try #require(entries[0]["entry_id"].text)
        let nobody = "00000000000000000000000000"
        let pairs = [
            ("/v1/balance?account=rival", "/v1/balance?account=nobody"),
            ("/v1/entries?account=rival", "/v1/entries?account=nobody"),
            ("/v1/usage?account=rival", "/v1/usage?account=nobody"),
            ("/v1/audit?account=rival", "/v1/audit?account=nobody"),
            ("/v1/entries/\(entry)", "/v1/entries/ent_\(nobody)"),
            ("/v1/accounts/rival/keys", "/v1/accounts/nobody/keys"),
            ("/portal/?account=rival", "/portal/?account=nobody"),
        ]
        for (theirs, none) in pairs {
            let (first, second) = (try customer.get(theirs), try customer.get(none))
            #expect(first.status == 404, "\(theirs)")
            #expect(first.withoutRequestID == second.withoutRequestID)
        }
        for path in ["rival/keys/\(rivalKey)", "acme/keys/\(rivalKey)", "acme/keys/key_\(nobody)"] {
            #expect(try customer.delete("/v1/accounts/\(path)").status == 404)
        }
        let verified = try admin.post(
            "/v1/keys/verify", #"{"key":"\#(rivals["key"].text ?? "")"}"#)
        #expect(verified.json["valid"] == .bool(true))
    }

    @Test func `nobody gives away more than they have`() throws {
        let server = try TestServer()
        try server.account("acme")
        let keeper = try server.customer(of: "acme", scopes: ["keys:manage", "fetch.*"])
        let path = "/v1/accounts/acme/keys"
        for scopes in ["[]", #"["read"]"#, #"["chat"]"#, #"["*"]"#, #"["fetch"]"#] {
            let answer = try keeper.post(path, #"{"name":"k","scopes":\#(scopes)}"#)
            #expect(answer.status == 403, "\(scopes)")
        }
        #expect(try keeper.post(path, #"{"name":"k"}"#).status == 403)
        #expect(try keeper.post(path, #"{"name":"k","scopes":["fetch.a"]}"#).status == 201)
        #expect(try server.customer(of: "acme").post(path, #"{"name":"k"}"#).status == 201)
    }

    @Test func `a customer key has a limit of requests`() throws {
        var limits = APILimits()
        (limits.rateRequestsMax, limits.rateSeconds) = (3, 60)
        let server = try TestServer(limits: limits)
        try server.account("acme")
        let customer = try server.customer(of: "acme")
        for _ in 0..<3 { #expect(try customer.get("/v1/balance").status == 200) }
        let refused = try customer.get("/v1/balance")
        #expect(refused.status == 429)
        #expect(refused.json["code"] == .string("rate_limited"))
        #expect(refused.headers["retry-after"] == "60")
        let coinStats = try customer.get("/v1/usage/credits")
        #expect(coinStats.status == 429)
        #expect(coinStats.json["message"] == .string("Rate limit exceeded"))
        server.time.advance(seconds: 61)
        #expect(try customer.get("/v1/balance").status == 200)
        for _ in 0..<10 {
            #expect(try server.service().get("/v1/balance?account=acme").status == 200)
        }
    }
}

extension TestClient.Answer {
    /// The body without what differs between any two answers.
    var withoutRequestID: String {
        guard let id = json["request_id"].text else { return text }
        return text.replacing(id, with: "")
    }
}
