import Credit
import Ledger
import TestKit
import Testing

struct DueTests {
    @Test(arguments: [
        (Int64(99), true), (100, false), (101, false), (Int64.max - 1, false),
    ])
    func `a lot pays until its expiry and not at it`(now: Int64, pays: Bool) throws {
        var driver = try LedgerDriver()
        try driver.grant(GrantTerms(10, until: 100), at: 0)
        if pays {
            #expect(try driver.charge(10, at: now).count == 1)
        } else {
            #expect(throws: Rejection.insufficientCredits(required: .init(10), spendable: .zero)) {
                try driver.charge(10, at: now)
            }
            #expect(driver.lots.first?.expired == 10)
            #expect(driver.record.lastTime == Instant(micros: 100))
        }
        #expect(driver.differences.isEmpty)
    }

    @Test(arguments: [(Int64(99), Int64(0)), (100, 10), (101, 10)])
    func `a lot becomes usable at its time and not before`(now: Int64, available: Int64) throws {
        var driver = try LedgerDriver()
        try driver.grant(GrantTerms(10, from: 100), at: 0)
        driver.settle(at: now)
        #expect(driver.record.available == available)
        #expect(driver.differences.isEmpty)
    }

    @Test func `what is due comes by time, expiry before activation, then by grant`() throws {
        var driver = try LedgerDriver()
        let late = try driver.grant(GrantTerms(1, from: 50, until: 200), at: 0)
        let first = try driver.grant(GrantTerms(2, until: 50), at: 0)
        let second = try driver.grant(GrantTerms(4, until: 50), at: 0)
        let early = try driver.grant(GrantTerms(8, from: 10), at: 0)
        driver.settle(at: 500)
        let due = driver.events.compactMap { _, event -> LotEvent? in
            if case .lot(let lot) = event { lot } else { nil }
        }
        #expect(due.map(\.grant) == [early, first, second, late, late])
        #expect(due.map(\.cause) == [.activated, .expired, .expired, .activated, .expired])
        #expect(due.map(\.head.time.micros) == [10, 50, 50, 50, 200])
        #expect(due.map(\.head.balance.available.micros) == [14, 12, 8, 9, 8])
        #expect(due.map(\.head.sequence) == [5, 6, 7, 8, 9])
    }

    @Test func `an entry is never stamped before the one before it`() throws {
        var driver = try LedgerDriver()
        try driver.grant(GrantTerms(1, until: 100), at: 0)
        try driver.grant(GrantTerms(1), at: 90)
        #expect(driver.record.lastTime.micros == 90)
        try driver.charge(1, at: 60)
        #expect(driver.record.lastTime.micros == 90)
        #expect(driver.record.sequence == 3)
    }

    @Test func `the sweep names the accounts on which something is due, then rests`() throws {
        var driver = try LedgerDriver()
        try driver.grant(GrantTerms(1, until: 100), at: 0)
        var ledger = driver.ledger
        #expect(ledger.accountsDue(at: Instant(micros: 99), limit: 10).isEmpty)
        #expect(ledger.firstDue == Instant(micros: 100))
        #expect(ledger.accountsDue(at: Instant(micros: 100), limit: 10) == [0])
        #expect(ledger.accountsDue(at: Instant(micros: 100), limit: 0).isEmpty)
    }
}

extension Credits {
    fileprivate init(_ micros: Int64) { self.init(micros: micros) }
}
