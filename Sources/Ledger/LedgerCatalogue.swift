public import Credit

extension Ledger {
    /// Decides a command that moves no credits.
    ///
    /// `effective_at` of a price list must not be in the past; one without it takes `time`. `window` is
    /// the one that a new budget begins with; it has no end where none is given.
    public func decide(
        _ command: Command, window: Range<Instant>? = nil, at time: Instant
    ) throws(Rejection) -> Event {
        switch command {
        case .createAccount(let new):
            guard slot(of: new.id) == nil else { throw .accountExists }
            try check(priceList: new.priceList)
            try check(plan: new.plan)
            return .accountCreated(new, at: time)
        case .changeAccount(let id, let change):
            let slot = try existing(id)
            if let priceList = change.priceList { try check(priceList: priceList) }
            return .accountChanged(slot, change, at: time)
        case .suspendAccount(let id): return .accountSuspended(try existing(id), at: time)
        case .resumeAccount(let id): return .accountResumed(try existing(id), at: time)
        case .createAPIKey(let new):
            if case .customer(let account) = new.role { _ = try existing(account) }
            guard catalogue.slot(ofSecretHash: new.secretHash) == nil else { throw .apiKeyExists }
            return .apiKeyCreated(new, at: time)
        case .changeAPIKey(let id, let account, let change):
            return .apiKeyChanged(try apiKey(id, of: account), change, at: time)
        case .revokeAPIKey(let id, let account):
            return .apiKeyRevoked(try apiKey(id, of: account), at: time)
        case .putPriceList(let name, let effectiveAt, let json):
            return .priceListPut(try version(of: name, effectiveAt, json, at: time))
        case .putPlan(let terms):
            try check(priceList: terms.priceList)
            let version = (catalogue.latestPlan(terms.id)?.version ?? 0) + 1
            return .planPut(PlanEvent(terms: terms, version: version, time: time))
        case .putBudget(let account, let terms):
            return .budgetPut(try budget(terms, of: account, window, at: time))
        case .deleteBudget(let account, let name):
            let slot = try existing(account)
            try checkRemoval(of: name, on: slot)
            return .budgetDeleted(slot, name, at: time)
        case .putScenario(let account, let id, let description):
            return .scenarioPut(try scenario(id, of: account, description, at: time))
        case .startRun(let account, let start):
            return .runStarted(
                RunStartEvent(start, of: try existing(account), at: time))
        case .finishRun(let account, let run, let status):
            let slot = try existing(account)
            return .runFinished(RunFinishEvent(account: slot, run: run, status: status, time: time))
        case .money(let command):
            return try decide(command, on: try account(of: command), at: time)
        }
    }

    private func budget(
        _ terms: BudgetTerms, of account: Name, _ window: Range<Instant>?, at time: Instant
    ) throws(Rejection) -> BudgetEvent {
        let slot = try existing(account)
        try check(terms, on: slot)
        return BudgetEvent(
            account: slot, terms: terms, window: window ?? time..<max(time, .never), time: time)
    }

    /// The slot of the account that a command names, or of the open hold that it is about.
    public func account(of command: MoneyCommand) throws(Rejection) -> AccountSlot {
        if let account = command.account { return try existing(account) }
        guard case .release(let position) = command.request, let hold = holds[position] else {
            throw .holdNotFound
        }
        return hold.account
    }

    /// The slot of an account that must exist.
    public func existing(_ id: Name) throws(Rejection) -> AccountSlot {
        guard let slot = slot(of: id) else { throw .accountNotFound }
        return slot
    }

    private func check(priceList name: Name?) throws(Rejection) {
        guard let name else { return }
        guard catalogue.latestVersion(of: name) > 0 else { throw .priceListNotFound }
    }

    private func apiKey(_ id: APIKeyID, of account: Name?) throws(Rejection) -> APIKeySlot {
        let owner: AccountSlot? = if let account { try existing(account) } else { nil }
        guard let slot = catalogue.slot(of: id), catalogue.apiKeys[Int(slot)].account == owner
        else { throw .apiKeyNotFound }
        return slot
    }

    private func version(
        of name: Name, _ effectiveAt: Instant?, _ json: [UInt8], at time: Instant
    ) throws(Rejection) -> PriceListEvent {
        let starts = effectiveAt ?? time
        guard starts >= time else { throw .timeOutOfRange(field: "effective_at") }
        return PriceListEvent(
            name: name, version: catalogue.latestVersion(of: name) + 1, effectiveAt: starts,
            json: json, time: time)
    }

    /// Applies a decided event that is no charge.
    public mutating func apply(_ event: Event, at position: Position) {
        catalogue.apply(event, at: position)
        switch event {
        case .accountCreated(let new, _): createAccount(new, in: position.segment)
        case .accountChanged(let slot, let change, _):
            if let limit = change.overdraftLimit {
                records[Int(slot)].overdraftLimit = limit.micros
            }
            records[Int(slot)].changedIn = position.segment
        case .accountSuspended(let slot, _): setSuspended(true, slot, in: position.segment)
        case .accountResumed(let slot, _): setSuspended(false, slot, in: position.segment)
        case .granted(let event): apply(event, at: position)
        case .lot(let event): apply(event, in: position.segment)
        case .adjusted(let event): apply(event, in: position.segment)
        case .released(let event): apply(event, in: position.segment)
        case .refunded(let event): apply(event, in: position.segment)
        case .periodStarted(let event): apply(event, in: position.segment)
        case .planPending(let event): apply(event, in: position.segment)
        case .budgetPut(let event): apply(event, at: position)
        case .budgetDeleted(let slot, let name, _):
            removeBudget(name, of: slot, in: position.segment)
        case .budgetRestarted(let slot, let name, let window, _):
            restartBudget(name, of: slot, window, at: position)
        case .apiKeyCreated, .apiKeyChanged, .apiKeyRevoked, .priceListPut, .planPut, .refused,
            .scenarioPut, .runStarted, .runFinished:
            break
        }
        if let (slot, key) = event.key { remember(key, of: slot, at: position) }
    }

    private mutating func createAccount(_ new: NewAccount, in segment: UInt64) {
        var record = AccountRecord()
        record.overdraftLimit = new.overdraftLimit.micros
        record.changedIn = segment
        records.append(record)
    }

    private mutating func setSuspended(
        _ isSuspended: Bool, _ slot: AccountSlot, in segment: UInt64
    ) {
        records[Int(slot)].isSuspended = isSuspended
        records[Int(slot)].changedIn = segment
    }

    private mutating func remember(_ key: EntryKey, of slot: AccountSlot, at position: Position) {
        keyWindow.insert(keyHash(of: key.bytes.span, on: slot), at: position)
    }
}
