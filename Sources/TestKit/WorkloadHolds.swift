/// Random holds, what becomes of them, and refunds.
extension Workload {
    mutating func hold(_ random: inout SeededRandom) -> Move.Kind {
        let amount = amount(&random)
        let policy = random.pick(HoldAsk.Policy.allCases)
        // Mostly at most what is held, as the ledger demands.
        let minimum = policy == .captureMinimum ? random.number(in: 0...amount) : 0
        let seconds = random.pick([1, 1, 60, random.number(in: 1...86_400)])
        return .hold(
            HoldAsk(
                random.chance(5) ? 0 : amount, seconds: seconds, policy: policy, minimum: minimum))
    }

    mutating func capture(
        _ account: String, _ random: inout SeededRandom, _ now: Int64
    ) -> Operation {
        let (owner, spot) = placedHold(account, &random)
        let amount: Int64? =
            switch random.below(4) {
            case 0: nil
            case 1: 0
            default: self.amount(&random)
            }
        let kind = Move.Kind.capture(spot, amount: amount, refuses: random.chance(30))
        return move(kind, on: owner, &random, now)
    }

    mutating func refund(
        _ account: String, _ random: inout SeededRandom, _ now: Int64
    ) -> Operation {
        guard let (owner, charge) = durableCharge(&random) else {
            return .look(account)
        }
        let amount: Int64? =
            random.chance(30) ? nil : random.number(in: 1...max(1, charge.credits / 2 + 1))
        return move(.refund(charge, amount: amount), on: owner, &random, now)
    }
}
