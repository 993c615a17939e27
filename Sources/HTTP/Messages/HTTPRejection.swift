/// Why the server refused a connection or request without asking the application's routes.
///
/// The connection closes after the answer.
public enum HTTPRejection: Error, Hashable, Sendable, CaseIterable {
    /// The first line is not `METHOD target HTTP/1.x`, or its method is unknown.
    case malformedRequestLine
    /// A header line is folded, has a space before its colon, a bare LF or a control byte.
    case malformedField
    /// No `Host`, two, or one that names no host.
    case invalidHost
    /// `Content-Length` and `Transfer-Encoding` do not say with certainty where the body ends.
    case invalidFraming
    /// A chunk size, extension, end or trailer breaks RFC 9112 section 7.1 or its limit.
    case malformedChunk
    /// The application takes so long a body from nobody whom it does not know.
    case unauthorized
    case timeout
    case bodyTooLarge
    case uriTooLong
    case unmetExpectation
    case headersTooLarge
    /// A transfer coding that we know and do not read, such as `gzip, chunked`.
    case unsupportedTransferCoding
    case tooManyConnections
    /// Others are sending as many bytes of bodies as memory is meant for.
    case tooManyBodies
    case unsupportedVersion

    /// The status code of the answer.
    public var status: Int {
        switch self {
        case .malformedRequestLine, .malformedField, .invalidHost, .invalidFraming,
            .malformedChunk:
            400
        case .unauthorized: 401
        case .timeout: 408
        case .bodyTooLarge: 413
        case .uriTooLong: 414
        case .unmetExpectation: 417
        case .headersTooLarge: 431
        case .unsupportedTransferCoding: 501
        case .tooManyConnections, .tooManyBodies: 503
        case .unsupportedVersion: 505
        }
    }
}
