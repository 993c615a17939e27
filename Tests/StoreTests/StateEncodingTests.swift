import Credit
import Ledger
import Store
import TestKit
import Testing

struct StateEncodingTests {
    @Test(arguments: UInt64(1)...60)
    func `an account reads back as it was`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var driver = try LedgerDriver.busy(seed: seed, steps: random.below(80))
        if random.chance(30) { try driver.perform(.suspendAccount(try Name("a")), at: 800) }
        let image = try #require(driver.ledger.image.account(0, changedAfter: 0))
        #expect(try StateEncoding.account(0, from: StateEncoding.encode(image)) == image)
    }

    @Test(arguments: UInt64(1)...60)
    func `a price list version and an API key read back as they were`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let list = Catalogue.PriceListVersion(
            restoring: PriceListEvent(
                name: try Name("default"), version: .max, effectiveAt: .latest,
                json: random.bytes(200), time: .earliest))
        #expect(try StateEncoding.priceList(at: 4, from: StateEncoding.encode(list, at: 4)) == list)
        var new = NewAPIKey(
            role: random.pick([.operator, .service, .customer(account: try Name("a"))]),
            name: "é", secretHash: random.bytes(32), hint: "h")
        new.scopes = ["read"]
        new.expiresAt = random.chance(50) ? .latest : nil
        let key = APIKeyRecord(
            restoring: Position(segment: 3, index: 4).id(), key: new,
            account: random.chance(50) ? 5 : nil, isRevoked: random.chance(50),
            createdAt: .epoch)
        #expect(try StateEncoding.apiKey(at: 4, from: StateEncoding.encode(key, at: 4)) == key)
    }

    @Test(arguments: UInt64(1)...60)
    func `usage and positions read back as they were`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let cells = (0..<random.below(20)).map { _ in
            UsageRow.Cell(
                action: UInt32(truncatingIfNeeded: random.next()),
                key: random.chance(20) ? ChargeCommand.noKey : UInt32(random.below(50)),
                credits: random.chance(10) ? .max : Int128(random.below(1 << 40)),
                calls: random.pick([0, 1, .max]), units: random.pick([0, .min, .max]),
                bytes: Int128(random.next()))
        }
        let row = UsageRow(account: 3, quarter: -7, cells: cells)
        let stored = StateEncoding.encode(row, through: 5)
        #expect(try StateEncoding.usage(of: 3, quarter: -7, through: 5, from: stored) == row)
        for (account, quarter, through) in [(4, -7, 5), (3, -6, 5), (3, -7, 6)]
            as [(UInt32, Int64, UInt64)]
        {
            #expect(throws: SegmentError.badChecksum) {
                try StateEncoding.usage(
                    of: account, quarter: quarter, through: through, from: stored)
            }
        }
    }

    @Test func `every flipped bit and every cut is noticed`() throws {
        var driver = try LedgerDriver()
        try driver.grant(GrantTerms(5), at: 0)
        let image = try #require(driver.ledger.image.account(0, changedAfter: 0))
        let stored = StateEncoding.encode(image)
        for index in stored.indices {
            for bit in 0..<8 {
                var bad = stored
                bad[index] ^= 1 << UInt8(bit)
                #expect(throws: SegmentError.badChecksum) {
                    try StateEncoding.account(0, from: bad)
                }
            }
            let cut = [UInt8](stored[..<index])
            #expect(throws: SegmentError.self) { try StateEncoding.account(0, from: cut) }
        }
    }
}
