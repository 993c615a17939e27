internal import Credit
public import Ledger

extension LedgerDriver {
    /// A ledger in which all that can happen to an account has happened to `a`, as `seed` says.
    public static func busy(seed: UInt64, steps: Int = 80) throws -> LedgerDriver {
        var random = SeededRandom(seed: seed)
        var driver = try LedgerDriver(overdraft: 20, seed: seed)
        var past = Past()
        for step in 0..<steps { try driver.act(at: Int64(step * 10), &past, &random) }
        return driver
    }

    /// A driver that goes on with a ledger restored from what this one holds.
    public func restored(as ledger: Ledger) -> LedgerDriver {
        var driver = self
        driver.replace(by: ledger)
        return driver
    }

    private struct Past {
        var grants: [Position] = []
        var holds: [Hold] = []
        var charges: [RefundedCharge] = []
    }

    private mutating func act(
        at now: Int64, _ past: inout Past, _ random: inout SeededRandom
    ) throws {
        switch random.below(10) {
        case 0, 1:
            let terms = GrantTerms(
                random.number(in: 1...30), source: random.pick(GrantTerms.Source.allCases),
                from: random.chance(30) ? now + 35 : nil,
                until: random.chance(50) ? now + random.number(in: 40...300) : nil)
            past.grants.append(try grant(terms, at: now))
        case 2:
            if !past.grants.isEmpty { _ = try? void(random.pick(past.grants), at: now) }
        case 3, 4:
            let terms = HoldAsk(
                random.number(in: 0...20), seconds: random.number(in: 1...3),
                policy: random.pick(HoldAsk.Policy.allCases))
            if let hold = try? hold(terms, at: now) { past.holds.append(hold) }
        case 5:
            guard !past.holds.isEmpty else { return }
            let hold = random.pick(past.holds)
            _ = try? capture(hold, random.number(in: 0...30), at: now)
        case 6:
            if !past.holds.isEmpty { _ = try? release(random.pick(past.holds), at: now) }
        case 7:
            guard !past.charges.isEmpty else { return }
            let charge = random.pick(past.charges)
            _ = try? refund(random.chance(30) ? nil : 3, of: charge, at: now)
        default:
            try charge(random.number(in: 0...25), onShort: .collect, at: now)
            if let charge = lastFacts { past.charges.append(charge) }
        }
    }
}
