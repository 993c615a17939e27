internal import Credit
internal import Engine
public import HTTP
internal import JSON
internal import Wire

/// Answers that are made on the loop.
extension APIApplication {
    public func rejected(_ reason: HTTPRejection) -> HTTPResponse {
        Self.response(
            Problem(rejecting: reason, retrySeconds: services.limits.overloadedRetrySeconds),
            requestIDs.next(at: services.time.now()))
    }

    func respond(_ problem: Problem, to exchange: ExchangeID, _ requestID: RequestID) {
        loop.respond(to: exchange, with: Self.response(problem, requestID))
    }

    /// The answer that tells of a problem.
    static func response(
        _ problem: Problem, _ requestID: RequestID, fields: [UInt8] = []
    ) -> HTTPResponse {
        var response = HTTPResponse(
            status: problem.code.status, contentType: Problem.contentType, fields: fields)
        response.fields.append(requestID: requestID)
        response.fields.append(hintsOf: problem)
        response.body.append(problem, requestID: requestID)
        return response
    }
}

extension [UInt8] {
    /// Appends the headers that go with a problem.
    mutating func append(hintsOf problem: Problem) {
        if problem.code == .unauthorized {
            append(literal: "WWW-Authenticate: Bearer\r\n")
        }
        if let seconds = problem.retryAfter {
            append(literal: "Retry-After: ")
            append(decimal: Int64(seconds))
            append(literal: "\r\n")
        }
    }
}

extension Problem {
    /// What clients are told of a request that the server refused by itself.
    init(rejecting reason: HTTPRejection, retrySeconds: Int) {
        self.init(ProblemCode(reason), "\(reason.words)")
        if reason.status == 503 { retryAfter = retrySeconds }
    }
}

extension ProblemCode {
    /// What clients are told of a request that the server refused by itself.
    init(_ reason: HTTPRejection) {
        switch reason {
        case .malformedRequestLine, .malformedField, .invalidHost, .invalidFraming,
            .malformedChunk:
            self = .invalidRequest
        case .timeout: self = .requestTimeout
        case .bodyTooLarge: self = .bodyTooLarge
        case .uriTooLong: self = .uriTooLong
        case .unmetExpectation: self = .expectationFailed
        case .headersTooLarge: self = .headersTooLarge
        case .unsupportedTransferCoding: self = .notImplemented
        case .tooManyConnections, .tooManyBodies: self = .overloaded
        case .unauthorized: self = .unauthorized
        case .unsupportedVersion: self = .versionNotSupported
        }
    }
}

extension HTTPRejection {
    fileprivate var words: String {
        switch self {
        case .malformedRequestLine: "the request line is malformed"
        case .malformedField: "a header is malformed"
        case .invalidHost: "the Host header is missing or invalid"
        case .invalidFraming: "it is not certain where the body ends"
        case .malformedChunk: "a chunk of the body is malformed"
        case .timeout: "the request did not arrive in time"
        case .bodyTooLarge: "the body is larger than this route takes"
        case .uriTooLong: "the URL is too long"
        case .unmetExpectation: "only 100-continue can be expected"
        case .headersTooLarge: "the headers are too many or too large"
        case .unsupportedTransferCoding: "only chunked is supported"
        case .tooManyConnections: "too many connections are open"
        case .tooManyBodies: "too much is being sent at once"
        case .unauthorized: "send a valid API key, such as Authorization: Bearer KEY"
        case .unsupportedVersion: "only HTTP/1.1 and HTTP/1.0 are supported"
        }
    }
}
