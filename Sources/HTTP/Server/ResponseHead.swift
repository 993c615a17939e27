internal import CHTTPParser
internal import Credit

/// The head of an answer, as bytes.
struct ResponseHead {
    /// How the client finds the end of the body.
    enum Framing: Hashable {
        case length(Int)
        case chunked
        /// By the end of the connection: for HTTP/1.0.
        case untilClose
        /// By the status, which never has a body.
        case none
    }

    /// What is said about the connection.
    enum Persistence: Hashable {
        /// Nothing: an HTTP/1.1 connection stays open.
        case implied
        /// For HTTP/1.0 clients, which asked for it.
        case keepAlive
        case close
    }

    private static let statusLines = (0...599).map(statusLine)
    private static let contentType = Array("Content-Type: ".utf8)
    private static let contentLength = Array("Content-Length: ".utf8)
    private static let chunked = Array("Transfer-Encoding: chunked\r\n".utf8)
    private static let close = Array("Connection: close\r\n".utf8)
    private static let keepAlive = Array("Connection: keep-alive\r\n".utf8)
    private static let lineEnd: [UInt8] = [.carriageReturn, .lineFeed]

    var status: Int
    var contentType: String?
    var framing: Framing
    var persistence: Persistence

    /// Whether answers of this status have a body at all.
    static func hasBody(status: Int) -> Bool {
        status >= 200 && status != 204 && status != 304
    }

    func append(to bytes: inout [UInt8], dateLine: [UInt8], fields: [UInt8]) {
        let lines = Self.statusLines
        bytes.append(contentsOf: lines.indices ~= status ? lines[status] : lines[500])
        bytes.append(contentsOf: dateLine)
        if let contentType {
            bytes.append(contentsOf: Self.contentType)
            bytes.append(contentsOf: contentType.utf8)
            bytes.append(contentsOf: Self.lineEnd)
        }
        bytes.append(contentsOf: fields)
        appendFraming(to: &bytes)
        switch persistence {
        case .implied: break
        case .keepAlive: bytes.append(contentsOf: Self.keepAlive)
        case .close: bytes.append(contentsOf: Self.close)
        }
        bytes.append(contentsOf: Self.lineEnd)
    }

    private func appendFraming(to bytes: inout [UInt8]) {
        switch framing {
        case .length(let length):
            bytes.append(contentsOf: Self.contentLength)
            bytes.append(decimal: UInt64(length))
            bytes.append(contentsOf: Self.lineEnd)
        case .chunked: bytes.append(contentsOf: Self.chunked)
        case .untilClose, .none: break
        }
    }

    private static func statusLine(_ status: Int) -> [UInt8] {
        let phrase = unsafe http_status_str(http_status(UInt32(status)))
        let text = unsafe phrase.map { unsafe String(cString: $0) } ?? ""
        return Array("HTTP/1.1 \(status) \(text == "<unknown>" ? "" : text)\r\n".utf8)
    }
}
