/// Budgets by the model: plain counters by name, found by comparing strings.
extension ModelLedger {
    /// A budget, and what was used of it since the event at `since`.
    struct Budget: Sendable {
        var ask: BudgetAsk
        var since: Spot
        var start: Int64
        /// Int64.max when use never counts from zero again.
        var end: Int64
        var used: [String: Int128] = [:]

        func use(of key: String, changing amount: Int64) -> String {
            "\(ask.name) \(ask.limit) \(used[key] ?? 0) \(amount) \(end)"
        }

        func includes(team: String, run: String) -> Bool {
            if ask.window == .run, run.isEmpty { return false }
            return ask.team.includes(team) && ask.run.includes(run)
        }

        func key(team: String, run: String) -> String {
            var parts: [String] = []
            if ask.team == .each { parts.append(team) }
            if ask.run == .each || ask.window == .run { parts.append(run) }
            return parts.joined(separator: "|")
        }
    }

    mutating func putBudget(_ ask: BudgetAsk, on name: String, at now: Int64) -> ModelReply {
        guard let place = place(of: name) else { return .rejected("not_found") }
        if let known = accounts[place].budgets.firstIndex(where: { $0.ask.name == ask.name }) {
            var same = accounts[place].budgets[known].ask
            same.limit = ask.limit
            guard same == ask else { return .rejected("invalid_field") }
            accounts[place].budgets[known].ask = ask
        } else {
            guard isPlaceable(ask, place) else { return .rejected("invalid_field") }
            let (start, end) = Self.window(ask.window, at: now)
            accounts[place].budgets.append(
                Budget(ask: ask, since: nextSpot, start: start, end: end))
            accounts[place].budgets.sort { $0.ask.name < $1.ask.name }
        }
        return .recorded(
            add(ModelEvent(spot: nextSpot, account: name, kind: .budgetPut, time: now)))
    }

    private func isPlaceable(_ ask: BudgetAsk, _ place: Int) -> Bool {
        var above = 0
        var next = ask.parent
        while let name = next {
            above += 1
            guard let parent = accounts[place].budgets.first(where: { $0.ask.name == name }),
                above < 8
            else { return false }
            next = parent.ask.parent
        }
        return true
    }

    mutating func deleteBudget(_ budget: String, on name: String, at now: Int64) -> ModelReply {
        guard let place = place(of: name),
            accounts[place].budgets.contains(where: { $0.ask.name == budget })
        else { return .rejected("not_found") }
        guard !accounts[place].budgets.contains(where: { $0.ask.parent == budget }) else {
            return .rejected("invalid_field")
        }
        accounts[place].budgets.removeAll { $0.ask.name == budget }
        return .recorded(
            add(ModelEvent(spot: nextSpot, account: name, kind: .budgetDeleted, time: now)))
    }

    /// Hours and days in UTC, which is the zone of all accounts of the model.
    private static func window(_ window: BudgetAsk.Window, at time: Int64) -> (Int64, Int64) {
        let length: Int64
        switch window {
        case .none, .run: return (time, .max)
        case .hour: length = 3_600_000_000
        case .day: length = 86_400_000_000
        }
        let start = time - ((time % length) + length) % length
        return (start, start + length)
    }

    mutating func restartBudgets(_ place: Int, at now: Int64) {
        for index in accounts[place].budgets.indices
        where accounts[place].budgets[index].end <= now {
            let ask = accounts[place].budgets[index].ask
            let (start, end) = Self.window(ask.window, at: now)
            accounts[place].budgets[index] = Budget(
                ask: ask, since: nextSpot, start: start, end: end)
            add(
                ModelEvent(
                    spot: nextSpot, account: accounts[place].name, kind: .budgetRestarted,
                    time: now))
        }
    }

    /// The budgets that a call counts against, parents included, by name.
    private func concerned(_ place: Int, team: String, run: String, at time: Int64) -> [Int] {
        let all = accounts[place].budgets
        var names: Set<String> = []
        for budget in all where budget.includes(team: team, run: run) {
            var next: String? = budget.ask.name
            while let name = next, let found = all.first(where: { $0.ask.name == name }) {
                names.insert(name)
                next = found.ask.parent
            }
        }
        return all.indices.filter { names.contains(all[$0].ask.name) && all[$0].start <= time }
    }

    /// Why a budget refuses, if one does.
    func excess(
        _ amount: Int64, _ place: Int, _ move: Move, at time: Int64
    ) -> ModelEvent.Kind? {
        guard amount > 0 else { return nil }
        for index in concerned(place, team: move.team, run: move.run, at: time) {
            let budget = accounts[place].budgets[index]
            let used = budget.used[budget.key(team: move.team, run: move.run)] ?? 0
            if used + Int128(amount) > Int128(budget.ask.limit) {
                return .refusedBudget(
                    name: budget.ask.name, limit: budget.ask.limit, used: used,
                    until: budget.end)
            }
        }
        return nil
    }

    /// Counts a call against its budgets; gives where it was counted.
    @discardableResult
    mutating func count(
        _ amount: Int64, _ place: Int, team: String, run: String, at time: Int64
    ) -> [(since: Spot, key: String)] {
        concerned(place, team: team, run: run, at: time).map { index in
            let key = accounts[place].budgets[index].key(team: team, run: run)
            accounts[place].budgets[index].used[key, default: 0] += Int128(amount)
            return (accounts[place].budgets[index].since, key)
        }
    }

    /// What the budgets of a call have used, before it changes them.
    func uses(
        _ amount: Int64, _ place: Int, team: String, run: String, at time: Int64
    ) -> [String] {
        concerned(place, team: team, run: run, at: time).map { index in
            let budget = accounts[place].budgets[index]
            return budget.use(of: budget.key(team: team, run: run), changing: amount)
        }
    }

    /// The same for the budgets in which a hold was counted.
    func uses(_ amount: Int64, _ place: Int, of hold: Hold) -> [String] {
        hold.counted.compactMap { since, key in
            accounts[place].budgets.first { $0.since == since }?.use(of: key, changing: amount)
        }
    }

    mutating func recount(_ hold: Hold, by amount: Int64, _ place: Int) {
        for (since, key) in hold.counted {
            guard let index = accounts[place].budgets.firstIndex(where: { $0.since == since })
            else { continue }
            change(index, key, by: amount, place)
        }
    }

    mutating func uncount(_ charge: ChargeFacts, _ amount: Int64, _ place: Int) {
        for index in concerned(place, team: charge.team, run: charge.run, at: .max)
        where accounts[place].budgets[index].since < charge.countedAt {
            let key = accounts[place].budgets[index].key(team: charge.team, run: charge.run)
            change(index, key, by: -amount, place)
        }
    }

    private mutating func change(_ index: Int, _ key: String, by amount: Int64, _ place: Int) {
        guard let before = accounts[place].budgets[index].used[key] else { return }
        accounts[place].budgets[index].used[key] = max(0, before + Int128(amount))
    }
}

extension BudgetAsk.Match? {
    fileprivate func includes(_ value: String) -> Bool {
        switch self {
        case nil: true
        case .each: !value.isEmpty
        case .only(let wanted): value == wanted
        }
    }
}
