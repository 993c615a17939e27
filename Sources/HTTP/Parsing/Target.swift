/// The second word of a request line.
///
/// `/path?query` is the usual form; `http://host/path` is read as its path when the host is
/// valid (RFC 9112 section 3.2.2); `*` belongs to `OPTIONS`; `host:port` to `CONNECT`, which is
/// refused, as is a fragment.
enum Target {
    /// Where path and query stand in `text`.
    static func parts(
        of text: Span<UInt8>, method: HTTPMethod
    ) throws(HTTPRejection) -> (path: Range<Int>, query: Range<Int>?) {
        guard text.firstIndex(of: UInt8(ascii: "#")) == nil else { throw .malformedRequestLine }
        let start = try pathStart(of: text, method: method)
        guard let mark = text.firstIndex(of: UInt8(ascii: "?"), from: start)
        else { return (start..<text.count, nil) }
        return (start..<mark, (mark + 1)..<text.count)
    }

    private static func pathStart(
        of text: Span<UInt8>, method: HTTPMethod
    ) throws(HTTPRejection) -> Int {
        guard text.count > 0 else { throw .malformedRequestLine }
        if text[0] == UInt8(ascii: "/") { return 0 }
        if text.isEqual(ignoringCaseTo: "*") {
            guard method == .options else { throw .malformedRequestLine }
            return 0
        }
        return try pathStart(ofAbsolute: text)
    }

    private static func pathStart(ofAbsolute text: Span<UInt8>) throws(HTTPRejection) -> Int {
        var start = 0
        for scheme: StaticString in ["http://", "https://"]
        where text.count > scheme.utf8CodeUnitCount {
            let prefix = text.extracting(..<scheme.utf8CodeUnitCount)
            if prefix.isEqual(ignoringCaseTo: scheme) { start = prefix.count }
        }
        guard start > 0 else { throw .malformedRequestLine }
        var end = start
        while end < text.count, text[end] != UInt8(ascii: "/"), text[end] != UInt8(ascii: "?") {
            end += 1
        }
        guard Host.isValid(text.extracting(start..<end)) else { throw .invalidHost }
        return end
    }
}
