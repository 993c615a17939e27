import Credit
import Ledger
import TestKit
import Testing

struct MoneyTests {
    @Test(arguments: [
        (Int64(4), Int64(6), Int64(0)), (10, 0, 0), (15, 0, 5),
    ])
    func `a grant repays debt first`(granted: Int64, debt: Int64, available: Int64) throws {
        var driver = try LedgerDriver(overdraft: 10)
        try driver.charge(10, at: 0)
        try driver.grant(GrantTerms(granted), at: 1)
        #expect(driver.record.debt == debt)
        #expect(driver.record.available == available)
        #expect(driver.lots.first?.spent == granted - available)
        #expect(driver.differences.isEmpty)
    }

    @Test func `a grant for later repays debt when it becomes usable`() throws {
        var driver = try LedgerDriver(overdraft: 10)
        try driver.charge(10, at: 0)
        try driver.grant(GrantTerms(15, from: 100), at: 1)
        #expect(driver.record.debt == 10)
        driver.settle(at: 100)
        #expect(driver.record.debt == 0)
        #expect(driver.record.available == 5)
        #expect(driver.differences.isEmpty)
    }

    @Test(arguments: [
        (Credits.limit.micros - 1, Int64(1), true), (Credits.limit.micros - 1, Int64(2), false),
        (Int64(1), Credits.limit.micros, false), (Credits.limit.micros, Int64(1), false),
    ])
    func `what an account is promised stays within the limit`(
        first: Int64, second: Int64, fits: Bool
    ) throws {
        for start in [nil, 1000] as [Int64?] {
            var driver = try LedgerDriver()
            try driver.grant(GrantTerms(first, from: start), at: 0)
            if fits {
                try driver.grant(GrantTerms(second), at: 0)
            } else {
                #expect(throws: Rejection.balanceOverflow) {
                    try driver.grant(GrantTerms(second), at: 0)
                }
                #expect(throws: Rejection.balanceOverflow) { try driver.adjust(second, at: 0) }
            }
            #expect(driver.differences.isEmpty)
        }
    }

    @Test(arguments: [
        (nil as Int64?, Int64(100)), (100, 100), (200, 150), (nil, 50),
    ])
    func `a grant that would never be usable is refused`(from: Int64?, until: Int64) throws {
        var driver = try LedgerDriver()
        #expect(throws: Rejection.timeOutOfRange(field: "expires_at")) {
            try driver.grant(GrantTerms(1, from: from, until: until), at: 100)
        }
    }

    @Test func `a void takes back what remains, of waiting grants too`() throws {
        var driver = try LedgerDriver()
        let usable = try driver.grant(GrantTerms(10), at: 0)
        let waiting = try driver.grant(GrantTerms(5, from: 100), at: 0)
        try driver.charge(4, at: 1)
        try driver.void(usable, at: 2)
        #expect(driver.record.available == 0)
        try driver.void(waiting, at: 3)
        driver.settle(at: 1000)
        #expect(driver.record.available == 0)
        #expect(driver.lots.map(\.voided) == [11])
        #expect(throws: Rejection.grantNotFound) { try driver.void(usable, at: 4) }
        #expect(throws: Rejection.grantNotFound) { try driver.void(waiting, at: 4) }
        #expect(driver.differences.isEmpty)
    }

    @Test func `only a grant of the account can be voided`() throws {
        var driver = try LedgerDriver()
        let grant = try driver.grant(GrantTerms(10), at: 0)
        let charge = Position(segment: grant.segment + 7, index: 0)
        #expect(throws: Rejection.grantNotFound) { try driver.void(charge, at: 1) }
        try driver.perform(.createAccount(NewAccount(id: try Name("b"), name: "B")), at: 1)
        let other = MoneyCommand(
            account: try Name("b"), idempotencyKey: [1], fingerprint: 1,
            request: .void(grant.id()))
        #expect(throws: Rejection.grantNotFound) { try driver.perform(.money(other), at: 1) }
    }

    @Test(arguments: [
        (Int64(-3), Int64(7), Int64(0)), (-10, 0, 0), (-14, 0, 4), (5, 15, 0),
    ])
    func `an adjustment gives a lot or takes from lots and overdraft`(
        amount: Int64, available: Int64, debt: Int64
    ) throws {
        var driver = try LedgerDriver(overdraft: 4)
        try driver.grant(GrantTerms(10), at: 0)
        try driver.adjust(amount, at: 1)
        #expect(driver.record.available == available)
        #expect(driver.record.debt == debt)
        #expect(driver.record.charged == 0)
        #expect(driver.differences.isEmpty)
    }

    @Test func `an adjustment takes no more than can be spent`() throws {
        var driver = try LedgerDriver(overdraft: 4)
        try driver.grant(GrantTerms(10), at: 0)
        let refusal = Rejection.insufficientCredits(
            required: Credits(micros: 15), spendable: Credits(micros: 14))
        #expect(throws: refusal) { try driver.adjust(-15, at: 1) }
    }
}
