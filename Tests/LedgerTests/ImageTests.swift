import Credit
import Ledger
import TestKit
import Testing

struct ImageTests {
    private static func busyDriver(seed: UInt64) throws -> LedgerDriver {
        var random = SeededRandom(seed: seed)
        var driver = try LedgerDriver(overdraft: 20, seed: seed)
        var grants: [Position] = []
        for step in 0..<80 {
            let now = Int64(step * 10)
            switch random.below(5) {
            case 0, 1:
                let terms = GrantTerms(
                    random.number(in: 1...30), source: random.pick(GrantTerms.Source.allCases),
                    from: random.chance(30) ? now + 35 : nil,
                    until: random.chance(50) ? now + random.number(in: 40...300) : nil)
                grants.append(try driver.grant(terms, at: now))
            case 2:
                if let grant = grants.randomElement(using: &random) {
                    _ = try? driver.void(grant, at: now)
                }
            default: try driver.charge(random.number(in: 0...25), onShort: .collect, at: now)
            }
        }
        return driver
    }

    @Test(arguments: UInt64(1)...50)
    func `a ledger restored from its images is the same and goes on the same`(
        seed: UInt64
    ) throws {
        var driver = try Self.busyDriver(seed: seed)
        let image = driver.ledger.image
        let account = try #require(image.account(0, changedAfter: 0))
        var restored = Ledger(
            seed: seed + 1, accounts: [account], apiKeys: image.catalogue.apiKeys,
            priceLists: image.catalogue.priceLists)
        #expect(restored.image.account(0, changedAfter: 0) == account)
        #expect(restored.audit(account: 0).isEmpty)
        #expect(restored.firstDue <= driver.ledger.record(0).nextDue)
        let end = Instant(micros: 2000)
        while let event = driver.ledger.due(on: 0, at: end) {
            #expect(restored.due(on: 0, at: end) == event)
            let place = Position(segment: 1000 + event.sequence, index: 0)
            restored.apply(event, at: place)
            driver.apply(event, at: place)
        }
        #expect(restored.due(on: 0, at: end) == nil)
        #expect(
            restored.image.account(0, changedAfter: 0)
                == driver.ledger.image.account(0, changedAfter: 0))
    }

    @Test func `an image stays as it was while the ledger goes on`() throws {
        var driver = try Self.busyDriver(seed: 3)
        let image = driver.ledger.image
        let before = image.account(0, changedAfter: 0)
        for step in 0..<50 { try driver.charge(1, onShort: .collect, at: 1000 + Int64(step)) }
        #expect(image.account(0, changedAfter: 0) == before)
        #expect(driver.ledger.image.account(0, changedAfter: 0) != before)
    }

    @Test func `an image knows which accounts a segment changed`() throws {
        var driver = try LedgerDriver()
        let grant = try driver.grant(GrantTerms(5), at: 0)
        let image = driver.ledger.image
        #expect(image.account(0, changedAfter: grant.segment) == nil)
        #expect(image.account(0, changedAfter: grant.segment - 1) != nil)
    }
}

extension Event {
    fileprivate var sequence: UInt64 { head?.sequence ?? 0 }
}
