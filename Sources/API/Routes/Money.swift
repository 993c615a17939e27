internal import Credit
internal import Engine
internal import HTTP
internal import Ledger
internal import Store
internal import Wire

/// Grants, voids and adjustments; and what becomes of any request that moves credits.
extension APIApplication {
    func handleMoney(
        _ name: RouteName, _ request: HTTPRequest, _ call: Call
    ) throws(Problem) {
        let account = try call.accountInPath()
        var key: [UInt8] = []
        _ = try idempotencyKey(of: request, isBodyOptional: name == .voidGrant, to: &key)
        let (limits, body) = (services.limits, request.body)
        let wanted: MoneyBody
        switch name {
        case .grant: wanted = try MoneyBody(grant: body, limits: limits)
        case .voidGrant:
            let grant = try call.id(at: 1, as: GrantID.self)
            wanted = try MoneyBody(void: grant, body: body, limits: limits)
        default: wanted = try MoneyBody(adjustment: body, limits: limits)
        }
        submit(wanted, of: account, key: key, call)
    }

    /// Asks the ledger for what moves credits; nil leaves the account to an open hold.
    func submit(_ wanted: MoneyBody, of account: Name?, key: [UInt8], _ call: Call) {
        if let account, let problem = tooManyRefusals(of: account) {
            return respond(problem, to: call)
        }
        var command = MoneyCommand(
            account: account, idempotencyKey: key,
            fingerprint: fingerprint.of(wanted, account: account), request: wanted.request)
        command.postedAt = wanted.postedAt
        submit(command, call)
    }

    /// What is answered while an account has had too many refusals recorded.
    func tooManyRefusals(of account: Name) -> Problem? {
        services.refusals.wait(account.text.utf8.span, at: services.time.now()).map {
            .rateLimited(seconds: $0)
        }
    }

    private func submit(_ command: MoneyCommand, _ call: Call) {
        makeRoom(for: 1)
        let slot = pending.add(
            .outcome { [self] settlement in
                switch settlement {
                case .overloaded: respond(overloaded, to: call)
                case .decided(let outcome, let answered, _):
                    answer(outcome, to: command, call, in: answered)
                }
            })
        batch.append(.money(command), tag: UInt64(slot) << 32)
    }

    private func answer(
        _ outcome: Outcome, to command: MoneyCommand, _ call: Call, in answered: AnsweredBatch
    ) {
        let named = (command.account?.text).map { Array($0.utf8) } ?? []
        let exchange = ChargeExchange(
            exchange: call.exchange, requestID: call.requestID, wantsCreditUsage: false)
        switch outcome {
        case .recorded(let position):
            guard let item = answered.contents.item(at: Int(position.index)) else {
                return respond(.noOutcome, to: call)
            }
            let event = FinalEvent(position: position, item: item, contents: answered.contents)
            let account = named.isEmpty ? renderer.account(of: event) : named
            noteRefusal(event, account.span)
            let response = renderer.response(
                event, account: account.span, withCreditUsage: false,
                requestID: call.requestID, isReplay: false)
            return respond(response, to: call)
        case .seenBefore(let position):
            let replay = Replay(
                account: named, key: command.idempotencyKey,
                fingerprint: command.fingerprint, position: position)
            return self.replay(replay, to: exchange, in: answered)
        case .rejected(.holdNotFound):
            guard case .release(let hold) = command.request else { break }
            return release(command, of: hold, call)
        case .rejected(let rejection):
            return respond(Problem(rejection).with(.notCharged), to: call)
        case .unknown: return respond(.outcomeUnknown, to: call)
        case .waiting, .answered: break
        }
        respond(.noOutcome, to: call)
    }

    /// Asks again for a release, now that the account of the hold must be said.
    private func release(_ command: MoneyCommand, of hold: Position, _ call: Call) {
        findHold(hold) { [self] account in
            if let problem = tooManyRefusals(of: account) { return respond(problem, to: call) }
            var again = command
            again.account = account
            submit(again, call)
        } orElse: { [self] problem in
            respond(problem.with(.notCharged), to: call)
        }
    }
}
