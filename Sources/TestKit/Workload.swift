/// Random requests of a character that the seed chooses, with many retries among them.
///
/// Each run turns whole kinds of requests on or off ("swarm"), so that rare mixtures come up.
public struct Workload: Sendable {
    /// What one run is like.
    public struct Character: Hashable, Sendable {
        /// How large charges and grants are.
        public enum Amounts: Sendable, CaseIterable {
            case tiny, usual, atTheLimit, mixed
        }

        public var accountCount: Int
        public var amounts: Amounts
        /// How much of each: charge, grant, adjust, void, suspend, resume, overdraft, key, look,
        /// hold, capture, release, refund, budget, end of a budget, plan, change of plan, scenario.
        public var weights: [Int]
        public var retryPercent: Int
        public var changedPercent: Int
        public var expiryPercent: Int
        public var futurePercent: Int
        public var collectPercent: Int
        public var postedPercent: Int

        public init(using random: inout SeededRandom) {
            accountCount = 1 + random.skewed(below: 12)
            amounts = random.pick(Amounts.allCases)
            weights = [40, 10, 5, 4, 1, 2, 2, 1, 8, 20, 15, 4, 8, 8, 2, 3, 10, 4].map {
                random.chance(80) ? $0 : 0
            }
            weights[0] = max(weights[0], 10)
            retryPercent = random.pick([0, 30, 30, 60])
            changedPercent = random.pick([0, 10, 50])
            expiryPercent = random.pick([0, 30, 70])
            futurePercent = random.pick([0, 20, 50])
            collectPercent = random.pick([0, 10, 50])
            postedPercent = random.pick([0, 0, 10])
        }
    }

    public let character: Character
    /// Times at which lots expire or become usable, for a clock that likes to hit them.
    public private(set) var edges: [Int64] = []
    private var sent: [Move] = []
    private var grants: [(account: String, spot: Spot)] = []
    private var holds: [(account: String, spot: Spot)] = []
    private var charges: [(account: String, facts: ChargeFacts)] = []
    private var keysMade = 0
    private var created = 0

    public init(character: Character) {
        self.character = character
    }

    /// The next request at `now`.
    public mutating func next(using random: inout SeededRandom, at now: Int64) -> Operation {
        if created < character.accountCount, created == 0 || random.chance(20) {
            created += 1
            let anchor = random.chance(30) ? now - random.number(in: 0...90 * 86_400_000_000) : nil
            return .createAccount(
                "account-\(created)", overdraft: overdraft(&random),
                plan: random.chance(20) ? "plan-\(random.below(3))" : nil, anchor: anchor)
        }
        if !sent.isEmpty, random.chance(character.retryPercent) { return retry(&random) }
        let account = account(&random)
        switch random.weighted(character.weights) {
        case 0: return move(charge(&random), on: account, &random, now)
        case 1: return move(.grant(terms(&random, now)), on: account, &random, now)
        case 2: return move(.adjust(adjustment(&random)), on: account, &random, now)
        case 3: return void(account, &random, now)
        case 4: return .suspend(account)
        case 5: return .resume(account)
        case 6: return .setOverdraft(account, overdraft(&random))
        case 7: return .createKey(hash: key(&random), account: random.chance(70) ? account : nil)
        case 8: return .look(random.chance(95) ? account : "nobody")
        case 9: return move(hold(&random), on: account, &random, now)
        case 10: return capture(account, &random, now)
        case 11:
            let (owner, spot) = placedHold(account, &random)
            return move(.release(spot), on: owner, &random, now)
        case 12: return refund(account, &random, now)
        case 13: return .putBudget(account, budget(&random))
        case 15: return .putPlan(plan(&random))
        case 16: return move(subscription(&random), on: account, &random, now)
        case 17: return .scenario(account, scenario(&random, now))
        default: return .deleteBudget(account, "budget-\(random.below(6))")
        }
    }

    /// Learns that a grant was recorded, so that it may be voided.
    public mutating func learn(of grant: Spot, on account: String) {
        grants.append((account, grant))
    }

    /// Learns that a hold was recorded, so that it may be settled.
    public mutating func learn(ofHold hold: Spot, on account: String) {
        holds.append((account, hold))
        if holds.count > 64 { holds.removeFirst() }
    }

    /// Learns that a charge is durable, so that it may be refunded.
    public mutating func learn(ofCharge charge: ModelEvent) {
        charges.append((charge.account, ChargeFacts(charge)))
        if charges.count > 64 { charges.removeFirst() }
    }

    private func account(_ random: inout SeededRandom) -> String {
        guard random.chance(98) else { return "nobody" }
        return "account-\(1 + random.skewed(below: max(1, created)))"
    }

    private mutating func retry(_ random: inout SeededRandom) -> Operation {
        let recent = min(sent.count, random.chance(80) ? 20 : sent.count)
        var again = sent[sent.count - 1 - random.below(recent)]
        if random.chance(character.changedPercent) {
            if random.chance(20) {
                again.account = account(&random)
            } else {
                again.kind = charge(&random)
            }
        }
        return .move(again)
    }

    mutating func move(
        _ kind: Move.Kind, on account: String, _ random: inout SeededRandom, _ now: Int64
    ) -> Operation {
        keysMade += 1
        var move = Move(kind, on: account, key: "key-\(keysMade)")
        if random.chance(70) { move.team = random.pick(["red", "blue"]) }
        if random.chance(50) { move.run = "run-\(random.below(4))" }
        if keysMade % 4 > 0 { move.module = "module-\(keysMade % 4)" }
        if random.chance(character.postedPercent) {
            move.postedAt = now - Int64(random.skewed(below: 2_000_000)) + 100
        }
        sent.append(move)
        return .move(move)
    }

    private func charge(_ random: inout SeededRandom) -> Move.Kind {
        if random.chance(2) { return .unpricedCharge }
        let isFree = random.chance(5)
        return .charge(
            isFree ? 0 : amount(&random), collects: random.chance(character.collectPercent))
    }

    private func adjustment(_ random: inout SeededRandom) -> Int64 {
        random.chance(50) ? amount(&random) : -amount(&random)
    }

    private mutating func void(
        _ account: String, _ random: inout SeededRandom, _ now: Int64
    ) -> Operation {
        guard !grants.isEmpty, random.chance(90) else {
            let spot = Spot(UInt64(random.below(50)), random.below(10))
            return move(.void(spot), on: account, &random, now)
        }
        let grant = random.pick(grants)
        let owner = random.chance(95) ? grant.account : account
        return move(.void(grant.spot), on: owner, &random, now)
    }

    private mutating func terms(_ random: inout SeededRandom, _ now: Int64) -> GrantTerms {
        var terms = GrantTerms(amount(&random), source: random.pick(GrantTerms.Source.allCases))
        if random.chance(20) { terms.priority = Int(random.number(in: -5...30)) }
        if random.chance(character.futurePercent) {
            terms.effectiveAt = now + distance(&random) - 1000
            edges.append(now + 1000)
        }
        if random.chance(character.expiryPercent) {
            terms.expiresAt = max(now, terms.effectiveAt ?? now) + distance(&random)
        }
        edges += [terms.effectiveAt, terms.expiresAt].compactMap(\.self)
        if edges.count > 64 { edges.removeFirst(edges.count - 64) }
        return terms
    }

    /// How far off an edge lies: from a microsecond to an hour; often the same, so that edges meet.
    private func distance(_ random: inout SeededRandom) -> Int64 {
        random.pick([1, 1000, 60_000_000, random.number(in: 0...3_600_000_000)])
    }

    /// A hold that was placed, on its account unless a mistake is wanted; or a place without one.
    func placedHold(
        _ account: String, _ random: inout SeededRandom
    ) -> (account: String, spot: Spot) {
        guard !holds.isEmpty, random.chance(95) else {
            return (account, Spot(UInt64(random.below(50)), random.below(10)))
        }
        let hold = random.pick(holds)
        return (random.chance(97) ? hold.account : account, hold.spot)
    }

    /// A charge that is durable.
    func durableCharge(_ random: inout SeededRandom) -> (String, ChargeFacts)? {
        charges.isEmpty ? nil : random.pick(charges)
    }

    private func overdraft(_ random: inout SeededRandom) -> Int64 {
        random.chance(60) ? 0 : amount(&random)
    }

    func amount(_ random: inout SeededRandom) -> Int64 {
        let limit: Int64 = 1_000_000_000_000_000_000
        let amounts =
            character.amounts == .mixed
            ? random.pick([.tiny, .usual, .atTheLimit]) : character.amounts
        return switch amounts {
        case .tiny: random.number(in: 1...20)
        case .usual, .mixed: random.number(in: 1...50_000_000)
        case .atTheLimit: random.pick([limit, limit - 1, limit / 2, limit / 2 + 1, 1])
        }
    }

    private mutating func key(_ random: inout SeededRandom) -> [UInt8] {
        SeededRandom.keyHash(random.below(40))
    }
}

extension SeededRandom {
    /// The 32 bytes that stand for the hash of secret number `number`.
    fileprivate static func keyHash(_ number: Int) -> [UInt8] {
        var random = SeededRandom(seed: UInt64(number))
        return random.bytes(32)
    }
}
