import HTTP
import Testing
import Wire

@testable import API

@Suite struct DocumentTests {
    private static let document = JSONTree(OpenAPIDocument.json)

    @Test func `the description can be read as JSON, and is served as both`() throws {
        #expect(try SimpleYAML(OpenAPIDocument.yaml).json() == OpenAPIDocument.json)
        let client = try TestServer().client()
        let yaml = try client.get("/openapi.yaml")
        #expect(yaml.body == OpenAPIDocument.yaml)
        #expect(yaml.headers["content-type"] == "application/yaml")
        #expect(try client.get("/openapi.json").json == Self.document)
    }

    @Test func `every route is described, and nothing else`() {
        var described: Set<String> = []
        for path in Self.document["paths"].keys {
            for method in Self.document["paths"][path].keys where method != "parameters" {
                described.insert("\(method) \(path)")
            }
        }
        #expect(
            described == Set(Route.all.map { "\($0.method.rawValue.lowercased()) \($0.template)" }))
    }

    @Test func `every code of a problem is described`() {
        let codes = Self.schema("Problem")["properties"]["code"]["enum"].elements
        #expect(codes.compactMap(\.text) == ProblemCode.allCases.map(\.rawValue))
    }

    private static func schema(_ name: String) -> JSONTree {
        document["components"]["schemas"][name]
    }

    private func expect(_ value: JSONTree, toBe name: String) {
        let schema = Self.schema(name)
        let allowed = schema["properties"].keys
        let required = Set(schema["required"].elements.compactMap(\.text))
        #expect(value.keys.isSubset(of: allowed), "\(name): \(value.keys.subtracting(allowed))")
        #expect(required.isSubset(of: value.keys), "\(name): \(required.subtracting(value.keys))")
    }

    @Test func `answers have the fields that are described`() throws {
        let server = try TestServer()
        let client = try server.account("acme", credits: "3")
        let body = #"{"account":"acme","action":"fetch","parameters":{"a":1},"metadata":{"b":"c"}}"#
        expect(try client.charge(body, "k1", ["credit-usage: true"]).json, toBe: "ChargeAnswer")
        _ = try client.charge(body, "k2")
        let refused = try client.charge(body, "k3").json
        expect(refused, toBe: "Problem")
        _ = try client.post(
            "/v1/accounts/acme/adjustments", #"{"amount":2,"note":"n"}"#, idempotency: "a1")
        _ = try client.post(
            "/v1/accounts/acme/adjustments", #"{"amount":-1,"note":"n"}"#, idempotency: "a2")
        let grant = try client.post(
            "/v1/accounts/acme/grants",
            #"{"amount":1,"price_paid":{"amount":9.99,"currency":"EUR"},"payment_reference":"p"}"#,
            idempotency: "g1"
        ).json
        let id = try #require(grant["grant_id"].text)
        _ = try client.post("/v1/accounts/acme/grants/\(id)/void", nil, idempotency: "v1")
        try holdAndRefund(client)
        let entries = try client.get("/v1/entries?account=acme").json["data"].elements
        #expect(Set(entries.compactMap { $0["kind"].text }).count == 9)
        for entry in entries { expect(entry, toBe: "Entry") }
        expect(try client.get("/v1/accounts/acme").json, toBe: "Account")
        let balance = try client.get("/v1/balance?account=acme").json
        expect(balance, toBe: "BalanceAnswer")
        expect(balance["grants"][0], toBe: "GrantBalance")
        let usage = try client.get("/v1/usage?account=acme&group_by=action").json
        expect(usage, toBe: "Usage")
        expect(usage["buckets"][0], toBe: "UsageBucket")
        let group = Self.schema("UsageBucket")["properties"]["groups"]["items"]["properties"]
        for name in ["action", "key", "team", "scenario", "status", "run", "module"] {
            let usage = try client.get("/v1/usage?account=acme&group_by=\(name)").json
            let found = usage["buckets"].elements.compactMap { $0["groups"].elements.first }
            let keys = try #require(found.first).keys
            #expect(keys.contains(name) && keys.isSubset(of: group.keys), "\(keys)")
        }
        expect(try client.get("/v1/audit").json, toBe: "Audit")
        for (route, schema) in [
            ("consumption", "Consumption"), ("duplicates", "Duplicates"), ("forecast", "Forecast"),
        ] { expect(try client.get("/v1/insights/\(route)?account=acme").json, toBe: schema) }
    }

    @Test func `answers about scenarios, runs and keys are as described`() throws {
        let client = try TestServer().account("acme")
        let scenario = try client.put(
            "/v1/scenarios/s?account=acme",
            #"{"name":"n","type":"agent","modules":[{"id":"m"}],"links":[]}"#
        ).json
        expect(scenario, toBe: "Scenario")
        expect(scenario["modules"][0], toBe: "ScenarioModule")
        let run = #"{"scenario":"s","run":"r"}"#
        expect(try client.post("/v1/runs?account=acme", run).json, toBe: "Run")
        expect(try client.get("/v1/runs/r?account=acme").json, toBe: "Run")
        expect(try client.get("/v1/price-lists/default").json, toBe: "PriceList")
        let key = try client.post("/v1/accounts/acme/keys", #"{"name":"k"}"#).json
        expect(key, toBe: "Key")
        let secret = try #require(key["key"].text)
        expect(
            try client.post("/v1/keys/verify", #"{"key":"\#(secret)"}"#).json, toBe: "VerifiedKey")
    }

    /// A hold that is captured, one that is released, a refund, and a refusal by a budget.
    private func holdAndRefund(_ client: TestClient) throws {
        let put = try client.put(
            "/v1/accounts/acme/budgets/b", #"{"scope":{"team":"red"},"limit":0.5,"window":"none"}"#)
        #expect(put.status == 200, "\(put.text)")
        let hold = #"{"account":"acme","action":"any","amount":1}"#
        for (key, end) in [("h1", "capture"), ("h2", "release")] {
            let id = try client.post("/v1/holds", hold, idempotency: key).json["hold_id"].text
            let path = "/v1/holds/\(try #require(id))/\(end)"
            let ended = try client.post(
                path, end == "capture" ? #"{"amount":0.5}"# : nil, idempotency: end)
            #expect(ended.status == 201, "\(ended.text)")
            guard end == "capture" else { continue }
            let entry = try #require(ended.json["entry_id"].text)
            let refunded = try client.post(
                "/v1/refunds", #"{"entry_id":"\#(entry)","reason":"r"}"#, idempotency: "r")
            #expect(refunded.status == 201, "\(refunded.text)")
        }
        let over = try client.charge(
            #"{"account":"acme","action":"any","amount":1,"team":"red"}"#, "over")
        #expect(over.json["code"] == .string("budget_exceeded"), "\(over.text)")
    }

    @Test func `metrics are in the format of Prometheus`() throws {
        let server = try TestServer()
        try server.account("acme")
        let answer = try server.client().get("/metrics")
        #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        for line in answer.text.split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ")
            let digits = parts.last?.split(separator: ".") ?? []
            #expect(parts.count == 2 && digits.count <= 2, "\(line)")
            #expect(digits.allSatisfy { UInt64($0) != nil }, "\(line)")
        }
        #expect(answer.text.contains("tally_ready 1\n"))
        #expect(answer.text.contains("tally_build_info{version=\"\(TallyVersion.text)\"} 1\n"))
        let commits = answer.text.split(separator: "\n").filter {
            $0.hasPrefix("tally_commit_duration_seconds")
        }
        #expect(commits.count == 16)
        #expect(commits[0].hasPrefix(#"tally_commit_duration_seconds_bucket{le="0.000100"} "#))
        // Each bucket has what the smaller ones have, the last one all.
        let counts = commits.filter { $0.contains("_bucket") }.compactMap {
            $0.split(separator: " ").last.flatMap { Int($0) }
        }
        #expect(counts == counts.sorted())
        #expect(commits.last == "tally_commit_duration_seconds_count \(counts.last ?? -1)")
        #expect((counts.last ?? 0) >= 3)
    }

    @Test(arguments: ["a: {b: c}", "a: |\n  b", "a: 'b'", "  a: b", "a:\n", "- a\nb: c", "a: &x b"])
    func `YAML beyond our part of it is refused`(yaml: String) {
        #expect(throws: SimpleYAML.Unsupported.self) { try SimpleYAML(Array(yaml.utf8)).json() }
    }
}
