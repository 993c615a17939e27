internal import Credit
internal import Engine
internal import HTTP
internal import Ledger
internal import Store
internal import Wire

/// Grants, voids and adjustments.
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
        var command = MoneyCommand(
            account: account, idempotencyKey: key,
            fingerprint: fingerprint.of(wanted, account: account), request: wanted.request)
        command.postedAt = wanted.postedAt
        submit(command, call)
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
        let account = Array(command.account.text.utf8)
        let exchange = ChargeExchange(
            exchange: call.exchange, requestID: call.requestID, wantsCreditUsage: false)
        switch outcome {
        case .recorded(let position):
            guard let item = answered.contents.item(at: Int(position.index)) else {
                return respond(.noOutcome, to: call)
            }
            let event = FinalEvent(position: position, item: item, contents: answered.contents)
            noteRefusal(event, account.span)
            let response = renderer.response(
                event, account: account.span, withCreditUsage: false,
                requestID: call.requestID, isReplay: false)
            respond(response, to: call)
        case .seenBefore(let position):
            let replay = Replay(
                account: account, key: command.idempotencyKey,
                fingerprint: command.fingerprint, position: position)
            self.replay(replay, to: exchange, in: answered)
        case .rejected(let rejection): respond(Problem(rejection).with(.notCharged), to: call)
        case .unknown: respond(.outcomeUnknown, to: call)
        case .waiting, .answered: respond(.noOutcome, to: call)
        }
    }
}
