/// Sends one request at a time and waits for the reply; keeps its connection between them.
///
/// It follows no redirects and uses no proxies. One client belongs to one thread at a time.
public final class HTTPClient {
    private let transfer: Transfer

    /// Throws only when libcurl cannot be used at all.
    public init() throws(HTTPClientError) {
        transfer = try Transfer()
    }

    /// The reply to `request`, whatever its status; returns or throws within its timeout.
    public func send(_ request: HTTPClientRequest) throws(HTTPClientError) -> HTTPClientReply {
        try transfer.prepare(request)
        return try transfer.perform()
    }
}

@available(*, unavailable, message: "a client belongs to one thread at a time")
extension HTTPClient: Sendable {}
