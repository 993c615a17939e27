import Credit
import Ledger
import TestKit
import Testing

struct HoldTests {
    private static let second: Int64 = 1_000_000

    @Test func `a hold keeps its lots while other charges go on`() throws {
        var driver = try LedgerDriver()
        let first = try driver.grant(GrantTerms(10, source: .promo), at: 0)
        let second = try driver.grant(GrantTerms(10), at: 0)
        let hold = try driver.hold(HoldAsk(12, seconds: 60), at: 1)
        #expect(hold.shares.map(\.grant) == [first, second])
        #expect(driver.record.held == 12)
        #expect(try driver.charge(8, at: 2).map(\.grant) == [second])
        #expect(throws: Rejection.self) { try driver.charge(1, at: 3) }
        let paid = try driver.capture(hold, 11, at: 4)
        #expect(paid.map(\.micros) == [10, 1])
        #expect(driver.record.available == 1)
        #expect(driver.record.held == 0)
        #expect(driver.differences.isEmpty)
    }

    @Test func `a capture uses its lots even if they have expired`() throws {
        var driver = try LedgerDriver()
        let grant = try driver.grant(GrantTerms(10, until: 100), at: 0)
        let hold = try driver.hold(HoldAsk(6, seconds: 60), at: 1)
        driver.settle(at: 100)
        #expect(driver.record.available == 0)
        #expect(driver.lots.first?.expired == 4)
        #expect(try driver.capture(hold, 4, at: 200).map(\.grant) == [grant])
        #expect(driver.lots.first?.expired == 6)
        #expect(driver.lots.first?.spent == 4)
        #expect(driver.lots.first?.state == .closed)
        #expect(driver.differences.isEmpty)
    }

    @Test func `what comes back of a voided grant is voided`() throws {
        var driver = try LedgerDriver()
        let grant = try driver.grant(GrantTerms(10), at: 0)
        let hold = try driver.hold(HoldAsk(6, seconds: 60), at: 1)
        try driver.void(grant, at: 2)
        #expect(throws: Rejection.grantNotOpen) { try driver.void(grant, at: 3) }
        try driver.release(hold, at: 4)
        #expect(driver.lots.first?.voided == 10)
        #expect(driver.record.available == 0)
        #expect(driver.differences.isEmpty)
    }

    @Test func `a hold can reserve overdraft, which nobody else can use`() throws {
        var driver = try LedgerDriver(overdraft: 10)
        try driver.grant(GrantTerms(5), at: 0)
        let hold = try driver.hold(HoldAsk(12, seconds: 60), at: 1)
        #expect(hold.overdraft == 7)
        #expect(driver.record.debt == 0)
        #expect(driver.record.spendable == 3)
        #expect(throws: Rejection.self) { try driver.charge(4, at: 2) }
        try driver.capture(hold, 12, at: 3)
        #expect(driver.record.debt == 7)
        #expect(driver.record.heldOverdraft == 0)
        #expect(driver.differences.isEmpty)
    }

    @Test func `what comes back repays debt first`() throws {
        var driver = try LedgerDriver(overdraft: 10)
        try driver.grant(GrantTerms(5), at: 0)
        let hold = try driver.hold(HoldAsk(5, seconds: 60), at: 1)
        try driver.charge(3, at: 2)
        try driver.release(hold, at: 3)
        #expect(driver.record.debt == 0)
        #expect(driver.record.available == 2)
        #expect(driver.differences.isEmpty)
    }

    @Test(arguments: [
        (HoldAsk.Policy.release, Int64(0)), (.capture, 6), (.captureMinimum, 2),
    ])
    func `a hold ends by itself, before a grant of the same moment expires`(
        policy: HoldAsk.Policy, charged: Int64
    ) throws {
        var driver = try LedgerDriver()
        try driver.grant(GrantTerms(10, until: Self.second), at: 0)
        try driver.hold(HoldAsk(6, seconds: 1, policy: policy, minimum: 2), at: 0)
        driver.settle(at: Self.second - 1)
        #expect(driver.record.held == 6)
        driver.settle(at: Self.second)
        #expect(driver.record.held == 0)
        #expect(driver.record.charged == Int128(charged))
        #expect(driver.lots.first?.expired == 10 - charged)
        #expect(driver.record.sequence == 4)
        #expect(driver.differences.isEmpty)
    }

    @Test func `a hold is settled once`() throws {
        var driver = try LedgerDriver()
        try driver.grant(GrantTerms(10), at: 0)
        let hold = try driver.hold(HoldAsk(6, seconds: 60), at: 1)
        try driver.capture(hold, 1, at: 2)
        #expect(throws: Rejection.holdNotOpen) { try driver.capture(hold, 1, at: 3) }
        #expect(throws: Rejection.holdNotOpen) { try driver.release(hold, at: 3) }
        #expect(driver.record.available == 9)
    }

    @Test func `holds expire in the order of their times, however they were placed and settled`()
        throws
    {
        var driver = try LedgerDriver()
        var random = SeededRandom(seed: 5)
        try driver.grant(GrantTerms(1000), at: 0)
        var holds = try (0..<300).map { _ in
            try driver.hold(HoldAsk(1, seconds: random.number(in: 1...50)), at: 0)
        }
        for _ in 0..<200 {
            let hold = holds.remove(at: random.below(holds.count))
            if random.chance(50) {
                try driver.release(hold, at: 0)
            } else {
                try driver.capture(hold, 0, at: 0)
            }
        }
        let before = driver.events.count
        driver.settle(at: 51 * Self.second)
        let times = driver.events[before...].compactMap(\.event.head?.time)
        #expect(times.count == 100)
        #expect(times == times.sorted())
        #expect(times == holds.map(\.terms.expiresAt).sorted())
        #expect(driver.ledger.holds(of: 0).isEmpty)
        #expect(driver.record.available == 1000)
    }
}

struct RefundTests {
    @Test func `a refund goes back to the lots that paid, last first`() throws {
        var driver = try LedgerDriver()
        let first = try driver.grant(GrantTerms(5, source: .promo), at: 0)
        let second = try driver.grant(GrantTerms(10), at: 0)
        try driver.charge(8, at: 1)
        let charge = try #require(driver.lastFacts)
        let parts = try driver.refund(2, of: charge, at: 2)
        #expect(parts.shares.map(\.grant) == [second])
        let rest = try driver.refund(of: charge, at: 3)
        #expect(rest.shares.map(\.grant) == [second, first])
        #expect(rest.shares.map(\.micros) == [1, 5])
        #expect(driver.record.available == 15)
        #expect(driver.lots.map(\.position) == [first, second])
        #expect(throws: Rejection.refundExceedsCharge(refundable: .zero)) {
            try driver.refund(1, of: charge, at: 4)
        }
        #expect(driver.differences.isEmpty)
    }

    @Test func `a refund repays what the account owes now`() throws {
        var driver = try LedgerDriver(overdraft: 10)
        try driver.grant(GrantTerms(5), at: 0)
        try driver.charge(4, at: 1)
        let charge = try #require(driver.lastFacts)
        try driver.charge(4, at: 2)
        #expect(driver.record.debt == 3)
        let refund = try driver.refund(of: charge, at: 3)
        #expect(refund.repaid == 3)
        #expect(refund.shares.map(\.micros) == [1])
        #expect(driver.record.debt == 0)
        #expect(driver.differences.isEmpty)
    }

    @Test func `debt that a later grant has paid comes back as a grant`() throws {
        var driver = try LedgerDriver(overdraft: 10)
        try driver.charge(4, at: 1)
        let charge = try #require(driver.lastFacts)
        try driver.grant(GrantTerms(9), at: 2)
        let refund = try driver.refund(of: charge, at: 3)
        #expect(refund.regranted == 4)
        #expect(driver.record.available == 9)
        #expect(driver.lots.first { $0.source == .adjustment }?.granted == 4)
        #expect(driver.differences.isEmpty)
    }
}
