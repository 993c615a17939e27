import Credit
import Ledger
import TestKit
import Testing

struct ChargeTests {
    struct Fact: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let granted: Int64
        let overdraft: Int64
        let asked: Int64
        let policy: ShortPolicy
        /// From lots, overdrawn, uncollected; nil when refused.
        let parts: [Int64]?
    }

    @Test(arguments: [
        Fact(
            testDescription: "exactly what is there", granted: 10, overdraft: 0, asked: 10,
            policy: .refuse, parts: [10, 0, 0]),
        Fact(
            testDescription: "one more than is there", granted: 10, overdraft: 0, asked: 11,
            policy: .refuse, parts: nil),
        Fact(
            testDescription: "into the overdraft", granted: 10, overdraft: 5, asked: 15,
            policy: .refuse, parts: [10, 5, 0]),
        Fact(
            testDescription: "beyond the overdraft", granted: 10, overdraft: 5, asked: 16,
            policy: .refuse, parts: nil),
        Fact(
            testDescription: "collected: lots, overdraft, the rest not", granted: 10,
            overdraft: 5, asked: 100, policy: .collect, parts: [10, 5, 85]),
        Fact(
            testDescription: "collected from nothing", granted: 0, overdraft: 0, asked: 7,
            policy: .collect, parts: [0, 0, 7]),
        Fact(
            testDescription: "nothing asked of nothing", granted: 0, overdraft: 0, asked: 0,
            policy: .refuse, parts: [0, 0, 0]),
        Fact(
            testDescription: "the largest amount", granted: Credits.limit.micros,
            overdraft: Credits.limit.micros, asked: Credits.limit.micros, policy: .refuse,
            parts: [Credits.limit.micros, 0, 0]),
    ])
    func `a charge takes lots, then overdraft, then as its policy says`(fact: Fact) throws {
        var driver = try LedgerDriver(overdraft: fact.overdraft)
        if fact.granted > 0 { try driver.grant(GrantTerms(fact.granted), at: 0) }
        let spendable = driver.record.spendable
        guard let parts = fact.parts else {
            let refusal = Rejection.insufficientCredits(
                required: Credits(micros: fact.asked), spendable: Credits(micros: spendable))
            #expect(throws: refusal) { try driver.charge(fact.asked, at: 1) }
            return
        }
        let shares = try driver.charge(fact.asked, onShort: fact.policy, at: 1)
        let event = try #require(driver.lastCharge)
        #expect(shares.reduce(0) { $0 + $1.micros } == parts[0])
        #expect([event.overdrawn, event.uncollected] == [parts[1], parts[2]])
        #expect(driver.record.debt == parts[1])
        #expect(driver.record.charged == Int128(fact.asked))
        #expect(driver.record.uncollected == Int128(parts[2]))
        #expect(driver.differences.isEmpty)
    }

    @Test func `a charge of nothing passes even beyond a lowered overdraft limit`() throws {
        var driver = try LedgerDriver(overdraft: 10)
        try driver.charge(10, at: 0)
        var change = AccountChange()
        change.overdraftLimit = .zero
        try driver.perform(.changeAccount(try Name("a"), change), at: 1)
        #expect(driver.record.spendable == -10)
        #expect(try driver.charge(0, at: 1).isEmpty)
        #expect(throws: Rejection.self) { try driver.charge(1, at: 1) }
        try driver.charge(1, onShort: .collect, at: 1)
        #expect(driver.lastCharge?.uncollected == 1)
        #expect(driver.record.debt == 10)
    }

    @Test func `a suspended account is charged nothing until it is resumed`() throws {
        var driver = try LedgerDriver()
        try driver.grant(GrantTerms(10), at: 0)
        try driver.perform(.suspendAccount(try Name("a")), at: 1)
        for policy in [ShortPolicy.refuse, .collect] {
            #expect(throws: Rejection.accountSuspended) {
                try driver.charge(1, onShort: policy, at: 1)
            }
        }
        try driver.grant(GrantTerms(5), at: 1)
        try driver.perform(.resumeAccount(try Name("a")), at: 2)
        #expect(try driver.charge(15, at: 2).count == 2)
    }

    @Test func `deciding changes nothing`() throws {
        var driver = try LedgerDriver(overdraft: 3)
        try driver.grant(GrantTerms(10, until: 50), at: 0)
        let before = driver.ledger.account(0)
        var shares = [LotShare(grant: Position(segment: 9, index: 9), source: .promo, micros: 1)]
        _ = try driver.ledger.decideCharge(
            Credits(micros: 12), on: 0, onShort: .refuse, at: Instant(micros: 1), shares: &shares)
        #expect(shares.count == 2)
        #expect(throws: Rejection.self) {
            try driver.ledger.decideCharge(
                Credits(micros: 14), on: 0, onShort: .refuse, at: Instant(micros: 1),
                shares: &shares)
        }
        #expect(shares.count == 2)
        _ = driver.ledger.due(on: 0, at: Instant(micros: 60))
        _ = try driver.ledger.decide(.suspendAccount(try Name("a")), at: Instant(micros: 1))
        #expect(driver.ledger.account(0) == before)
    }
}

extension Ledger {
    func account(_ slot: AccountSlot) -> AccountImage? { image.account(slot, changedAfter: 0) }
}
