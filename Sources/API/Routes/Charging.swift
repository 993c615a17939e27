internal import Credit
internal import Engine
internal import HTTP
internal import JSON
internal import Ledger
internal import Store
internal import Wire

/// `POST /v1/charges`: the path that most requests take.
extension APIApplication {
    func receiveCharge(_ request: HTTPRequest, as exchange: ExchangeID) {
        let now = services.time.now()
        let requestID = requestIDs.next(at: now)
        makeRoom(for: 1)
        let start = batch.bytes.count
        do throws(Problem) {
            let principal = try admitCharge(request, at: now)
            let key = try idempotencyKey(of: request, to: &batch.bytes)
            var command = try decodeCharge(request, principal, at: now)
            command.idempotence.key = key
            let charge = ChargeExchange(
                exchange: exchange, requestID: requestID,
                wantsCreditUsage: Self.wantsCreditUsage(request))
            let slot = pending.add(.charge(charge))
            batch.append(command, tag: UInt64(slot) << 32)
        } catch {
            batch.bytes.removeLast(batch.bytes.count - start)
            respond(error, to: exchange, requestID)
        }
    }

    /// Who charges, once everything before the body is in order.
    func admitCharge(_ request: HTTPRequest, at now: Instant) throws(Problem) -> Principal {
        guard services.readiness.isReady else { throw .notReady }
        let principal = try authenticate(request, at: now)
        if case .customer = principal.role { throw .forbidden }
        return principal
    }

    private func decodeCharge(
        _ request: HTTPRequest, _ principal: Principal, at now: Instant
    ) throws(Problem) -> ChargeCommand {
        let form = ChargeForm(
            .charge, limits: services.limits, now: now,
            allowsPostedAt: principal.role == .operator)
        let body = request.body
        var charge = try decoder.decode(body: body.span, form, to: &batch.bytes)
        try complete(&charge, from: body.span, at: now)
        return charge.command
    }

    /// Resolves the customer key, checks what can be before the ledger, and adds the fingerprint.
    func complete(
        _ charge: inout DecodedCharge, from body: Span<UInt8>, at now: Instant
    ) throws(Problem) {
        try resolveKey(of: &charge, &batch.bytes, body, at: now)
        let texts = batch.bytes
        let account = charge.command.account.indices
        if let wait = services.refusals.wait(texts.span.extracting(account), at: now) {
            throw .rateLimited(seconds: wait)
        }
        charge.command.idempotence.fingerprint = fingerprint.of(
            charge.command, texts: texts.span)
    }

    /// The header's key at the end of `output`.
    func idempotencyKey(
        of request: HTTPRequest, isBodyOptional: Bool = false, to output: inout [UInt8]
    ) throws(Problem) -> ByteRange {
        try Self.checkMediaType(of: request, isBodyOptional: isBodyOptional)
        let count = request.count(of: "idempotency-key")
        guard count > 0 else {
            throw Problem(
                .idempotencyKeyRequired,
                "send an Idempotency-Key header, so that a retry charges once")
        }
        let start = output.count
        _ = request.withValue(of: "idempotency-key") { output.appending($0) }
        guard count == 1,
            (try? IdempotencyKey.check(output.span.extracting(start..<output.count))) != nil
        else {
            throw Problem(
                .invalidIdempotencyKey, "a key is 1 to 255 visible ASCII characters, sent once")
        }
        return ByteRange(start: start, count: output.count - start)
    }

    /// True for `credit-usage: true`, whatever its case.
    static func wantsCreditUsage(_ request: HTTPRequest) -> Bool {
        request.withValue(of: "credit-usage") { value in
            value.isEqual(lowerCased: "true")
        } ?? false
    }
}

extension Problem {
    static let notReady: Problem = {
        var problem = Problem(.overloaded, "the server is recovering and takes no requests yet")
        problem.retryAfter = 1
        return problem
    }()
}

/// The answer to a charge.
extension APIApplication {
    func answer(
        _ charge: ChargeExchange, _ index: Int, of answered: AnsweredBatch,
        at cursor: inout ItemCursor
    ) {
        let batch = answered.batch
        guard let place = batch.call(of: batch.items[index]) else { return }
        let command = batch.charges[place]
        switch batch.outcomes[index] {
        case .recorded(let position):
            guard let item = cursor.item(at: position, in: answered.contents) else { break }
            let event = FinalEvent(position: position, item: item, contents: answered.contents)
            let id = command.account.isEmpty ? renderer.account(of: event) : []
            let account =
                id.isEmpty ? batch.bytes.span.extracting(command.account.indices) : id.span
            noteRefusal(event, account)
            if case .capture(_, of: let hold) = batch.items[index] {
                noteRefusal(event, hold.id(as: HoldID.self).text.utf8.span)
            }
            let response = renderer.response(
                event, account: account, withCreditUsage: charge.wantsCreditUsage,
                requestID: charge.requestID, isReplay: false)
            return loop.respond(to: charge.exchange, with: response)
        case .seenBefore(let position):
            return replay(
                Replay(command, of: batch, at: position), to: charge, in: answered)
        case .rejected(.holdNotFound):
            guard case .capture(_, of: let hold) = batch.items[index] else { break }
            return recapture(command, of: hold, texts: batch.bytes, charge)
        case .rejected(let rejection):
            return respond(
                Problem(rejection).with(.notCharged), to: charge.exchange, charge.requestID)
        case .unknown: return respond(.outcomeUnknown, to: charge.exchange, charge.requestID)
        case .waiting, .answered: break
        }
        respond(.noOutcome, to: charge.exchange, charge.requestID)
    }

    func noteRefusal(_ event: borrowing FinalEvent, _ account: Span<UInt8>) {
        guard event.refusal != nil else { return }
        services.refusals.note(account, at: services.time.now())
    }

    /// Gives the first answer to a key again, from this segment or from the journal.
    func replay(_ replay: Replay, to charge: ChargeExchange, in answered: AnsweredBatch) {
        if replay.position.segment == answered.contents.number {
            let response = replay.response(
                to: charge, within: answered.contents, using: &renderer)
            loop.respond(to: charge.exchange, with: response)
            return
        }
        let (services, renderer) = (services, renderer)
        let isTaken = report { () -> HTTPResponse in
            var renderer = renderer
            return replay.response(to: charge, from: services, using: &renderer)
        } then: { [loop] response in
            loop.respond(to: charge.exchange, with: response)
        }
        if !isTaken { respond(overloaded, to: charge.exchange, charge.requestID) }
    }
}

extension Problem {
    static let outcomeUnknown = Problem(
        .outcomeUnknown, "storage failed: it may have happened; retry with the same key"
    ).with(.unknown)

    static let noOutcome = Problem(.internalError, "the request was lost; retry with the same key")
        .with(.unknown)
}

extension Replay {
    init(_ command: ChargeCommand, of batch: borrowing CommandBatch, at position: Position) {
        self.init(
            account: Array(batch.bytes[command.account.indices]),
            key: Array(batch.bytes[command.idempotence.key.indices]),
            fingerprint: command.idempotence.fingerprint, position: position)
    }

    /// The first answer again, from the segment in which it was given.
    func response(
        to charge: ChargeExchange, within contents: SegmentContents,
        using renderer: inout AnswerRenderer
    ) -> HTTPResponse {
        guard let item = contents.item(at: Int(position.index)) else {
            return APIApplication.response(.noOutcome, charge.requestID)
        }
        let event = FinalEvent(position: position, item: item, contents: contents)
        return response(event, to: charge, using: &renderer)
    }

    /// The first answer again, from the journal.
    func response(
        to charge: ChargeExchange, from services: APIServices,
        using renderer: inout AnswerRenderer
    ) -> HTTPResponse {
        do throws(Problem) {
            return response(try load(from: services), to: charge, using: &renderer)
        } catch {
            return APIApplication.response(error, charge.requestID)
        }
    }

    private func response(
        _ event: FinalEvent, to charge: ChargeExchange, using renderer: inout AnswerRenderer
    ) -> HTTPResponse {
        if let problem = problem(event) {
            return APIApplication.response(problem, charge.requestID)
        }
        let account = account.isEmpty ? renderer.account(of: event) : account
        return renderer.response(
            event, account: account.span, withCreditUsage: charge.wantsCreditUsage,
            requestID: charge.requestID, isReplay: true)
    }
}

extension Problem {
    /// A key that is not for the action.
    static let actionOutOfScope = Self(
        .forbidden, "the scopes of the customer key do not include the action",
        field: "customer_key")
}
