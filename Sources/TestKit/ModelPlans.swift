/// Plans and periods by the model: periods are found by counting them from the anchor, one by one.
extension ModelLedger {
    struct Plan: Sendable {
        let ask: PlanAsk
        let version: Int
    }

    /// What an account has a plan for.
    struct Subscription: Sendable {
        var plan: Plan?
        var number = 0
        var start: Int64
        var end: Int64
        /// The inner nil is no plan.
        var pending: String??
        var unused: Int64 = 0
        var usedBefore: Int128 = 0
    }

    mutating func putPlan(_ ask: PlanAsk, at now: Int64) -> ModelReply {
        let version = (plans.last { $0.ask.id == ask.id }?.version ?? 0) + 1
        plans.append(Plan(ask: ask, version: version))
        var event = ModelEvent(spot: nextSpot, account: "", kind: .planPut, time: now)
        event.note = "\(ask.id) \(version)"
        return .recorded(add(event))
    }

    mutating func subscribe(
        to plan: String?, atEnd: Bool, _ move: Move, _ place: Int, at time: Int64
    ) -> ModelReply {
        if let plan, !plans.contains(where: { $0.ask.id == plan }) {
            return .rejected("invalid_field")
        }
        if atEnd, let current = accounts[place].subscription, current.plan != nil,
            current.end != .max
        {
            accounts[place].subscription?.pending = .some(plan)
            var event = ModelEvent(
                spot: nextSpot, account: move.account, kind: .planPending, time: time)
            event.note = "\(plan ?? "-") \(current.end)"
            return keep(event, move, place)
        }
        if accounts[place].subscription?.plan != nil { endPeriodLots(place, at: time) }
        let event = startPeriod(
            place, plan, at: time, anchor: accounts[place].isAnchorFixed ? nil : time, move)
        accounts[place].firsts[move.key] = event
        return .recorded(event)
    }

    private mutating func keep(
        _ event: ModelEvent, _ move: Move, _ place: Int
    ) -> ModelReply {
        var event = event
        event.key = move.key
        event.content = move.contentNumber
        accounts[place].firsts[move.key] = add(event)
        return .recorded(event.spot)
    }

    func isOfPeriod(_ lot: Lot, _ place: Int) -> Bool {
        guard let subscription = accounts[place].subscription else { return false }
        return lot.source == .plan && lot.until == subscription.end
            && lot.from >= subscription.start
    }

    private mutating func endPeriodLots(_ place: Int, at time: Int64) {
        for lot in accounts[place].lots.indices.sorted(by: {
            accounts[place].lots[$0].burnKey < accounts[place].lots[$1].burnKey
        }) {
            let before = accounts[place].lots[lot]
            guard before.isActive, !before.hasEnded, isOfPeriod(before, place) else { continue }
            accounts[place].lots[lot].voided += before.left
            accounts[place].lots[lot].left = 0
            accounts[place].lots[lot].isVoided = true
            accounts[place].subscription?.unused += before.left
            enter(.voided, place, at: time) {
                $0.amount = before.left
                $0.shares = [ModelShare(grant: before.grant, micros: before.left)]
            }
        }
    }

    /// The period of an account has ended.
    mutating func nextPeriod(_ place: Int, at time: Int64) {
        guard let subscription = accounts[place].subscription else { return }
        let plan = subscription.pending ?? subscription.plan?.ask.id
        startPeriod(place, plan, at: time, anchor: nil, nil)
    }

    @discardableResult
    mutating func startPeriod(
        _ place: Int, _ id: String?, at time: Int64, anchor newAnchor: Int64?, _ move: Move?
    ) -> Spot {
        let (left, lasting) = rollover(place)
        if let newAnchor { accounts[place].anchor = newAnchor }
        let anchor = accounts[place].anchor
        let plan = id.flatMap { id in plans.last { $0.ask.id == id } }
        let months = plan?.ask.months ?? 0
        let number = months > 0 ? Self.period(holding: time, anchor, months) : 0
        let end = months > 0 ? Self.start(of: number + 1, anchor, months) : .max
        let account = accounts[place]
        accounts[place].subscription = Subscription(
            plan: plan, number: number, start: time, end: plan == nil ? .max : end,
            usedBefore: account.charged - account.refunded)
        var event = ModelEvent(
            spot: nextSpot, account: account.name, kind: .periodStarted, time: time)
        event.note = "\(id ?? "-") \(plan?.version ?? 0) \(number) \(time) \(max(time, end))"
        event.key = move?.key ?? ""
        event.content = move?.contentNumber ?? 0
        let spot = add(event)
        if left > 0 {
            let last = months > 0 ? Self.start(of: number + lasting, anchor, months) : .max
            give(left, .rollover, until: last, place, at: time)
        }
        if let plan { give(plan.ask.credits, .plan, until: end, place, at: time) }
        return spot
    }

    private func rollover(_ place: Int) -> (micros: Int64, periods: Int) {
        guard let subscription = accounts[place].subscription, let plan = subscription.plan,
            let most = plan.ask.rolloverMax
        else { return (0, 0) }
        let kept = accounts[place].lots.filter {
            $0.source == .rollover && $0.isActive && !$0.hasEnded
        }
        let room = most - kept.reduce(0) { $0 + $1.left }
        return (max(0, min(subscription.unused, room)), plan.ask.rolloverPeriods)
    }

    private mutating func give(
        _ micros: Int64, _ source: GrantTerms.Source, until: Int64, _ place: Int,
        at asked: Int64
    ) {
        let time = max(asked, accounts[place].lastTime)
        let room = Self.creditsMax - promised(to: accounts[place])
        let amount = Int64(clamping: min(Int128(micros), room))
        guard amount > 0, until > time else { return }
        let repaid = min(accounts[place].debt, amount)
        accounts[place].debt -= repaid
        accounts[place].granted += Int128(amount)
        accounts[place].lots.append(
            Lot(
                grant: nextSpot, source: source, priority: source == .plan ? 10 : 8, from: time,
                until: until, granted: amount, left: amount - repaid, spent: repaid,
                isActive: true))
        enter(.granted, place, at: time) {
            $0.amount = amount
            $0.repaid = repaid
        }
    }
}

/// The calendar in UTC, by counting.
extension ModelLedger {
    private static let day: Int64 = 86_400_000_000

    private static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    private static func length(_ month: Int, _ year: Int) -> Int64 {
        switch month {
        case 1: isLeap(year) ? 29 : 28
        case 3, 5, 8, 10: 30
        default: 31
        }
    }

    /// Year, month from 0, day from 0 and what is left of the day.
    private static func date(of time: Int64) -> (Int, Int, Int64, Int64) {
        var days = time / day
        var (year, month) = (1970, 0)
        while days >= (isLeap(year) ? 366 : 365) {
            days -= isLeap(year) ? 366 : 365
            year += 1
        }
        while days >= length(month, year) {
            days -= length(month, year)
            month += 1
        }
        return (year, month, days, time % day)
    }

    private static func start(of number: Int, _ anchor: Int64, _ months: Int) -> Int64 {
        let (year, month, dayOfMonth, rest) = date(of: anchor)
        let count = year * 12 + month + number * months
        let (thisYear, thisMonth) = (count / 12, count % 12)
        var days: Int64 = 0
        for before in 1970..<thisYear { days += isLeap(before) ? 366 : 365 }
        for before in 0..<thisMonth { days += length(before, thisYear) }
        return (days + min(dayOfMonth, length(thisMonth, thisYear) - 1)) * day + rest
    }

    private static func period(holding time: Int64, _ anchor: Int64, _ months: Int) -> Int {
        var number = 0
        while start(of: number, anchor, months) > time { number -= 1 }
        while start(of: number + 1, anchor, months) <= time { number += 1 }
        return number
    }
}
