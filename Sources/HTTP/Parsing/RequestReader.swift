/// Turns a connection's bytes into requests; does no I/O itself.
struct RequestReader {
    /// What the bytes so far amount to.
    enum Step: Hashable {
        case needsMore
        /// The head is in ``request``: the caller must ``admitBody(limit:)`` before going on.
        case head
        /// ``request`` is whole.
        case request
    }

    /// What is being waited for, for the choice of a deadline.
    enum Stage: Hashable {
        case idle
        case head
        case body
    }

    private enum Phase {
        case head
        case length(left: Int)
        case chunked(ChunkedBody)
    }

    /// Buffers that grew beyond this are given back after the request.
    private static let keptBytesMax = 16 * 1024

    let request: HTTPRequest
    private var input: [UInt8] = []
    /// The first byte of ``input`` not used yet.
    private var start = 0
    private var scanner = HeadScanner()
    private var phase = Phase.head
    private var bodyLimit = 0

    init(request: HTTPRequest) {
        self.request = request
    }

    /// The bytes that have arrived and are not used yet.
    var unreadCount: Int { input.count - start }

    /// How many bytes of a body have been read.
    var bodyCount: Int { request.body.count }

    /// Forgets a body that will not be needed.
    mutating func dropBody() {
        request.body = []
    }

    var stage: Stage {
        guard case .head = phase else { return .body }
        return unreadCount > 0 || scanner.hasBegun ? .head : .idle
    }

    /// Takes bytes as they came from the socket.
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        dropUsed()
        unsafe input.append(contentsOf: bytes)
    }

    /// Reads on as far as the bytes go; every rejection is final.
    mutating func next(
        parser: HeadParser, within limits: HTTPLimits
    ) throws(HTTPRejection) -> Step {
        switch phase {
        case .head: try readHead(parser: parser, within: limits)
        case .length(let left): readBody(left: left)
        case .chunked(let body): try readChunks(body, within: limits)
        }
    }

    /// Says how long the body may be; throws when the head already names a longer one.
    mutating func admitBody(limit: Int) throws(HTTPRejection) {
        bodyLimit = limit
        guard case .length(let left) = phase else { return }
        guard left <= limit else { throw .bodyTooLarge }
        request.body.reserveCapacity(min(left, Self.keptBytesMax))
    }

    /// Whether a client that asked for it should now be told to send the body.
    var awaitsContinue: Bool {
        guard request.head.expectsContinue, unreadCount == 0 else { return false }
        if case .length(left: 0) = phase { return false }
        return true
    }

    /// Makes ``request`` ready for the next one.
    mutating func finishRequest() {
        if request.body.capacity > Self.keptBytesMax {
            request.body = []
        } else {
            request.body.removeAll(keepingCapacity: true)
        }
    }

    private mutating func dropUsed() {
        guard start > 0 else { return }
        if start < input.count {
            input.removeSubrange(..<start)
        } else if input.capacity > Self.keptBytesMax {
            input = []
        } else {
            input.removeAll(keepingCapacity: true)
        }
        start = 0
    }

    private mutating func readHead(
        parser: HeadParser, within limits: HTTPLimits
    ) throws(HTTPRejection) -> Step {
        request.head.method = .other  // a refusal is no longer an answer to the request before
        var scanner = scanner
        let found = try scanner.scan(input.span.extracting(start...), within: limits)
        guard let count = found else {
            self.scanner = scanner
            return .needsMore
        }
        request.head.replace(with: input.span.extracting(start..<(start + count)))
        start += count
        self.scanner = HeadScanner()
        switch try parser.parse(&request.head, fieldCount: scanner.fieldCount) {
        case .length(let length): phase = .length(left: length)
        case .chunked: phase = .chunked(ChunkedBody())
        }
        return .head
    }

    private mutating func readBody(left: Int) -> Step {
        let end = start + min(left, unreadCount)
        request.body.append(span: input.span.extracting(start..<end))
        let rest = left - (end - start)
        start = end
        phase = rest == 0 ? .head : .length(left: rest)
        return rest == 0 ? .request : .needsMore
    }

    private mutating func readChunks(
        _ body: ChunkedBody, within limits: HTTPLimits
    ) throws(HTTPRejection) -> Step {
        var body = body
        start += try body.decode(
            input.span.extracting(start...), to: &request.body, bodyLimit: bodyLimit,
            within: limits)
        phase = body.isComplete ? .head : .chunked(body)
        return body.isComplete ? .request : .needsMore
    }
}
