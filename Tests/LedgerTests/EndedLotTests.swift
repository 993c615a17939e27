import Credit
import Ledger
import TestKit
import Testing

/// What a ledger keeps of lots that nothing can come back to.
struct EndedLotTests {
    @Test func `a thousand months take one lot, and audit as they did`() throws {
        var driver = try LedgerDriver()
        for month in 0..<1000 {
            let start = Int64(month) * 100
            try driver.grant(GrantTerms(10, source: .plan, until: start + 100), at: start)
            try driver.charge(month % 2 == 0 ? 10 : 3, at: start + 1)
        }
        #expect(driver.lots.count == 2)
        driver.settle(at: 100_000)
        let ended = try #require(driver.lots.first { $0.isEnded })
        #expect(ended.isConserved)
        #expect(driver.lots.reduce(0) { $0 + $1.granted } == 10_000)
        #expect(driver.lots.reduce(0) { $0 + $1.spent } == 6500)
        #expect(driver.lots.reduce(0) { $0 + $1.expired } == 3500)
        #expect(driver.differences.isEmpty)
        let image = try #require(driver.ledger.image.account(0, changedAfter: 0))
        #expect(image.lots.count <= 2)
    }

    @Test func `one that was used up can take a refund until it ends`() throws {
        var driver = try LedgerDriver()
        let short = try driver.grant(GrantTerms(5, priority: 1, until: 100), at: 0)
        let forGood = try driver.grant(GrantTerms(5, priority: 2), at: 0)
        try driver.charge(10, at: 1)
        let charge = try #require(driver.lastFacts)
        try driver.grant(GrantTerms(1, source: .promo, until: 60), at: 50)
        #expect(try driver.refund(2, of: charge, at: 51).shares.map(\.grant) == [forGood])
        #expect(try driver.refund(4, of: charge, at: 52).shares.map(\.grant) == [forGood, short])
        try driver.charge(7, at: 53)
        try driver.grant(GrantTerms(1), at: 200)
        #expect(driver.lots.contains { $0.position == forGood })
        #expect(!driver.lots.contains { $0.position == short })
        let refund = try driver.refund(4, of: charge, at: 201)
        #expect(refund.shares.isEmpty)
        #expect(refund.regranted == 4)
        #expect(throws: Rejection.grantNotFound) { try driver.void(short, at: 202) }
        #expect(driver.differences.isEmpty)
    }

    @Test func `sums that would not fit stay apart`() throws {
        var driver = try LedgerDriver()
        let most = Credits.limit.micros
        for round in 0..<25 {
            let grant = try driver.grant(GrantTerms(most), at: Int64(round))
            try driver.void(grant, at: Int64(round))
        }
        #expect(driver.lots.count == 17)
        #expect(driver.lots.filter { $0.isEnded }.count == 1)
        #expect(driver.lots.reduce(Int128(0)) { $0 + Int128($1.voided) } == 25 * Int128(most))
        #expect(driver.differences.isEmpty)
    }

    @Test func `a place that was freed is given to the next lot, of whatever account`() throws {
        var driver = try LedgerDriver()
        for round in 0..<50 {
            let grant = try driver.grant(GrantTerms(4), at: Int64(round))
            try driver.void(grant, at: Int64(round))
        }
        let image = driver.ledger.image
        let before = image.account(0, changedAfter: 0)
        let name = try Name("b")
        try driver.perform(.createAccount(NewAccount(id: name, name: "B")), at: 60)
        try driver.perform(
            .money(
                MoneyCommand(
                    account: name, idempotencyKey: [1], fingerprint: 1,
                    request: .grant(NewGrant(GrantTerms(9))))), at: 61)
        try driver.grant(GrantTerms(7), at: 62)
        #expect(driver.ledger.lots(of: 1).map(\.granted) == [9])
        #expect(driver.lots.map(\.granted).sorted() == [7, 200])
        #expect(driver.ledger.audit(account: 1).isEmpty)
        #expect(driver.differences.isEmpty)
        #expect(image.account(0, changedAfter: 0) == before)
    }
}
