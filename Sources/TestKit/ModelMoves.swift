extension ModelLedger {
    mutating func perform(_ move: Move, at now: Int64) -> ModelReply {
        guard let place = place(of: move.account) else { return .rejected("not_found") }
        if let first = accounts[place].firsts[move.key] { return .seenBefore(first) }
        let time = move.postedAt ?? now
        if let posted = move.postedAt, posted > now || posted < accounts[place].lastTime {
            return .rejected("timestamp_out_of_range")
        }
        settle(place, at: time)
        switch move.kind {
        case .charge(let amount, let collects):
            return charge(amount, collects: collects, move, place, at: time, now: now)
        case .unpricedCharge: return .rejected("unknown_action")
        case .grant(let terms): return grant(terms, isAdjustment: false, move, place, at: time)
        case .void(let grant): return void(grant, move, place, at: time)
        case .adjust(let amount) where amount > 0:
            let terms = GrantTerms(amount, source: .adjustment)
            return grant(terms, isAdjustment: true, move, place, at: time)
        case .adjust(let amount): return take(-amount, move, place, at: time, now: now)
        case .hold(let terms): return hold(terms, move, place, at: time, now: now)
        case .capture(let spot, let amount, let refuses):
            return capture(
                spot, amount: amount, refuses: refuses, move, place, at: time, now: now)
        case .release(let spot): return release(spot, move, place, at: time, now: now)
        case .subscribe(let plan, let atEnd):
            return subscribe(to: plan, atEnd: atEnd, move, place, at: time)
        case .refund(let charge, let amount):
            return refund(charge, amount: amount, move, place, at: time, now: now)
        }
    }

    private mutating func charge(
        _ amount: Int64, collects: Bool, _ move: Move, _ place: Int, at time: Int64, now: Int64
    ) -> ModelReply {
        let account = accounts[place]
        if account.isSuspended { return refuse(.refusedSuspended, move, place, now: now) }
        if !collects, amount > 0, amount > account.spendable {
            let reason = ModelEvent.Kind.refusedFunds(
                required: amount, spendable: account.spendable)
            return refuse(reason, move, place, now: now)
        }
        if !collects, let reason = excess(amount, place, move, at: time) {
            return refuse(reason, move, place, now: now)
        }
        let chargedAt = max(time, account.lastTime)
        let uses = uses(amount, place, team: move.team, run: move.run, at: chargedAt)
        count(amount, place, team: move.team, run: move.run, at: chargedAt)
        let fromLots = min(amount, account.available)
        let overdrawn = min(
            amount - fromLots, max(0, account.overdraft - account.debt - account.heldOverdraft))
        let uncollected = amount - fromLots - overdrawn
        let shares = pay(fromLots, place)
        accounts[place].debt += overdrawn
        accounts[place].charged += Int128(amount)
        accounts[place].uncollected += Int128(uncollected)
        return enter(.charged, move, place, at: time) {
            $0.amount = amount
            $0.shares = shares
            $0.overdrawn = overdrawn
            $0.uncollected = uncollected
            $0.uses = uses
            $0.team = move.team
            $0.run = move.run
            $0.module = move.module
        }
    }

    private mutating func grant(
        _ terms: GrantTerms, isAdjustment: Bool, _ move: Move, _ place: Int, at asked: Int64
    ) -> ModelReply {
        let time = max(asked, accounts[place].lastTime)
        let from = terms.effectiveAt ?? time
        let until = terms.expiresAt ?? .max
        guard until > time, until > from else { return .rejected("timestamp_out_of_range") }
        let promised = Int128(terms.amount) + promised(to: accounts[place])
        guard promised <= Self.creditsMax else { return .rejected("balance_overflow") }
        let isActive = from <= time
        let repaid = isActive ? min(accounts[place].debt, terms.amount) : 0
        accounts[place].debt -= repaid
        accounts[place].granted += Int128(terms.amount)
        accounts[place].lots.append(
            Lot(
                grant: nextSpot, source: terms.source, priority: terms.priority, from: from,
                until: until,
                granted: terms.amount, left: terms.amount - repaid, spent: repaid,
                isActive: isActive))
        return enter(.granted, move, place, at: time) {
            $0.amount = terms.amount
            $0.repaid = repaid
        }
    }

    private mutating func void(
        _ grant: Spot, _ move: Move, _ place: Int, at time: Int64
    ) -> ModelReply {
        guard let lot = accounts[place].lots.firstIndex(where: { $0.grant == grant }) else {
            return .rejected("not_found")
        }
        guard !accounts[place].lots[lot].hasEnded else {
            let now = max(time, accounts[place].lastTime)
            let isForgotten =
                accounts[place].lots[lot].isClosed && !accounts[place].lots[lot].takesBack(at: now)
            return .rejected(isForgotten ? "not_found" : "grant_not_open")
        }
        let left = accounts[place].lots[lot].left
        accounts[place].lots[lot].voided += left
        accounts[place].lots[lot].left = 0
        accounts[place].lots[lot].isActive = true
        accounts[place].lots[lot].isVoided = true
        return enter(.voided, move, place, at: time) {
            $0.amount = left
            $0.shares = [ModelShare(grant: grant, micros: left)]
        }
    }

    private mutating func take(
        _ amount: Int64, _ move: Move, _ place: Int, at time: Int64, now: Int64
    ) -> ModelReply {
        let account = accounts[place]
        guard amount <= account.spendable else {
            let reason = ModelEvent.Kind.refusedFunds(
                required: amount, spendable: account.spendable)
            return refuse(reason, move, place, now: now)
        }
        let fromLots = min(amount, account.available)
        let shares = pay(fromLots, place)
        accounts[place].debt += amount - fromLots
        return enter(.adjusted, move, place, at: time) {
            $0.amount = amount
            $0.shares = shares
            $0.overdrawn = amount - fromLots
        }
    }

    mutating func pay(_ amount: Int64, _ place: Int) -> [ModelShare] {
        var left = amount
        var shares: [ModelShare] = []
        for lot in accounts[place].burnOrder where left > 0 {
            let share = min(left, accounts[place].lots[lot].left)
            accounts[place].lots[lot].left -= share
            accounts[place].lots[lot].spent += share
            shares.append(ModelShare(grant: accounts[place].lots[lot].grant, micros: share))
            left -= share
        }
        return shares
    }

    mutating func enter(
        _ kind: ModelEvent.Kind, _ move: Move, _ place: Int, at time: Int64,
        _ fill: (inout ModelEvent) -> Void
    ) -> ModelReply {
        let spot = enter(kind, place, at: time) {
            $0.key = move.key
            $0.content = move.contentNumber
            fill(&$0)
        }
        accounts[place].firsts[move.key] = spot
        return .recorded(spot)
    }

    /// Writes an entry of an account that has changed already.
    @discardableResult
    mutating func enter(
        _ kind: ModelEvent.Kind, _ place: Int, at time: Int64, _ fill: (inout ModelEvent) -> Void
    ) -> Spot {
        accounts[place].sequence += 1
        accounts[place].lastTime = max(accounts[place].lastTime, time)
        let account = accounts[place]
        var event = ModelEvent(
            spot: nextSpot, account: account.name, kind: kind, time: account.lastTime)
        event.sequence = account.sequence
        event.available = account.available
        event.held = account.held
        event.debt = account.debt
        fill(&event)
        return add(event)
    }

    mutating func refuse(
        _ reason: ModelEvent.Kind, _ move: Move, _ place: Int, now: Int64
    ) -> ModelReply {
        let time = max(now, accounts[place].lastTime)
        var event = ModelEvent(spot: nextSpot, account: move.account, kind: reason, time: time)
        event.key = move.key
        event.content = move.contentNumber
        accounts[place].firsts[move.key] = add(event)
        return .recorded(event.spot)
    }
}
