internal import Credit
internal import Engine
internal import HTTP
internal import Ledger
internal import Reports
internal import Store
internal import Wire

/// Holds: `POST /v1/holds`, and their capture and release.
extension APIApplication {
    func receiveHold(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        var (charge, start) = try receiveCall(request, call, .hold)
        let body = request.body
        do throws(Problem) {
            try complete(&charge, from: body.span, at: call.now)
        } catch {
            batch.bytes.removeLast(batch.bytes.count - start)
            throw error
        }
        let texts = batch.bytes
        charge.command.idempotence.fingerprint = fingerprint.of(
            charge.command, charge.hold, texts: texts.span)
        let slot = pending.add(.charge(exchange(request, call)))
        batch.append(charge.command, charge.hold, tag: UInt64(slot) << 32)
    }

    /// The account is left to the open hold; when there is none, the journal says whose it was.
    func receiveCapture(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let id = try call.id(at: 0, as: HoldID.self)
        let hold = try Self.position(id)
        // Whose hold it is only the writer knows; as many refusals as an account may have, a hold may.
        if let wait = services.refusals.wait(id.text.utf8.span, at: call.now) {
            throw .rateLimited(seconds: wait)
        }
        var (charge, _) = try receiveCall(request, call, .capture)
        let texts = batch.bytes
        charge.command.idempotence.fingerprint = fingerprint.of(
            charge.command, capturing: id, texts: texts.span)
        let slot = pending.add(.charge(exchange(request, call)))
        batch.append(charge.command, capturing: hold, tag: UInt64(slot) << 32)
    }

    func receiveRelease(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        let hold = try Self.position(try call.id(at: 0, as: HoldID.self))
        var key: [UInt8] = []
        _ = try idempotencyKey(of: request, isBodyOptional: true, to: &key)
        let wanted = try MoneyBody(release: hold, body: request.body, limits: services.limits)
        try checkPosting(wanted.postedAt, call)
        submit(wanted, of: nil, key: key, call)
    }

    /// Reads a call's key and body; gives where its texts begin.
    private func receiveCall(
        _ request: HTTPRequest, _ call: Call, _ kind: ChargeForm.Kind
    ) throws(Problem) -> (charge: DecodedCharge, start: Int) {
        makeRoom(for: 1)
        let start = batch.bytes.count
        let form = ChargeForm(
            kind, limits: services.limits, now: call.now,
            allowsPostedAt: call.principal?.role == .operator)
        do throws(Problem) {
            let isBodyOptional = kind == .capture
            let key = try idempotencyKey(
                of: request, isBodyOptional: isBodyOptional, to: &batch.bytes)
            let body = isBodyOptional && request.body.isEmpty ? Array("{}".utf8) : request.body
            var charge = try decoder.decode(body: body.span, form, to: &batch.bytes)
            charge.command.idempotence.key = key
            return (charge, start)
        } catch {
            batch.bytes.removeLast(batch.bytes.count - start)
            throw error
        }
    }

    private func exchange(_ request: HTTPRequest, _ call: Call) -> ChargeExchange {
        ChargeExchange(
            exchange: call.exchange, requestID: call.requestID,
            wantsCreditUsage: Self.wantsCreditUsage(request))
    }

    private static func position(_ id: HoldID) throws(Problem) -> Position {
        guard let position = Position(id), position.partition == 0 else { throw .nothingHere }
        return position
    }

    /// Only operators may say when something happened.
    func checkPosting(_ postedAt: Instant?, _ call: Call) throws(Problem) {
        guard postedAt == nil || call.principal?.role == .operator else {
            throw Problem(
                .forbidden, "only an operator key may send posted_at", field: "posted_at")
        }
    }
}

/// Holds that are no longer open.
extension APIApplication {
    /// Asks again for a capture, now that the account of the hold must be said.
    func recapture(
        _ command: ChargeCommand, of hold: Position, texts: [UInt8], _ charge: ChargeExchange
    ) {
        findHold(hold) { [self] account in
            if let problem = tooManyRefusals(of: account) {
                return respond(problem, to: charge.exchange, charge.requestID)
            }
            makeRoom(for: 1)
            var again = command
            again.account = batch.bytes.appending(account.text.utf8.span)
            again.idempotence.key = batch.bytes.appending(command.idempotence.key, of: texts)
            again.details = command.details.copied(from: texts.span, to: &batch.bytes)
            let slot = pending.add(.charge(charge))
            batch.append(again, capturing: hold, tag: UInt64(slot) << 32)
        } orElse: { [self] problem in
            respond(problem, to: charge.exchange, charge.requestID)
        }
    }

    /// Finds whose hold was placed somewhere, and goes on with that.
    func findHold(
        _ hold: Position, then: @escaping (Name) -> Void, orElse: @escaping (Problem) -> Void
    ) {
        let services = services
        let isTaken = report { () -> Result<Name, Problem> in
            do throws(Problem) {
                return .success(try services.account(ofHold: hold))
            } catch {
                return .failure(error)
            }
        } then: { (found: Result<Name, Problem>) in
            switch found {
            case .success(let account): then(account)
            case .failure(let problem): orElse(problem)
            }
        }
        if !isTaken { orElse(overloaded) }
    }
}

extension APIServices {
    /// Whose hold was placed at a position of the journal.
    fileprivate func account(ofHold hold: Position) throws(Problem) -> Name {
        let stored = try storedEvent(at: hold)
        guard case .charge(let index)? = stored?.item, let contents = stored?.contents,
            case .placed = contents.role(of: contents.charges[index]),
            let profile = directory.profile(contents.charges[index].head.account)
        else { throw .nothingHere }
        return profile.id
    }

    /// The charge at a position of the journal, and whose it is.
    func refundedCharge(
        at position: Position
    ) throws(Problem) -> (account: Name, charge: RefundedCharge) {
        guard let stored = try storedEvent(at: position), let account = stored.account,
            let profile = directory.profile(account)
        else {
            throw Problem(.notFound, Problem.nothingHere.detail, field: "entry_id")
        }
        guard case .charge(let index) = stored.item else { throw .notRefundable }
        let (contents, charge) = (stored.contents, stored.contents.charges[index])
        let role = contents.role(of: charge)
        if case .placed = role { throw .notRefundable }
        let facts = RefundedCharge(
            charge, role, shares: contents.shares, bytes: contents.bytes, at: position)
        return (profile.id, facts)
    }

    private func storedEvent(at position: Position) throws(Problem) -> StoredEvent? {
        do throws(StoreError) {
            return try segments.event(at: position)
        } catch {
            throw Problem(error)
        }
    }
}

/// `POST /v1/refunds`: the charge is read from the journal before the ledger is asked.
extension APIApplication {
    func receiveRefund(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        var key: [UInt8] = []
        _ = try idempotencyKey(of: request, to: &key)
        let body = try RefundBody(request.body, limits: services.limits)
        try checkPosting(body.postedAt, call)
        guard let position = Position(body.entry), position.partition == 0 else {
            throw Problem(.notFound, Problem.nothingHere.detail, field: "entry_id")
        }
        let (services, sentKey) = (services, key)
        let isTaken = report { () -> Result<RefundTarget, Problem> in
            do throws(Problem) {
                let (account, charge) = try services.refundedCharge(at: position)
                return .success(RefundTarget(account: account, charge: charge))
            } catch {
                return .failure(error)
            }
        } then: { [self] (found: Result<RefundTarget, Problem>) in
            switch found {
            case .success(let target):
                let wanted = body.money(of: target.charge, limits: services.limits)
                submit(wanted, of: target.account, key: sentKey, call)
            case .failure(let problem): respond(problem.with(.notCharged), to: call)
            }
        }
        if !isTaken { respond(overloaded, to: call) }
    }
}

/// The charge that a refund is about.
private struct RefundTarget: Sendable {
    let account: Name
    let charge: RefundedCharge
}

extension Problem {
    fileprivate static let notRefundable = Problem(
        .invalidField, "only charges and captures can be refunded", field: "entry_id")
}
