import Credit

extension Ledger {
    /// The place of the lot granted at `position` in the open chain of an account.
    func lotIndex(of position: Position, on slot: AccountSlot) -> UInt32 {
        var next = records[Int(slot)].firstLot
        while next != Lot.none {
            if lots[Int(next)].position == position { return next }
            next = lots[Int(next)].next
        }
        return Lot.none
    }

    /// Puts a new lot into the chain of its account, in burn order.
    mutating func add(_ lot: Lot, to slot: AccountSlot) {
        var added = firstFreeLot
        if added == Lot.none {
            added = UInt32(truncatingIfNeeded: lots.count)
            lots.append(lot)
        } else {
            firstFreeLot = lots[Int(added)].next
            lots[Int(added)] = lot
        }
        link(added, to: slot)
    }

    /// Moves a lot that was used up back to those that may pay; nothing when it is one of those.
    mutating func reopen(_ grant: Position, of slot: AccountSlot) {
        var previous = Lot.none
        var next = records[Int(slot)].firstClosedLot
        while next != Lot.none {
            let current = next
            next = lots[Int(current)].next
            guard lots[Int(current)].position == grant else {
                previous = current
                continue
            }
            if previous == Lot.none {
                records[Int(slot)].firstClosedLot = next
            } else {
                lots[Int(previous)].next = next
            }
            lots[Int(current)].state = .open
            return link(current, to: slot)
        }
    }

    private mutating func link(_ added: UInt32, to slot: AccountSlot) {
        let lot = lots[Int(added)]
        var previous = Lot.none
        var next = records[Int(slot)].firstLot
        while next != Lot.none, !lot.burns(before: lots[Int(next)]) {
            previous = next
            next = lots[Int(next)].next
        }
        lots[Int(added)].next = next
        if previous == Lot.none {
            records[Int(slot)].firstLot = added
        } else {
            lots[Int(previous)].next = added
        }
        scheduleDue(of: slot)
    }

    /// Moves lots that nothing remains of from the open chain to the closed one.
    mutating func closeUsedUpLots(of slot: AccountSlot) {
        var previous = Lot.none
        var next = records[Int(slot)].firstLot
        while next != Lot.none {
            let current = next
            next = lots[Int(current)].next
            let lot = lots[Int(current)]
            guard lot.state != .waiting, lot.remaining == 0, lot.held == 0 else {
                previous = current
                continue
            }
            unlink(current, after: previous, of: slot)
        }
        scheduleDue(of: slot)
    }

    /// Adds up what the account's lots were from which nothing can come back at `time` or later, and
    /// forgets them: so an account with a plan takes as much memory after years as after a month.
    ///
    /// What is kept are lots that were used up before their time, as a refund can come back to them.
    mutating func forgetEndedLots(of slot: AccountSlot, at time: Instant) {
        var ended = Lot.none
        var next = records[Int(slot)].firstClosedLot
        while next != Lot.none, !lots[Int(next)].neverEnds {
            if lots[Int(next)].isEnded { ended = next }
            next = lots[Int(next)].next
        }
        var previous = Lot.none
        next = records[Int(slot)].firstClosedLot
        while next != Lot.none, !lots[Int(next)].neverEnds {
            let current = next
            next = lots[Int(current)].next
            let lot = lots[Int(current)]
            guard current != ended, !lot.isUsable(at: time) else {
                previous = current
                continue
            }
            if ended == Lot.none {
                ended = current
                lots[Int(current)] = lot.ended(next: next)
                previous = current
            } else if let sum = lots[Int(ended)].adding(lot) {
                lots[Int(ended)] = sum
                if previous == Lot.none {
                    records[Int(slot)].firstClosedLot = next
                } else {
                    lots[Int(previous)].next = next
                }
                lots[Int(current)].next = firstFreeLot
                firstFreeLot = current
            } else {
                previous = current
            }
        }
    }

    private mutating func unlink(_ lot: UInt32, after previous: UInt32, of slot: AccountSlot) {
        let next = lots[Int(lot)].next
        if previous == Lot.none {
            records[Int(slot)].firstLot = next
        } else {
            lots[Int(previous)].next = next
        }
        lots[Int(lot)].state = .closed
        close(lot, of: slot)
    }

    /// Puts a lot into the closed chain: those that never end come last, so that nobody who looks for
    /// ended ones passes them.
    private mutating func close(_ lot: UInt32, of slot: AccountSlot) {
        var previous = Lot.none
        var next = records[Int(slot)].firstClosedLot
        if lots[Int(lot)].neverEnds {
            while next != Lot.none, !lots[Int(next)].neverEnds {
                previous = next
                next = lots[Int(next)].next
            }
        }
        lots[Int(lot)].next = next
        if previous == Lot.none {
            records[Int(slot)].firstClosedLot = lot
        } else {
            lots[Int(previous)].next = lot
        }
    }

    /// Recomputes when the first lot of an account becomes usable or expires, or a hold expires.
    mutating func scheduleDue(of slot: AccountSlot) {
        var due = holds.first(of: slot)?.expiresAt ?? .never
        var next = records[Int(slot)].firstLot
        while next != Lot.none {
            due = min(due, lots[Int(next)].dueAt)
            next = lots[Int(next)].next
        }
        due = min(due, subscriptions[slot]?.end ?? .never)
        guard due != records[Int(slot)].nextDue else { return }
        records[Int(slot)].nextDue = due
        guard due != .never else { return }
        dueQueue.insert(DueQueue.Entry(time: due, slot: slot))
        if dueQueue.count > 2 * records.count + Self.staleDuesMax { rebuildDueQueue() }
    }

    private mutating func rebuildDueQueue() {
        let entries = (0..<records.count).compactMap { slot in
            let due = records[slot].nextDue
            return due == .never
                ? nil : DueQueue.Entry(time: due, slot: AccountSlot(truncatingIfNeeded: slot))
        }
        dueQueue.replace(by: entries)
    }
}

extension Lot {
    /// What stands for a closed lot that has ended, in its place.
    fileprivate func ended(next: UInt32) -> Lot {
        var lot = Lot(
            position: Self.endedPosition, source: source, priority: source.usualPriority,
            effectiveAt: .earliest, expiresAt: .earliest, granted: granted, remaining: 0,
            state: .closed)
        lot.spent = spent
        lot.expired = expired
        lot.voided = voided
        lot.isVoided = true
        lot.next = next
        return lot
    }

    /// The same with another's amounts; nil when that is more than can be counted.
    fileprivate func adding(_ other: Lot) -> Lot? {
        let granted = granted.addingReportingOverflow(other.granted)
        let spent = spent.addingReportingOverflow(other.spent)
        let expired = expired.addingReportingOverflow(other.expired)
        let voided = voided.addingReportingOverflow(other.voided)
        guard !granted.overflow, !spent.overflow, !expired.overflow, !voided.overflow else {
            return nil
        }
        var sum = Lot(
            position: position, source: source, priority: priority, effectiveAt: effectiveAt,
            expiresAt: expiresAt, granted: granted.partialValue, remaining: 0, state: state)
        sum.spent = spent.partialValue
        sum.expired = expired.partialValue
        sum.voided = voided.partialValue
        sum.isVoided = isVoided
        sum.next = next
        return sum
    }

    /// True of one that stays until it is voided.
    fileprivate var neverEnds: Bool { expiresAt == .never && !isVoided }

    /// When it changes by itself: expiry, or before that the time at which it becomes usable.
    var dueAt: Instant {
        switch state {
        case .waiting: min(effectiveAt, expiresAt)
        case .open: expiresAt
        case .closed, .lapsed: .never
        }
    }
}
