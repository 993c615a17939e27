/// A whole request as it arrived; its connection reuses the object for the next one.
///
/// It is valid only during ``Application/receive(_:as:)``; what must live longer is copied out.
public final class HTTPRequest {
    /// The body without its transfer coding.
    public internal(set) var body: [UInt8] = []
    /// The peer's IP address as text; empty on a unix socket.
    public let remoteAddress: String
    public let isUnixSocket: Bool
    var head = RequestHead()

    init(remoteAddress: String, isUnixSocket: Bool) {
        self.remoteAddress = remoteAddress
        self.isUnixSocket = isUnixSocket
    }

    public var method: HTTPMethod { head.method }

    /// The path as sent, before any `?`, still percent-encoded.
    public var path: [UInt8] { head.path }

    /// What follows the first `?` of the target, as sent; nil without a `?`.
    public var query: [UInt8]? { head.hasQuery ? head.query : nil }

    /// A copy of the value of the first header called `name`, written in lower case.
    public func value(of name: StaticString) -> [UInt8]? {
        head.withValue(of: name) { value in
            var copy: [UInt8] = []
            copy.append(span: value)
            return copy
        }
    }

    /// Copies of the values of all headers called `name`, written in lower case.
    public func values(of name: StaticString) -> [[UInt8]] {
        head.fields.filter { head.isNamed($0, name) }.map(head.value)
    }

    /// How many headers are called `name`, written in lower case.
    public func count(of name: StaticString) -> Int {
        head.fields.count { head.isNamed($0, name) }
    }

    /// Lends the value of the first header called `name`, written in lower case, without a copy.
    ///
    /// The result is nil, and `read` not called, where there is no such header.
    public func withValue<Result, Failure: Error>(
        of name: StaticString, _ read: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        try head.withValue(of: name, read)
    }
}

@available(*, unavailable, message: "a request belongs to its loop's thread")
extension HTTPRequest: Sendable {}
