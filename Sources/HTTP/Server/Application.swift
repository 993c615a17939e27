/// What answers the requests of one loop; made, called and released on the loop's own thread.
public protocol Application: AnyObject {
    /// The most bytes that the body of such a request may have.
    ///
    /// Called once a head is complete; the body of `request` is yet to come.
    func bodyLimit(of request: HTTPRequest) -> BodyLimit

    /// Takes a whole request, to be answered through the loop now or later, exactly once.
    ///
    /// `request` is valid during this call only. A connection's next request comes after the
    /// answer to this one.
    func receive(_ request: HTTPRequest, as exchange: ExchangeID)

    /// Called once after each round of the loop in which something was received.
    func roundEnded()

    /// Called after somebody called ``LoopWaker/wake()``, once for any number of such calls.
    ///
    /// It may also be called without one.
    func woken()

    /// The answer to what the server refuses by itself; its status should be that of `reason`.
    func rejected(_ reason: HTTPRejection) -> HTTPResponse

    /// Called when all that a stream wrote has left, so that it may go on writing.
    func flushed(_ exchange: ExchangeID)
}

/// How long a body may be.
public struct BodyLimit: Hashable, Sendable {
    public var bytes: Int
    /// What a longer one is refused with.
    public var otherwise: HTTPRejection

    public init(_ bytes: Int, otherwise: HTTPRejection = .bodyTooLarge) {
        self.bytes = bytes
        self.otherwise = otherwise
    }
}

extension Application {
    public func roundEnded() {}
    public func woken() {}
    public func flushed(_ exchange: ExchangeID) {}
}

/// Names one request of one loop until it is answered, and nothing afterwards.
public struct ExchangeID: Hashable, Sendable {
    /// Where the loop keeps the connection.
    let slot: Int
    /// Counted through all requests of all loops of a server.
    let serial: UInt64
}
