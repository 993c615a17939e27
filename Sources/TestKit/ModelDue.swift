extension ModelLedger {
    private struct Due {
        let time: Int64
        let isActivation: Bool
        let lot: Int
        let grant: Spot

        var order: (Int64, Int, Spot) { (time, isActivation ? 1 : 0, grant) }
    }

    /// Makes entries of every expiry and activation at or before `now`, the earliest first.
    mutating func settle(_ place: Int, at now: Int64) {
        while let due = dues(of: place, at: now).min(by: { $0.order < $1.order }) {
            if due.isActivation { activate(due, place) } else { expire(due, place) }
        }
    }

    private func dues(of place: Int, at now: Int64) -> [Due] {
        accounts[place].lots.enumerated().compactMap { index, lot in
            if !lot.isActive, lot.from <= now {
                return Due(time: lot.from, isActivation: true, lot: index, grant: lot.grant)
            }
            guard lot.isActive, lot.left > 0, lot.until <= now else { return nil }
            return Due(time: lot.until, isActivation: false, lot: index, grant: lot.grant)
        }
    }

    private mutating func activate(_ due: Due, _ place: Int) {
        let amount = accounts[place].lots[due.lot].left
        let repaid = min(amount, accounts[place].debt)
        accounts[place].debt -= repaid
        accounts[place].lots[due.lot].left -= repaid
        accounts[place].lots[due.lot].spent += repaid
        accounts[place].lots[due.lot].isActive = true
        enter(.activated, place, at: due.time) {
            $0.amount = amount
            $0.repaid = repaid
            $0.shares = [ModelShare(grant: due.grant, micros: amount)]
        }
    }

    private mutating func expire(_ due: Due, _ place: Int) {
        let amount = accounts[place].lots[due.lot].left
        accounts[place].lots[due.lot].left = 0
        accounts[place].lots[due.lot].expired += amount
        enter(.expired, place, at: due.time) {
            $0.amount = amount
            $0.shares = [ModelShare(grant: due.grant, micros: amount)]
        }
    }

    /// Brings the accounts up to date on which something is due, at most `limit` of them.
    public mutating func sweep(at now: Int64, limit: Int) {
        let due = accounts.indices.filter { !dues(of: $0, at: now).isEmpty }
        for place in due.prefix(limit) { settle(place, at: now) }
    }
}
