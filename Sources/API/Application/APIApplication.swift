internal import Credit
internal import Engine
public import HTTP
internal import Wire

/// Answers the requests of one loop: reads them, has them decided, and renders what came of it.
///
/// Whatever arrives in one round of the loop goes to the writer as one batch. Nothing here waits:
/// answers come back through the loop's mailbox once what they tell is durable.
public final class APIApplication: Application {
    let loop: HTTPLoop
    let services: APIServices
    let mailbox: Mailbox
    var batch: CommandBatch
    var pending = PendingTable()
    var decoder = ChargeDecoder()
    var fingerprint = Fingerprint()
    var requestIDs = RequestIDSource()
    var renderer: AnswerRenderer
    /// Batches whose answers are being streamed.
    var streams: [ExchangeID: BatchExchange] = [:]

    /// The application of `loop`.
    public init(loop: HTTPLoop, services: APIServices) {
        self.loop = loop
        self.services = services
        mailbox = services.mailboxes.open(loop.waker)
        batch = CommandBatch(origin: mailbox.origin)
        renderer = AnswerRenderer(directory: services.directory)
    }

    /// Long batches are read of those alone who have a key.
    public func bodyLimit(of request: HTTPRequest) -> BodyLimit {
        let limits = services.limits
        guard request.path == Self.batchPath else { return BodyLimit(limits.bodyBytesMax) }
        return isKnown(request, at: services.time.now())
            ? BodyLimit(limits.batchBodyBytesMax)
            : BodyLimit(limits.bodyBytesMax, otherwise: .unauthorized)
    }

    public func receive(_ request: HTTPRequest, as exchange: ExchangeID) {
        if request.method == .post, request.path == Self.chargePath {
            receiveCharge(request, as: exchange)
        } else {
            route(request, as: exchange)
        }
    }

    public func roundEnded() {
        submitBatch()
    }

    public func woken() {
        let (answers, reports) = mailbox.take()
        for answered in answers { settle(answered) }
        for report in reports { settle(report) }
        submitBatch()
    }

    public func flushed(_ exchange: ExchangeID) {
        streams[exchange].map(writeStream)
    }

    static let chargePath = Array("/v1/charges".utf8)
    static let batchPath = Array("/v1/charges/batch".utf8)
}

@available(*, unavailable, message: "an application belongs to its loop's thread")
extension APIApplication: Sendable {}

/// The way to the writer and back.
extension APIApplication {
    /// The most text bytes that wait for the end of a round.
    private static let batchBytesMax = 4 << 20

    /// Makes room for `count` items that must be decided together.
    func makeRoom(for count: Int) {
        guard batch.count + count > CommandBatch.itemsMax || batch.bytes.count > Self.batchBytesMax
        else { return }
        submitBatch()
    }

    func submitBatch() {
        guard batch.count > 0 else { return }
        let submitted = batch
        batch = CommandBatch(origin: mailbox.origin)
        if services.submit(submitted) { return }
        var previous: UInt64?
        for tag in submitted.tags where tag >> 32 != previous {
            previous = tag >> 32
            refuse(pending.take(UInt32(truncatingIfNeeded: tag >> 32)), with: overloaded)
        }
    }

    var overloaded: Problem {
        var problem = Problem(.overloaded, "too many requests wait; try again with the same key")
        problem.retryAfter = services.limits.overloadedRetrySeconds
        return problem
    }

    private func refuse(_ pending: Pending?, with problem: Problem) {
        switch pending {
        case .charge(let charge): respond(problem, to: charge.exchange, charge.requestID)
        case .chunk(let batch, let index): refuse(chunk: index, of: batch, with: problem)
        case .outcome(let finish): finish(.overloaded)
        case .report, nil: break
        }
    }

    private func settle(_ answered: AnsweredBatch) {
        let batch = answered.batch
        var cursor = ItemCursor()
        var index = 0
        while index < batch.count {
            let slot = UInt32(truncatingIfNeeded: batch.tags[index] >> 32)
            var count = 1
            switch pending.take(slot) {
            case .charge(let charge): answer(charge, index, of: answered, at: &cursor)
            case .chunk(let exchange, let chunk):
                count = exchange.chunks[chunk].decidedCount
                answer(chunk, of: exchange, from: index, of: answered)
            case .outcome(let finish): finish(.decided(batch.outcomes[index], answered, index))
            case .report, nil: break
            }
            index += max(count, 1)
        }
    }

    private func settle(_ report: Mailbox.Report) {
        guard case .report(let finish) = pending.take(report.slot) else { return }
        finish(report.value)
    }
}
