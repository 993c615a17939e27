import Credit
import Ledger
import Synchronization
import Testing

@testable import Store

@Suite struct ReceiptTests {
    private static let rows = #""account":"acme","action":"rows.list","parameters":{"rows":5}"#

    private func start() throws -> (TestServer, TestClient) {
        let server = try TestServer()
        return (server, try server.account("acme", credits: "100"))
    }

    private func id(_ answer: TestClient.Answer) throws -> String {
        try #require(answer.json["entry_id"].text)
    }

    @Test func `a charge is worked out again`() throws {
        let (server, client) = try start()
        let charge = try client.charge("{\(Self.rows)}", "c")
        let receipt = try client.get("/v1/receipts/\(try id(charge))").json
        #expect(receipt["basis"] == .string("price_list"))
        #expect(receipt["rule_in_words"].text?.hasPrefix("2 credits per row") ?? false)
        #expect(receipt["explanation"][0]["text"] == .string("5 rows x 2"))
        #expect(receipt["explanation"][0]["amount"] == .string("10"))
        #expect(receipt["recomputed"] == .bool(true))
        #expect(receipt["balance_before"]["available"] == .number("100"))
        #expect(receipt["balance_after"]["available"] == .number("90"))
        #expect(receipt["entry"]["entry_id"] == charge.json["entry_id"])
        let number = receipt["segment"]["number"]
        let stored = try #require(
            server.storage.segments.withLock { all in
                all.first { number == .number("\($0.number)") }
            })
        let hash = stored.hash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(receipt["segment"]["hash"] == .string(hash))
        let audit = try client.get("/v1/audit").json
        #expect(audit["receipts"]["recomputed"] == .number("1"))
        #expect(audit["receipts"]["differing"] == .number("0"))
    }

    @Test func `a hold, its capture and what expired are worked out again`() throws {
        let (server, client) = try start()
        let hold = try client.post("/v1/holds", "{\(Self.rows)}", idempotency: "h")
        let holdID = try #require(hold.json["hold_id"].text)
        let capture = try client.post(
            "/v1/holds/\(holdID)/capture", #"{"parameters":{"rows":7}}"#, idempotency: "k")
        for entry in [hold, capture] {
            let receipt = try client.get("/v1/receipts/\(try id(entry))").json
            #expect(receipt["basis"] == .string("price_list"))
            #expect(receipt["recomputed"] == .bool(true))
        }
        let terms = #","ttl_seconds":5,"on_expiry":"capture_minimum","minimum":3}"#
        _ = try client.post("/v1/holds", "{\(Self.rows)\(terms)", idempotency: "m")
        server.time.advance(seconds: 10)
        let last = try client.charge(#"{"account":"acme","action":"any","amount":1}"#, "c").json
        let entries = try client.get("/v1/entries?account=acme&kind=capture").json
        let expired = try #require(entries["data"][0]["entry_id"].text)
        let receipt = try client.get("/v1/receipts/\(expired)").json
        #expect(receipt["basis"] == .string("hold_minimum"))
        #expect(receipt["entry"]["credits"] == .number("3"))
        #expect(receipt["recomputed"] == .bool(true))
        let byHand = try client.get("/v1/receipts/\(last["entry_id"].text ?? "")").json
        #expect(byHand["basis"] == .string("by_hand"))
        #expect(byHand["not_recomputed"] == .string("by_hand"))
        #expect(try client.get("/v1/audit").json["receipts"]["differing"] == .number("0"))
    }

    @Test func `what no price makes says so, and refusals have no receipt`() throws {
        let (_, client) = try start()
        let entries = try client.get("/v1/entries?account=acme").json
        let grant = try #require(entries["data"][0]["entry_id"].text)
        let receipt = try client.get("/v1/receipts/\(grant)").json
        #expect(receipt["basis"] == .null)
        #expect(receipt["recomputed"] == .bool(false))
        #expect(receipt["not_recomputed"] == .string("not_priced"))
        #expect(receipt["balance_before"]["available"] == .number("0"))
        let refused = try client.charge(#"{"account":"acme","action":"any","amount":1000}"#, "r")
        let refusal = try client.get("/v1/entries?account=acme&kind=refusal").json
        #expect(refused.status == 402)
        let place = try #require(refusal["data"][0]["entry_id"].text)
        #expect(try client.get("/v1/receipts/\(place)").status == 404)
        #expect(try client.get("/v1/receipts/ent_00000000000000000000000000").status == 404)
    }

    @Test(arguments: [
        ("credits", "it comes to 10 credits"), ("rule", "rule rows matches now"),
        ("parameters", "it has no price: missing_field"),
        ("version", "its price list is not there"),
    ])
    func `a difference is told and counted`(change: String, difference: String) throws {
        let (server, client) = try start()
        let charge = try client.charge("{\(Self.rows)}", "c")
        try server.forge { contents in
            switch change {
            case "credits": contents.charges[0].credits += 1
            case "rule": contents.charges[0].price = PriceReference(version: 1, rule: 0)
            case "version": contents.charges[0].price = PriceReference(version: 9, rule: 2)
            default: contents.charges[0].details.parameters = .empty
            }
        }
        let receipt = try client.get("/v1/receipts/\(try id(charge))").json
        #expect(receipt["recomputed"] == .bool(false))
        #expect(receipt["difference"] == .string(difference))
        let audit = try client.get("/v1/audit").json
        #expect(audit["ok"] == .bool(false))
        #expect(audit["receipts"]["differing"] == .number("1"))
        let metrics = String(decoding: try client.get("/metrics").body, as: UTF8.self)
        #expect(metrics.contains("\ntally_receipts_differing_total 1\n"))
    }

    @Test func `deleted details are not guessed`() throws {
        let (server, client) = try start()
        let charge = try client.charge("{\(Self.rows)}", "c")
        server.storage.segments.withLock { all in
            guard let last = all.popLast() else { return }
            all.append(
                EncodedSegment(
                    number: last.number, money: last.money, details: nil, hash: last.hash))
        }
        let receipt = try client.get("/v1/receipts/\(try id(charge))").json
        #expect(receipt["recomputed"] == .bool(false))
        #expect(receipt["not_recomputed"] == .string("details_deleted"))
        #expect(receipt["entry"]["credits"] == .number("10"))
        #expect(receipt["details"] == .string("deleted"))
        #expect(receipt["retention_days"] == .null)
        let audit = try client.get("/v1/audit").json
        #expect(audit["ok"] == .bool(true))
        #expect(audit["receipts"]["recomputed"] == .number("0"))
    }

    @Test func `it is said for how long a plan kept the details of a call`() throws {
        let (server, client) = try start()
        let charge = try client.charge("{\(Self.rows)}", "c")
        let all = server.storage.segments.withLock { $0 }
        var encoder = SegmentEncoder()
        let last = try #require(all.last)
        let pruned = try SegmentView(last).pruned([0], retentionDays: 30, with: &encoder)
        server.storage.segments.withLock { all in
            all[all.count - 1] = EncodedSegment(
                number: last.number, money: last.money, details: nil, hash: last.hash,
                kept: KeptDetails(body: pruned.kept, step: 1))
        }
        let receipt = try client.get("/v1/receipts/\(try id(charge))").json
        #expect(receipt["details"] == .string("deleted"))
        #expect(receipt["retention_days"] == .number("30"))
        #expect(receipt["not_recomputed"] == .string("details_deleted"))
        #expect(receipt["entry"]["retention_days"] == .number("30"))
    }

    @Test func `a customer gets the receipts of its own entries`() throws {
        let (server, client) = try start()
        let own = try id(try client.charge("{\(Self.rows)}", "c"))
        let key = try client.post("/v1/accounts/acme/keys", #"{"name":"k"}"#).json["key"].text
        let customer = try server.client(key: key)
        #expect(try customer.get("/v1/receipts/\(own)").status == 200)
        try server.account("other")
        let theirs = try id(
            try client.charge(#"{"account":"other","action":"fetch"}"#, "o"))
        #expect(try customer.get("/v1/receipts/\(theirs)").status == 404)
        #expect(try client.get("/v1/receipts/\(theirs)?account=acme").status == 404)
    }
}

extension TestServer {
    /// Stores another last segment than the one that was committed, sound but for what `change` does.
    fileprivate func forge(_ change: (inout SegmentContents) -> Void) throws {
        let all = storage.segments.withLock { $0 }
        let last = try #require(all.last)
        var contents = try last.contents(after: nil)
        change(&contents)
        var encoder = SegmentEncoder()
        let salt = [UInt8](repeating: 7, count: SegmentFormat.saltBytes)
        let forged = encoder.encode(contents, salt: salt)
            .chained(after: all.dropLast().last?.hash ?? SegmentFormat.firstHash)
        storage.segments.withLock { $0[$0.count - 1] = forged }
    }
}
