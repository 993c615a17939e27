internal import Glibc

/// A whole request as it arrived; its connection reuses the object for the next one.
///
/// It is valid only during ``Application/receive(_:as:)``; what must live longer is copied out.
public final class HTTPRequest {
    /// Where a header line stands in ``head``.
    struct Field {
        var name: Range<Int>
        var value: Range<Int>
    }

    public internal(set) var method = HTTPMethod.other
    /// The path as sent, before any `?`, still percent-encoded.
    public internal(set) var path: [UInt8] = []
    /// The body without its transfer coding.
    public internal(set) var body: [UInt8] = []
    /// The peer's IP address as text; empty on a unix socket.
    public let remoteAddress: String
    public let isUnixSocket: Bool

    /// All bytes of the head, header names in lower case.
    var head: [UInt8] = []
    var fields: [Field] = []
    var target = 0..<0
    var isVersion10 = false
    var keepsAlive = false
    var expectsContinue = false
    var queryBytes: [UInt8] = []
    var hasQuery = false

    init(remoteAddress: String, isUnixSocket: Bool) {
        self.remoteAddress = remoteAddress
        self.isUnixSocket = isUnixSocket
    }

    /// What follows the first `?` of the target, as sent; nil without a `?`.
    public var query: [UInt8]? { hasQuery ? queryBytes : nil }

    /// A copy of the value of the first header called `name`, written in lower case.
    public func value(of name: StaticString) -> [UInt8]? {
        fields.first { isNamed($0, name) }.map { Array(head[$0.value]) }
    }

    /// Copies of the values of all headers called `name`, written in lower case.
    public func values(of name: StaticString) -> [[UInt8]] {
        fields.filter { isNamed($0, name) }.map { Array(head[$0.value]) }
    }

    /// How many headers are called `name`, written in lower case.
    public func count(of name: StaticString) -> Int {
        fields.count { isNamed($0, name) }
    }

    /// Lends the value of the first header called `name`, written in lower case, without a copy.
    ///
    /// The result is nil, and `read` not called, where there is no such header.
    public func withValue<Result, Failure: Error>(
        of name: StaticString, _ read: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        let head = head
        for field in fields where isNamed(field, name) {
            return try read(head.span.extracting(field.value))
        }
        return nil
    }

    func isNamed(_ field: Field, _ name: StaticString) -> Bool {
        guard field.name.count == name.utf8CodeUnitCount else { return false }
        return unsafe head.withUnsafeBufferPointer { head in
            guard let start = head.baseAddress else { return false }
            return unsafe memcmp(
                start + field.name.lowerBound, name.utf8Start, field.name.count) == 0
        }
    }
}

@available(*, unavailable, message: "a request belongs to its loop's thread")
extension HTTPRequest: Sendable {}
