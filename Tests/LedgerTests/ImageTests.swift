import Credit
import Ledger
import TestKit
import Testing

struct ImageTests {
    @Test(arguments: UInt64(1)...50)
    func `a ledger restored from its images is the same and goes on the same`(
        seed: UInt64
    ) throws {
        var driver = try LedgerDriver.busy(seed: seed)
        let image = driver.ledger.image
        let account = try #require(image.account(0, changedAfter: 0))
        let ledger = Ledger(
            seed: seed + 1, through: 0, accounts: [account],
            apiKeys: Array(image.catalogue.apiKeys),
            priceLists: image.catalogue.priceLists, plans: image.catalogue.plans,
            scenarios: image.catalogue.scenarios(changedAfter: 0))
        #expect(ledger.image.account(0, changedAfter: 0) == account)
        #expect(ledger.audit(account: 0).isEmpty)
        #expect(ledger.firstDue <= driver.ledger.record(0).nextDue)
        var restored = driver.restored(as: ledger)
        for end in [2000, 10_000_000] as [Int64] {
            driver.settle(at: end)
            restored.settle(at: end)
            #expect(
                restored.ledger.image.account(0, changedAfter: 0)
                    == driver.ledger.image.account(0, changedAfter: 0))
        }
        #expect(driver.ledger.holds(of: 0).isEmpty)
    }

    @Test func `an image stays as it was while the ledger goes on`() throws {
        var driver = try LedgerDriver.busy(seed: 3)
        let image = driver.ledger.image
        let before = image.account(0, changedAfter: 0)
        for step in 0..<50 { try driver.charge(1, onShort: .collect, at: 1000 + Int64(step)) }
        #expect(image.account(0, changedAfter: 0) == before)
        #expect(driver.ledger.image.account(0, changedAfter: 0) != before)
    }

    @Test func `a scenario keeps when it was described first, and is there again`() throws {
        var driver = try LedgerDriver()
        let id = try Name("s")
        let account = driver.ledger.catalogue.accounts[0].id
        for (time, text) in [(5, "first"), (9, "second")] {
            try driver.perform(
                .putScenario(account: account, id, description: Array(text.utf8)), at: Int64(time))
        }
        let stored = driver.ledger.image.catalogue.scenarios(changedAfter: 0)
        #expect(stored.map(\.description) == [Array("second".utf8)])
        #expect(stored.map(\.createdAt.micros) == [5])
        #expect(stored.map(\.updatedAt.micros) == [9])
        #expect(driver.ledger.image.catalogue.scenarios(changedAfter: stored[0].changedIn).isEmpty)
        let restored = Ledger(
            seed: 1, through: 9, accounts: [], apiKeys: [], priceLists: [], plans: [],
            scenarios: stored)
        #expect(restored.catalogue.scenario(id, of: 0) == stored[0])
    }

    @Test func `an image knows which accounts a segment changed`() throws {
        var driver = try LedgerDriver()
        let grant = try driver.grant(GrantTerms(5), at: 0)
        let image = driver.ledger.image
        #expect(image.account(0, changedAfter: grant.segment) == nil)
        #expect(image.account(0, changedAfter: grant.segment - 1) != nil)
    }
}
