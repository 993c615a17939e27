import Credit
import Ledger
import TestKit
import Testing

struct BurnOrderTests {
    struct Fact: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let grants: [GrantTerms]
        /// The grants that a charge of everything uses up, in order.
        let order: [Int]
    }

    @Test(arguments: [
        Fact(
            testDescription: "usual priorities",
            grants: [
                GrantTerms(1, source: .adjustment), GrantTerms(1, source: .topUp),
                GrantTerms(1, source: .plan), GrantTerms(1, source: .rollover),
                GrantTerms(1, source: .promo),
            ], order: [4, 3, 2, 0, 1]),
        Fact(
            testDescription: "soonest expiry within a priority, none last",
            grants: [
                GrantTerms(1), GrantTerms(1, until: 900), GrantTerms(1, until: 300),
                GrantTerms(1, until: 301),
            ], order: [2, 3, 1, 0]),
        Fact(
            testDescription: "the older grant when all else is equal",
            grants: [GrantTerms(1, until: 9), GrantTerms(1, until: 9), GrantTerms(1, until: 9)],
            order: [0, 1, 2]),
        Fact(
            testDescription: "a named priority beats every usual one",
            grants: [
                GrantTerms(1, source: .promo), GrantTerms(1, priority: 4),
                GrantTerms(1, source: .plan, priority: -1, until: 5),
            ], order: [2, 1, 0]),
        Fact(
            testDescription: "priority beats expiry",
            grants: [GrantTerms(1, source: .plan, until: 2), GrantTerms(1, source: .promo)],
            order: [1, 0]),
    ])
    func `lots pay by priority, then soonest expiry, then age`(fact: Fact) throws {
        var driver = try LedgerDriver()
        var grants: [Position] = []
        for terms in fact.grants { grants.append(try driver.grant(terms, at: 0)) }
        let shares = try driver.charge(Int64(grants.count), at: 1)
        #expect(shares.map(\.grant) == fact.order.map { grants[$0] })
        #expect(driver.differences.isEmpty)
    }

    @Test func `a charge takes each lot in full before the next`() throws {
        var driver = try LedgerDriver()
        for amount in [5, 7, 11] as [Int64] { try driver.grant(GrantTerms(amount), at: 0) }
        #expect(try driver.charge(13, at: 1).map(\.micros) == [5, 7, 1])
        #expect(try driver.charge(10, at: 1).map(\.micros) == [10])
        #expect(driver.record.available == 0)
        #expect(driver.lots.allSatisfy { $0.state == .closed && $0.isConserved })
    }
}
