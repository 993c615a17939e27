public import Credit
public import Engine
public import Ledger

extension CommandBatch {
    /// Adds an operation as the command or query that it means.
    public mutating func append(_ operation: Operation, tag: UInt64 = 0) throws {
        switch operation {
        case .createAccount(let name, let overdraft, let plan, let anchor):
            var new = NewAccount(id: try Name(name), name: name)
            new.plan = try plan.map { try Name($0) }
            new.anchor = anchor.map(Instant.init(micros:))
            new.overdraftLimit = Credits(micros: overdraft)
            append(.createAccount(new), tag: tag)
        case .setOverdraft(let name, let limit):
            var change = AccountChange()
            change.overdraftLimit = Credits(micros: limit)
            append(.changeAccount(try Name(name), change), tag: tag)
        case .suspend(let name): append(.suspendAccount(try Name(name)), tag: tag)
        case .resume(let name): append(.resumeAccount(try Name(name)), tag: tag)
        case .createKey(let hash, let account):
            let role: APIKeyRole =
                if let account { .customer(account: try Name(account)) } else { .service }
            let new = NewAPIKey(role: role, name: "key", secretHash: hash, hint: "tally_key_")
            append(.createAPIKey(new), tag: tag)
        case .putPlan(let ask): append(.putPlan(try PlanTerms(ask)), tag: tag)
        case .putBudget(let name, let ask):
            append(.putBudget(account: try Name(name), try BudgetTerms(ask)), tag: tag)
        case .deleteBudget(let name, let budget):
            append(.deleteBudget(account: try Name(name), try Name(budget)), tag: tag)
        case .scenario(let name, let ask):
            append(try Command(ask, of: Name(name)), tag: tag)
        case .move(let move): try append(move, tag: tag)
        case .look(let name):
            append(
                LedgerQuery(account: try Name(name)) { ledger, _ in
                    ModelView(ledger, account: name) as ModelView?
                }, tag: tag)
        }
    }

    private mutating func append(_ move: Move, tag: UInt64) throws {
        switch move.kind {
        case .charge(let amount, let collects):
            append(charge(move, amount: amount, onShort: collects ? .collect : .refuse), tag: tag)
        case .unpricedCharge:
            append(charge(move, amount: ChargeCommand.notByHand, onShort: .refuse), tag: tag)
        case .grant(let terms): append(try command(move, .grant(NewGrant(terms))), tag: tag)
        case .void(let spot): append(try command(move, .void(Position(spot).id())), tag: tag)
        case .adjust(let amount):
            append(
                try command(move, .adjust(Credits(micros: amount), memo: [])), tag: tag)
        case .hold(let terms):
            append(
                charge(move, amount: terms.amount, onShort: .refuse), HoldRequest(terms), tag: tag)
        case .capture(let spot, let amount, let refuses):
            let call = charge(
                move, amount: amount ?? ChargeCommand.notByHand,
                onShort: refuses ? .refuse : .collect)
            append(call, capturing: Position(spot), tag: tag)
        case .release(let spot): append(try command(move, .release(Position(spot))), tag: tag)
        case .subscribe(let plan, let atEnd):
            let name = try plan.map { try Name($0) }
            append(try command(move, .subscribe(name, atPeriodEnd: atEnd)), tag: tag)
        case .refund(let charge, let amount):
            append(try command(move, .refund(Refund(charge, amount: amount))), tag: tag)
        }
    }

    private mutating func charge(
        _ move: Move, amount: Int64, onShort: ShortPolicy
    ) -> ChargeCommand {
        var command = ChargeCommand()
        command.account = bytes.appending(move.account.utf8.span)
        command.action = bytes.appending("call".utf8.span)
        command.idempotence = Idempotence(
            key: bytes.appending(move.key.utf8.span), fingerprint: UInt128(move.contentNumber))
        command.amount = amount
        command.onShort = onShort
        if case .capture = move.kind {
        } else {
            command.details.team = bytes.appending(move.team.utf8.span)
            command.details.run = bytes.appending(move.run.utf8.span)
            command.details.module = bytes.appending(move.module.utf8.span)
        }
        if let posted = move.postedAt { command.postedAt = Instant(micros: posted) }
        return command
    }

    private func command(_ move: Move, _ request: MoneyRequest) throws -> Command {
        var command = MoneyCommand(
            account: try Name(move.account), idempotencyKey: Array(move.key.utf8),
            fingerprint: UInt128(move.contentNumber), request: request)
        command.postedAt = move.postedAt.map(Instant.init(micros:))
        return .money(command)
    }
}

extension Command {
    /// What is said of a scenario or a run.
    fileprivate init(_ ask: ScenarioAsk, of account: Name) throws {
        switch ask {
        case .put(let id, let text):
            self = .putScenario(account: account, try Name(id), description: Array(text.utf8))
        case .start(let run, let scenario, let startedAt):
            self = .startRun(
                account: account,
                RunStart(
                    run: try Name(run), scenario: try Name(scenario),
                    startedAt: startedAt.map(Instant.init(micros:))))
        case .finish(let run, let status):
            self = .finishRun(account: account, try Name(run), CallStatus(rawValue: status))
        }
    }
}

extension PlanTerms {
    /// The plan that is asked for.
    init(_ ask: PlanAsk) throws {
        let periods: [Int: PlanPeriod] = [0: .none, 1: .month, 12: .year]
        self.init(
            id: try Name(ask.id), name: ask.id, credits: ask.credits,
            period: periods[ask.months] ?? .none)
        rollover = ask.rolloverMax.map {
            Rollover(limit: $0, periods: UInt32(ask.rolloverPeriods))
        }
    }
}

extension BudgetTerms {
    /// The budget that is asked for.
    init(_ ask: BudgetAsk) throws {
        let windows: [BudgetAsk.Window: BudgetWindow] = [
            .none: .none, .run: .run, .hour: .hour, .day: .day,
        ]
        self.init(
            name: try Name(ask.name),
            scope: [BudgetMatch(ask.team), .any, .any, BudgetMatch(ask.run), .any],
            limit: ask.limit, window: windows[ask.window] ?? .none,
            parent: try ask.parent.map { try Name($0) })
    }
}

extension BudgetMatch {
    fileprivate init(_ match: BudgetAsk.Match?) {
        switch match {
        case nil: self = .any
        case .each: self = .each
        case .only(let value): self = .only(Array(value.utf8))
        }
    }
}

extension HoldRequest {
    /// The request that `terms` describe.
    init(_ terms: HoldAsk) {
        let policies: [HoldExpiryPolicy] = [.release, .capture, .captureMinimum]
        self.init(
            seconds: terms.seconds, onExpiry: policies[terms.policy.rawValue],
            minimum: terms.minimum)
    }
}

extension Refund {
    /// The refund of a charge of the journal; how long a renewed grant lasts is the model's.
    init(_ facts: ChargeFacts, amount: Int64?) {
        var event = ChargeEvent.blank
        event.credits = facts.credits
        event.overdrawn = facts.overdrawn
        event.uncollected = facts.uncollected
        event.sharesCount = UInt32(facts.shares.count)
        var bytes: [UInt8] = []
        event.action = bytes.appending("call".utf8.span)
        event.details.team = bytes.appending(facts.team.utf8.span)
        event.details.run = bytes.appending(facts.run.utf8.span)
        let role: HoldRole? =
            facts.countedAt == facts.spot
            ? nil
            : .captured(
                HoldSettlement(
                    hold: Position(facts.countedAt), cause: .requested, reserved: 0, repaid: 0,
                    lapsed: 0))
        let shares = facts.shares.map {
            LotShare(grant: Position($0.grant), source: .topUp, micros: $0.micros)
        }
        self.init(
            charge: RefundedCharge(
                event, role, shares: shares, bytes: bytes, at: Position(facts.spot)),
            amount: amount.map(Credits.init(micros:)), validSeconds: ModelLedger.regrantSeconds,
            memo: [])
    }
}

extension NewGrant {
    /// The grant that `terms` describe.
    public init(_ terms: GrantTerms) {
        let sources: [GrantSource] = [.promo, .rollover, .plan, .topUp, .adjustment]
        self.init(
            amount: Credits(micros: terms.amount), source: sources[terms.source.rawValue])
        priority = Int32(terms.priority)
        effectiveAt = terms.effectiveAt.map(Instant.init(micros:))
        expiresAt = terms.expiresAt.map(Instant.init(micros:))
    }
}

extension Position {
    /// The position that the model calls so.
    public init(_ spot: Spot) {
        self.init(segment: spot.segment, index: UInt32(spot.place))
    }
}

extension Spot {
    /// What the model calls a position.
    public init(_ position: Position) {
        self.init(position.segment, Int(position.index))
    }
}
