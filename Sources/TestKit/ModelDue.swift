extension ModelLedger {
    private struct Due {
        enum Kind: Int {
            case endOfHold, expiry, activation, period
        }

        let time: Int64
        let kind: Kind
        /// The place of the lot or hold.
        let index: Int
        let spot: Spot

        var order: (Int64, Int, Spot) { (time, kind.rawValue, spot) }
    }

    /// Makes entries of all that ends or begins at or before `now`, the earliest first.
    mutating func settle(_ place: Int, at now: Int64) {
        while let due = dues(of: place, at: now).min(by: { $0.order < $1.order }) {
            switch due.kind {
            case .endOfHold: endHold(accounts[place].holds[due.index], place)
            case .expiry: expire(due, place)
            case .activation: activate(due, place)
            case .period: nextPeriod(place, at: due.time)
            }
        }
        restartBudgets(place, at: now)
    }

    private func dues(of place: Int, at now: Int64) -> [Due] {
        let lots = accounts[place].lots.enumerated().compactMap { index, lot -> Due? in
            if !lot.isActive, lot.from <= now {
                return Due(time: lot.from, kind: .activation, index: index, spot: lot.grant)
            }
            guard lot.isActive, !lot.hasEnded, lot.until <= now else { return nil }
            return Due(time: lot.until, kind: .expiry, index: index, spot: lot.grant)
        }
        let holds = accounts[place].holds.enumerated().compactMap { index, hold -> Due? in
            guard hold.until <= now else { return nil }
            return Due(time: hold.until, kind: .endOfHold, index: index, spot: hold.spot)
        }
        guard let end = accounts[place].subscription?.end, end <= now else { return lots + holds }
        return lots + holds + [Due(time: end, kind: .period, index: 0, spot: Spot(0, 0))]
    }

    private mutating func activate(_ due: Due, _ place: Int) {
        let amount = accounts[place].lots[due.index].left
        let repaid = min(amount, accounts[place].debt)
        accounts[place].debt -= repaid
        accounts[place].lots[due.index].left -= repaid
        accounts[place].lots[due.index].spent += repaid
        accounts[place].lots[due.index].isActive = true
        enter(.activated, place, at: due.time) {
            $0.amount = amount
            $0.repaid = repaid
            $0.shares = [ModelShare(grant: due.spot, micros: amount)]
        }
    }

    private mutating func expire(_ due: Due, _ place: Int) {
        let amount = accounts[place].lots[due.index].left
        if isOfPeriod(accounts[place].lots[due.index], place) {
            accounts[place].subscription?.unused += amount
        }
        accounts[place].lots[due.index].left = 0
        accounts[place].lots[due.index].hasExpired = true
        accounts[place].lots[due.index].expired += amount
        enter(.expired, place, at: due.time) {
            $0.amount = amount
            $0.shares = [ModelShare(grant: due.spot, micros: amount)]
        }
    }

    /// Brings the accounts up to date on which something is due, at most `limit` of them.
    public mutating func sweep(at now: Int64, limit: Int) {
        let due = accounts.indices.filter { !dues(of: $0, at: now).isEmpty }
        for place in due.prefix(limit) { settle(place, at: now) }
    }
}
