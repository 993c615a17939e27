/// A host and port to listen on.
public struct HTTPAddress: Hashable, Sendable, CustomStringConvertible {
    /// The text is not `HOST:PORT` or `[IPV6]:PORT`.
    public struct Invalid: Error, Hashable {}

    /// A name or address, without brackets.
    public var host: String
    /// 0 lets the system choose.
    public var port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `127.0.0.1:8080`, `localhost:8080` or `[::1]:8080`.
    public init(_ text: String) throws(Invalid) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...]), colon > text.startIndex
        else { throw Invalid() }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw Invalid()
        }
        guard !host.isEmpty else { throw Invalid() }
        self.init(host: String(host), port: port)
    }

    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
