public import Credit

extension Ledger {
    /// The first thing due on an account at or before `time`, or nil when it is up to date.
    ///
    /// Order: due time; then expiry of a hold, expiry of a grant, activation of a grant, the next
    /// period; then id.
    /// The entry is stamped with the due time, or with the account's last time when that is later.
    public func due(on slot: AccountSlot, at time: Instant) -> DueStep? {
        guard records[Int(slot)].nextDue <= time else { return nil }
        let lot = dueLot(of: slot, at: time)
        if let first = holds.first(of: slot), first.expiresAt <= time,
            first.expiresAt <= lot?.dueAt ?? .never,
            first.expiresAt <= subscriptions[slot]?.end ?? .never, let hold = holds[first.position]
        {
            return expiry(of: hold)
        }
        if let end = subscriptions[slot]?.end, end <= time, end < lot?.dueAt ?? .never {
            return .period(at: end)
        }
        return lot.map { .event(dueEvent(of: $0, on: slot)) }
    }

    private func dueLot(of slot: AccountSlot, at time: Instant) -> Lot? {
        var first: Lot?
        var next = records[Int(slot)].firstLot
        while next != Lot.none {
            let lot = lots[Int(next)]
            next = lot.next
            if lot.dueAt <= time, first.map(lot.isDue(before:)) ?? true { first = lot }
        }
        return first
    }

    private func dueEvent(of lot: Lot, on slot: AccountSlot) -> Event {
        let record = records[Int(slot)]
        let isExpiry = lot.state == .open || lot.expiresAt <= lot.effectiveAt
        let repaid = isExpiry ? 0 : min(record.debt, lot.remaining)
        let gained: Int64 =
            switch (isExpiry, lot.state) {
            case (false, _): lot.remaining - repaid
            case (true, .open): -lot.remaining
            case (true, .waiting), (true, .closed), (true, .lapsed): 0
            }
        return .lot(
            LotEvent(
                cause: isExpiry ? .expired : .activated,
                head: head(
                    on: slot, at: entryTime(lot.dueAt, on: slot),
                    available: record.available + gained, debt: record.debt - repaid),
                grant: lot.position, amount: lot.remaining, repaid: repaid, key: nil))
    }

    /// The accounts on which something is due at or before `time`, by slot, at most `limit` of them.
    ///
    /// Those due first come first when there are more.
    public mutating func accountsDue(at time: Instant, limit: Int) -> [AccountSlot] {
        var found: [DueQueue.Entry] = []
        while let first = dueQueue.first, first.time <= time, found.count < limit {
            dueQueue.removeFirst()
            guard records[Int(first.slot)].nextDue == first.time, found.last != first else {
                continue
            }
            found.append(first)
        }
        // Whoever is brought up to date becomes stale here by that.
        for entry in found { dueQueue.insert(entry) }
        return found.map(\.slot).sorted()
    }

    mutating func apply(_ event: LotEvent, in segment: UInt64) {
        let slot = event.head.account
        let lot = lotIndex(of: event.grant, on: slot)
        guard lot != Lot.none else { return }
        noteUnused(event, lots[Int(lot)])
        switch event.cause {
        case .activated:
            lots[Int(lot)].state = .open
            lots[Int(lot)].remaining -= event.repaid
            lots[Int(lot)].spent += event.repaid
        case .expired:
            lots[Int(lot)].state = .lapsed
            lots[Int(lot)].remaining -= event.amount
            lots[Int(lot)].expired += event.amount
        case .voided:
            lots[Int(lot)].state = .lapsed
            lots[Int(lot)].isVoided = true
            lots[Int(lot)].remaining -= event.amount
            lots[Int(lot)].voided += event.amount
        }
        apply(head: event.head, in: segment)
        closeUsedUpLots(of: slot)
        forgetEndedLots(of: slot, at: event.head.time)
    }
}

extension Lot {
    func isDue(before other: Lot) -> Bool {
        if dueAt != other.dueAt { return dueAt < other.dueAt }
        if state != other.state { return state == .open }
        return position < other.position
    }
}
