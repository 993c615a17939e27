internal import Credit
internal import Engine
public import HTTP
internal import Wire

/// Answers the requests of one loop from the moment that the port is open: while the ledger is
/// being recovered, that it is not ready; afterwards as ``APIApplication`` does.
public final class StartingApplication: Application {
    private let loop: HTTPLoop
    private let services: @Sendable () -> APIServices?
    private var ready: APIApplication?
    private var requestIDs = RequestIDSource()
    private let clock = LedgerClock(notBefore: .epoch)

    /// How long a client should wait before it asks again, in seconds.
    private static let retrySeconds = 1

    /// The application of `loop`; `services` gives what it needs once that exists.
    public init(loop: HTTPLoop, services: @escaping @Sendable () -> APIServices?) {
        self.loop = loop
        self.services = services
    }

    public func bodyLimit(of request: HTTPRequest) -> BodyLimit {
        application?.bodyLimit(of: request) ?? BodyLimit(APILimits().bodyBytesMax)
    }

    public func receive(_ request: HTTPRequest, as exchange: ExchangeID) {
        if let application { return application.receive(request, as: exchange) }
        let now = clock.now()
        let call = Call(
            exchange: exchange, requestID: requestIDs.next(at: now), now: now, style: .native,
            path: request.path, parameters: [])
        let response =
            switch (request.method, request.path) {
            case (.get, Self.healthPath): APIApplication.health(call)
            case (.get, Self.readyPath): APIApplication.notReady(call)
            default: APIApplication.response(.notReady, call.requestID)
            }
        loop.respond(to: exchange, with: response)
    }

    public func roundEnded() { ready?.roundEnded() }

    public func woken() { ready?.woken() }

    public func flushed(_ exchange: ExchangeID) { ready?.flushed(exchange) }

    public func rejected(_ reason: HTTPRejection) -> HTTPResponse {
        if let application { return application.rejected(reason) }
        return APIApplication.response(
            Problem(rejecting: reason, retrySeconds: Self.retrySeconds),
            requestIDs.next(at: clock.now()))
    }

    private var application: APIApplication? {
        if ready == nil { ready = services().map { APIApplication(loop: loop, services: $0) } }
        return ready
    }

    private static let healthPath = Array("/health".utf8)
    private static let readyPath = Array("/ready".utf8)
}

@available(*, unavailable, message: "an application belongs to its loop's thread")
extension StartingApplication: Sendable {}
