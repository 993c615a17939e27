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

    @Test(arguments: UInt64(1)...100)
    func `an account whose figures do not follow from its lots reads back as it was`(
        seed: UInt64
    ) throws {
        var random = SeededRandom(seed: seed)
        let image = try Self.image(&random)
        #expect(try StateEncoding.account(7, from: StateEncoding.encode(image)) == image)
    }

    /// Any account at all, of which nothing needs to be right.
    private static func image(_ random: inout SeededRandom) throws -> AccountImage {
        func amount() -> Int64 {
            random.pick([0, 0, 1, -1, .max, .min, random.number(in: -1_000_000...1_000_000)])
        }
        func total() -> Int128 {
            random.pick([0, 0, .max, .min, Int128(amount()) << 40, Int128(amount())])
        }
        func time() -> Instant {
            random.pick([.epoch, .earliest, .latest, .never, Instant(micros: amount())])
        }
        let lots = (0..<random.below(4)).map { index in
            Lot(
                restoring: Position(segment: UInt64(random.below(9)), index: UInt32(index)),
                source: random.pick(GrantSource.allCases),
                priority: random.pick([5, 10, .min, .max]), effectiveAt: time(),
                expiresAt: time(), amounts: (0..<6).map { _ in amount() },
                state: random.pick([.waiting, .open, .closed, .lapsed]),
                isVoided: random.chance(30))
        }
        let record = AccountRecord(
            restoring: Balance(
                available: Credits(micros: amount()), held: Credits(micros: amount()),
                negative: Credits(micros: amount())),
            heldOverdraft: amount(), overdraftLimit: Credits(micros: amount()), charged: total(),
            uncollected: total(), refunded: total(), granted: total(),
            sequence: UInt64(bitPattern: amount()), lastTime: time(),
            changedIn: UInt64(bitPattern: amount()), isSuspended: random.chance(50))
        let plan = PlanReference(id: try Name("p"), version: .max)
        let profile = AccountProfile(
            restoring: try Name("acct"), name: "é", timeZone: "Asia/Kathmandu", anchor: time(),
            isAnchorFixed: random.chance(50), plan: random.chance(50) ? plan : nil,
            priceList: random.chance(50) ? plan.id : nil, metadata: random.bytes(9),
            createdAt: time())
        return AccountImage(
            slot: 7, profile: profile, record: record, lots: lots, holds: [], refunds: [],
            budgets: [], subscription: nil)
    }

    @Test func `an account with a grant takes less than 100 bytes`() throws {
        var driver = try LedgerDriver()
        let start = 1_790_000_000_000_000 as Int64
        try driver.perform(
            .createAccount(NewAccount(id: try Name("acct-123456"), name: "acct-123456")),
            at: start)
        let account = try Name("acct-123456")
        try driver.perform(
            .money(
                MoneyCommand(
                    account: account, idempotencyKey: Array("grant".utf8), fingerprint: 1,
                    request: .grant(NewGrant(amount: Credits(micros: 1 << 50), source: .plan)))),
            at: start + 1_000_000)
        let image = try #require(driver.ledger.image.account(1, changedAfter: 0))
        #expect(StateEncoding.encode(image).count < 100)
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

    @Test func `a scenario reads back as it was, and only as its account's`() throws {
        let scenario = ScenarioRecord(
            account: 3, id: try Name("s"), description: Array("{\"name\":\"x\"}".utf8),
            createdAt: .earliest, updatedAt: .latest, changedIn: 9)
        let stored = StateEncoding.encode(scenario)
        #expect(try StateEncoding.scenario(of: 3, from: stored) == scenario)
        #expect(throws: SegmentError.badChecksum) {
            try StateEncoding.scenario(of: 4, from: stored)
        }
    }

    @Test(arguments: UInt64(1)...60)
    func `usage reads back as it was, and only from where it stands`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var names = NameTable()
        let numbers = (0..<9).map { names.number(of: "name-\($0 * 7919)".utf8.span) } + [0]
        var cells = UsageCells([], names: names)
        for _ in 0..<random.below(40) {
            let key = UsageKey(
                start: random.pick([-7, 0, 2_000_000]), quarters: random.pick([1, 4, 96]),
                action: random.pick(numbers), team: random.pick(numbers),
                scenario: random.pick(numbers),
                key: random.pick([ChargeCommand.noKey, UsageCells.otherKey, 0, 49]),
                status: random.pick([.unsaid, .failed, CallStatus(rawValue: 599)]))
            var sums = UsageSums()
            sums.credits = random.pick([.max, .min, -1, Int128(random.below(1 << 40))])
            sums.extra = random.pick([0, sums.credits])
            sums.calls = random.pick([0, 1, .max])
            sums.units = random.pick([0, .min, .max])
            sums.bytes = Int128(random.next())
            guard !cells.cells.contains(where: { $0.key == key }) else { continue }
            cells.add(UsageCell(key: key, sums: sums))
        }
        let owned = cells.cells.map { AccountCell(UsageAccount(random.pick([nil, 0, .max])), $0) }
            .sorted { ($0.account, $0.cell.key.start) < ($1.account, $1.cell.key.start) }
        var encoder = UsagePageEncoder()
        let stored = encoder.encode(owned, names, under: [3, -7])
        let page = try UsagePage(from: stored, under: [3, -7])
        #expect(page.count == owned.count)
        var (read, readNames): ([AccountCell], NameTable) = ([], NameTable())
        for place in 0..<page.count { try page.read(place..<place + 1, &readNames, to: &read) }
        #expect(read.map(\.account) == owned.map(\.account))
        #expect(
            UsageCells(read.map(\.cell), names: readNames).plain
                == UsageCells(owned.map(\.cell), names: names).plain)
        for account in [nil, 0, 7, .max] as [AccountSlot?] {
            for start in [Int64.min, -7, 0, 1, .max] {
                let wanted = (UsageAccount(account), start)
                #expect(
                    page.place(of: wanted.0, from: start)
                        == owned.count { ($0.account, $0.cell.key.start) < wanted })
            }
        }
        for key in [[4, -7], [3, -6]] as [[Int64]] {
            #expect(throws: SegmentError.badChecksum) { try UsagePage(from: stored, under: key) }
        }
    }

    @Test func `cells past the most there may be count as other`() throws {
        var many = UsageCells()
        for number in 0..<20 {
            var names = NameTable()
            let key = UsageKey(
                start: 1, action: names.number(of: "a\(number)".utf8.span), team: 0,
                scenario: names.number(of: "s".utf8.span), key: 5, status: .unsaid)
            var sums = UsageSums()
            sums.credits = 1
            many.add(
                UsageCells([UsageCell(key: key, sums: sums)], names: names), cellsMax: 7)
        }
        #expect(many.cells.count == 8)
        #expect(many.cells.reduce(0) { $0 + $1.sums.credits } == 20)
        let other = try #require(many.cells.last)
        #expect(other.sums.credits == 13)
        #expect(many.names.text(other.key.action) == UsageCells.otherName)
        #expect(many.names.text(other.key.scenario) == UsageCells.otherName)
        #expect(other.key.team == 0)
        #expect(other.key.key == UsageCells.otherKey)
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

extension UsageCells {
    /// The cells with their texts in place, in any order.
    fileprivate var plain: Set<[String]> {
        Set(
            cells.map { cell in
                let texts = [cell.key.action, cell.key.team, cell.key.scenario].map(names.text)
                return texts + [
                    "\(cell.key.start) \(cell.key.quarters) \(cell.key.key) \(cell.key.status)",
                    "\(cell.sums)",
                ]
            })
    }
}
