/// Holds and refunds by the model: each step is carried out on the lots themselves, one after the
/// other, and the figures are what is then found there.
extension ModelLedger {
    /// How long the credits of a refund last whose lot has ended, in seconds.
    public static let regrantSeconds: Int64 = 30 * 86_400

    func promised(to account: Account) -> Int128 {
        account.lots.reduce(0) { $0 + Int128($1.left) + Int128($1.held) }
    }

    mutating func hold(
        _ terms: HoldAsk, _ move: Move, _ place: Int, at time: Int64, now: Int64
    ) -> ModelReply {
        let account = accounts[place]
        guard terms.minimum <= terms.amount else { return .rejected("invalid_field") }
        if account.isSuspended { return refuse(.refusedSuspended, move, place, now: now) }
        if terms.amount > 0, terms.amount > account.spendable {
            let reason = ModelEvent.Kind.refusedFunds(
                required: terms.amount, spendable: account.spendable)
            return refuse(reason, move, place, now: now)
        }
        if let reason = excess(terms.amount, place, move, at: time) {
            return refuse(reason, move, place, now: now)
        }
        var (left, parts): (Int64, [ModelShare]) = (terms.amount, [])
        for lot in account.burnOrder where left > 0 {
            let part = min(left, accounts[place].lots[lot].left)
            accounts[place].lots[lot].left -= part
            accounts[place].lots[lot].held += part
            parts.append(ModelShare(grant: accounts[place].lots[lot].grant, micros: part))
            left -= part
        }
        let placedAt = max(time, account.lastTime)
        let uses = uses(terms.amount, place, team: move.team, run: move.run, at: placedAt)
        let counted = count(terms.amount, place, team: move.team, run: move.run, at: placedAt)
        accounts[place].holds.append(
            Hold(
                spot: nextSpot, until: placedAt + terms.seconds * 1_000_000, terms: terms,
                parts: parts, overdraft: left, team: move.team, run: move.run,
                module: move.module, counted: counted))
        return enter(.held, move, place, at: time) {
            $0.amount = terms.amount
            $0.shares = parts
            $0.overdrawn = left
            $0.uses = uses
            $0.team = move.team
            $0.run = move.run
            $0.module = move.module
        }
    }

    mutating func capture(
        _ spot: Spot, amount: Int64?, refuses: Bool, _ move: Move, _ place: Int, at time: Int64,
        now: Int64
    ) -> ModelReply {
        guard let hold = accounts[place].holds.first(where: { $0.spot == spot }) else {
            return refuse(.refusedHold, move, place, now: now)
        }
        let account = accounts[place]
        let asked = amount ?? hold.total
        let room = max(0, account.overdraft - account.debt - account.heldOverdraft)
        let covered = hold.total + account.available + room
        let fromParts = hold.total - hold.overdraft
        if refuses, asked > covered, asked > fromParts {
            let reason = ModelEvent.Kind.refusedFunds(required: asked, spendable: covered)
            return refuse(reason, move, place, now: now)
        }
        let event = settle(hold, charging: asked, place, at: time)
        return enter(.captured, move, place, at: time) {
            $0.take(event)
            $0.team = hold.team
            $0.run = hold.run
            $0.module = hold.module
        }
    }

    mutating func release(
        _ spot: Spot, _ move: Move, _ place: Int, at time: Int64, now: Int64
    ) -> ModelReply {
        guard let hold = accounts[place].holds.first(where: { $0.spot == spot }) else {
            return refuse(.refusedHold, move, place, now: now)
        }
        let event = settle(hold, charging: nil, place, at: time)
        return enter(.released, move, place, at: time) { $0.take(event) }
    }

    /// What happens to a hold that nobody settled in time.
    mutating func endHold(_ hold: Hold, _ place: Int) {
        let charged: Int64? =
            switch hold.terms.policy {
            case .release: nil
            case .capture: hold.total
            case .captureMinimum: min(hold.terms.minimum, hold.total)
            }
        let event = settle(hold, charging: charged, place, at: hold.until)
        enter(charged == nil ? .released : .captured, place, at: hold.until) {
            $0.take(event)
            $0.isExpiry = true
            guard charged != nil else { return }
            $0.team = hold.team
            $0.run = hold.run
            $0.module = hold.module
        }
    }

    /// What an entry says that ends a hold.
    struct Settled {
        var about: Spot
        var amount: Int64
        var shares: [ModelShare] = []
        var overdrawn: Int64 = 0
        var uncollected: Int64 = 0
        var repaid: Int64 = 0
        var lapsed: Int64 = 0
        var uses: [String] = []
    }

    private mutating func settle(
        _ hold: Hold, charging charged: Int64?, _ place: Int, at asked: Int64
    ) -> Settled {
        let time = max(asked, accounts[place].lastTime)
        var settled = Settled(about: hold.spot, amount: charged ?? hold.total)
        if charged != nil { settled.uses = uses(settled.amount - hold.total, place, of: hold) }
        recount(hold, by: (charged ?? 0) - hold.total, place)
        let account = accounts[place]
        let room = max(0, account.overdraft - account.debt - account.heldOverdraft)
        accounts[place].holds.removeAll { $0.spot == hold.spot }
        var left = charged ?? 0
        for part in hold.parts {
            let paid = min(left, part.micros)
            left -= paid
            if paid > 0 { settled.shares.append(ModelShare(grant: part.grant, micros: paid)) }
            guard let lot = accounts[place].lots.firstIndex(where: { $0.grant == part.grant })
            else { continue }
            accounts[place].lots[lot].held -= part.micros
            accounts[place].lots[lot].spent += paid
            giveBack(part.micros - paid, to: lot, place, at: time, &settled)
        }
        let fromLots = min(left, accounts[place].available)
        settled.shares += pay(fromLots, place)
        settled.overdrawn = min(left - fromLots, hold.overdraft + room)
        settled.uncollected = left - fromLots - settled.overdrawn
        accounts[place].debt += settled.overdrawn
        accounts[place].charged += Int128(charged ?? 0)
        accounts[place].uncollected += Int128(settled.uncollected)
        return settled
    }

    private mutating func giveBack(
        _ micros: Int64, to lot: Int, _ place: Int, at time: Int64, _ settled: inout Settled
    ) {
        guard accounts[place].lots[lot].takesBack(at: time) else {
            settled.lapsed += micros
            if accounts[place].lots[lot].isVoided {
                accounts[place].lots[lot].voided += micros
            } else {
                accounts[place].lots[lot].expired += micros
            }
            return
        }
        let repaid = min(micros, accounts[place].debt)
        accounts[place].debt -= repaid
        accounts[place].lots[lot].spent += repaid
        accounts[place].lots[lot].left += micros - repaid
        settled.repaid += repaid
    }
}

extension ModelEvent {
    fileprivate mutating func take(_ settled: ModelLedger.Settled) {
        about = settled.about
        amount = settled.amount
        shares = settled.shares
        overdrawn = settled.overdrawn
        uncollected = settled.uncollected
        repaid = settled.repaid
        lapsed = settled.lapsed
        uses = settled.uses
    }
}

extension ModelLedger {
    /// Credits on their way back, one micro-credit's origin after the other: nobody's, the
    /// overdraft's, a lot's.
    private enum Origin {
        case nobody
        case overdraft
        case lot(Spot)
    }

    mutating func refund(
        _ charge: ChargeFacts, amount: Int64?, _ move: Move, _ place: Int, at asked: Int64,
        now: Int64
    ) -> ModelReply {
        let before = accounts[place]
        let time = max(asked, before.lastTime)
        let done = before.refunds[charge.spot] ?? 0
        let left = charge.credits - done
        let wanted = amount ?? left
        guard wanted > 0, wanted <= left else {
            return refuse(.refusedRefund(left: left), move, place, now: now)
        }
        var event = ModelEvent(spot: nextSpot, account: before.name, kind: .refunded, time: time)
        for (origin, micros) in slices(of: charge, from: done, to: done + wanted) {
            putBack(micros, origin, place, at: time, &event)
        }
        let grown = promised(to: accounts[place]) + Int128(event.regranted)
        guard grown <= Self.creditsMax else {
            accounts[place] = before
            return .rejected("balance_overflow")
        }
        uncount(charge, wanted, place)
        accounts[place].refunds[charge.spot] = done + wanted
        accounts[place].refunded += Int128(wanted)
        accounts[place].uncollected -= Int128(event.forgiven)
        let reply = enter(.refunded, move, place, at: time) {
            $0.about = charge.spot
            $0.amount = wanted
            $0.forgiven = event.forgiven
            $0.repaid = event.repaid
            $0.regranted = event.regranted
            $0.shares = event.shares
        }
        if event.regranted > 0 { regrant(event.regranted, place, at: time) }
        return reply
    }

    /// The credits of a charge from its end, those numbered `start` to `end`, by where they came from.
    private func slices(
        of charge: ChargeFacts, from start: Int64, to end: Int64
    ) -> [(Origin, Int64)] {
        var all: [(Origin, Int64)] = [
            (.nobody, charge.uncollected), (.overdraft, charge.overdrawn),
        ]
        all += charge.shares.reversed().map { (.lot($0.grant), $0.micros) }
        var (position, found): (Int64, [(Origin, Int64)]) = (0, [])
        for (origin, micros) in all {
            let from = max(start, position)
            let to = min(end, position + micros)
            if to > from { found.append((origin, to - from)) }
            position += micros
        }
        return found
    }

    private mutating func putBack(
        _ micros: Int64, _ origin: Origin, _ place: Int, at time: Int64, _ event: inout ModelEvent
    ) {
        if case .nobody = origin {
            event.forgiven += micros
            return
        }
        let repaid = min(micros, accounts[place].debt)
        accounts[place].debt -= repaid
        event.repaid += repaid
        let rest = micros - repaid
        guard rest > 0 else { return }
        if case .lot(let grant) = origin,
            let lot = accounts[place].lots.firstIndex(where: { $0.grant == grant }),
            accounts[place].lots[lot].takesBack(at: time)
        {
            accounts[place].lots[lot].spent -= rest
            accounts[place].lots[lot].left += rest
            event.shares.append(ModelShare(grant: grant, micros: rest))
        } else {
            event.regranted += rest
        }
    }

    private mutating func regrant(_ micros: Int64, _ place: Int, at time: Int64) {
        accounts[place].granted += Int128(micros)
        accounts[place].lots.append(
            Lot(
                grant: nextSpot, source: .adjustment, priority: 20, from: time,
                until: time + Self.regrantSeconds * 1_000_000, granted: micros, left: micros,
                isActive: true))
        enter(.granted, place, at: time) { $0.amount = micros }
    }
}
