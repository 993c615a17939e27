/// How an application answers; each call ignores an exchange that is over or was never ours.
extension HTTPLoop {
    /// Answers a request as a whole, now or later.
    public func respond(to exchange: ExchangeID, with response: consuming HTTPResponse) {
        connection(of: exchange)?.answer(response)
    }

    /// Begins an answer whose body comes by ``write(_:to:)`` and ends by ``endStream(_:)``.
    public func beginStream(
        _ exchange: ExchangeID, status: Int, contentType: String?, fields: [UInt8] = []
    ) {
        connection(of: exchange)?
            .beginStream(status: status, contentType: contentType, fields: fields)
    }

    /// Writes more of a streamed body.
    ///
    /// A client that lets more than ``HTTPLimits/responseBacklogBytes`` wait is cut: long streams
    /// wait for ``Application/flushed(_:)`` between their writes.
    public func write(_ bytes: [UInt8], to exchange: ExchangeID) {
        connection(of: exchange)?.write(bytes)
    }

    public func endStream(_ exchange: ExchangeID) {
        connection(of: exchange)?.endStream()
    }

    /// The bytes of the answer that still wait for the client; nil when the exchange is over.
    public func backlog(of exchange: ExchangeID) -> Int? {
        connection(of: exchange)?.unsentCount
    }
}
