/// A request to another server.
public struct HTTPClientRequest: Hashable, Sendable {
    public struct Field: Hashable, Sendable {
        public var name: String
        public var value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The method; ``HTTPMethod/other`` is refused.
    public var method: HTTPMethod
    /// An absolute `http` or `https` URL.
    public var url: String
    public var fields: [Field]
    public var body: [UInt8]
    /// From the start of the connection to the last byte of the reply.
    public var timeout: Duration = .seconds(30)
    /// Connects to this socket file, whatever host the URL names.
    public var unixSocketPath: String?
    /// The most bytes of a reply's body, and of its head.
    public var replyBytesMax = 64 * 1024 * 1024

    public init(
        method: HTTPMethod = .get, url: String, fields: [Field] = [], body: [UInt8] = []
    ) {
        self.method = method
        self.url = url
        self.fields = fields
        self.body = body
    }
}

/// What another server answered, whatever the status.
public struct HTTPClientReply: Hashable, Sendable {
    public var status = 0
    /// The header lines in the order received.
    public var fields: [HTTPClientRequest.Field] = []
    public var body: [UInt8] = []

    /// The value of the first header called `name`, in any case.
    public func value(of name: String) -> String? {
        let name = name.lowercased()
        return fields.first { $0.name.lowercased() == name }?.value
    }
}

/// Why there is no reply; whether the request took effect is known only where this says so.
public enum HTTPClientError: Error, Hashable, Sendable {
    /// Never sent: the URL is not absolute, or neither http nor https.
    case invalidURL(String)
    /// Never sent: the method is `other`, or a header cannot be written on one line.
    case invalidRequest
    /// Never sent: nobody answers there; `reason` says what was tried.
    case cannotConnect(reason: String)
    case timeout
    /// The reply has more bytes than were allowed.
    case replyTooLarge
    /// The connection or the reply broke; `code` is libcurl's.
    case failed(code: Int, reason: String)
}
