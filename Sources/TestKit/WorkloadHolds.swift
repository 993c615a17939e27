/// Random holds, what becomes of them, refunds, budgets, plans and scenarios.
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

    mutating func budget(_ random: inout SeededRandom) -> BudgetAsk {
        let number = random.below(6)
        // Of one name mostly one shape, so that limits change.
        let shape = random.chance(90) ? number : random.below(6)
        let teams: [BudgetAsk.Match?] = [nil, .each, .only("red"), nil, .only("blue"), .each]
        let runs: [BudgetAsk.Match?] = [nil, nil, nil, .each, nil, .only("run-1")]
        let windows: [BudgetAsk.Window] = [.day, .hour, .none, .hour, .day, .run]
        let parents: [String?] = [nil, "budget-0", "budget-1", nil, "budget-2", "budget-2"]
        return BudgetAsk(
            "budget-\(number)", team: teams[shape], run: runs[shape],
            limit: random.chance(20) ? 0 : amount(&random) / 2 * 5 / 4, window: windows[shape],
            parent: random.chance(95) ? parents[shape] : "budget-5")
    }

    mutating func plan(_ random: inout SeededRandom) -> PlanAsk {
        PlanAsk(
            "plan-\(random.below(3))", credits: random.chance(10) ? 0 : amount(&random),
            months: random.pick([1, 1, 1, 12, 0]),
            rolloverMax: random.chance(50) ? amount(&random) : nil,
            rolloverPeriods: 1 + random.below(3))
    }

    mutating func scenario(_ random: inout SeededRandom, _ now: Int64) -> ScenarioAsk {
        let (run, scenario) = ("run-\(random.below(4))", "scenario-\(random.below(3))")
        switch random.below(4) {
        case 0: return .put(scenario, text: "{\"name\":\"\(random.below(1000))\"}")
        case 1: return .finish(run: run, status: UInt16(random.pick([1, 2, 4, 5, 6])))
        default:
            let ago = Int64(random.skewed(below: 1_000_000))
            return .start(
                run: run, scenario: scenario, at: random.chance(50) ? now - ago : nil)
        }
    }

    mutating func subscription(_ random: inout SeededRandom) -> Move.Kind {
        .subscribe(
            random.chance(85) ? "plan-\(random.below(3))" : nil, atEnd: random.chance(50))
    }
}
