internal import CHTTPParser

/// Takes a scanned head apart with http-parser; a loop has one for all its connections.
///
/// http-parser reads heads only, each whole and in one call. Bodies are framed by
/// ``RequestReader``: the library as distributed does not look at the bytes that end a chunk.
@safe
final class HeadParser {
    private let parser = UnsafeMutablePointer<http_parser>.allocate(capacity: 1)
    private let settings = UnsafeMutablePointer<http_parser_settings>.allocate(capacity: 1)
    /// Where the head being read starts.
    private var base: UnsafePointer<CChar>?
    private var fields: [RequestHead.Field] = []
    private var target = 0..<0

    init() {
        unsafe http_parser_settings_init(settings)
        unsafe settings.pointee.on_url = { parser, start, count in
            unsafe HeadParser.of(parser)?.foundTarget(start, count) ?? 1
        }
        unsafe settings.pointee.on_header_field = { parser, start, count in
            unsafe HeadParser.of(parser)?.foundName(start, count) ?? 1
        }
        unsafe settings.pointee.on_header_value = { parser, start, count in
            unsafe HeadParser.of(parser)?.foundValue(start, count) ?? 1
        }
        unsafe parser.initialize(to: http_parser())
        unsafe parser.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        unsafe parser.deallocate()
        unsafe settings.deallocate()
    }

    /// Reads `head`, whose bytes are one scanned head of `fieldCount` header lines.
    func parse(
        _ head: inout RequestHead, fieldCount: Int
    ) throws(HTTPRejection) -> BodyFraming {
        fields.removeAll(keepingCapacity: true)
        target = 0..<0
        let isWhole = run(over: head.bytes)
        head.take(fields)
        try takeLine(of: &head)
        let framing = try HeadRules.framing(of: &head)
        guard isWhole, fields.count == fieldCount else { throw .malformedField }
        return framing
    }

    /// Whether http-parser took all of `head` without an error.
    private func run(over head: [UInt8]) -> Bool {
        unsafe http_parser_init(parser, HTTP_REQUEST)
        return unsafe head.withUnsafeBytes { head in
            unsafe base = head.assumingMemoryBound(to: CChar.self).baseAddress
            let taken = unsafe http_parser_execute(parser, settings, base, head.count)
            unsafe base = nil
            return unsafe taken == head.count && parser.pointee.http_errno == HPE_OK.rawValue
        }
    }

    private func takeLine(of head: inout RequestHead) throws(HTTPRejection) {
        guard !target.isEmpty else { throw .malformedRequestLine }
        guard unsafe parser.pointee.http_major == 1, unsafe parser.pointee.http_minor <= 1
        else { throw .unsupportedVersion }
        head.method = HTTPMethod(parsed: unsafe parser.pointee.method)
        head.isVersion10 = unsafe parser.pointee.http_minor == 0
        head.keepsAlive = unsafe http_should_keep_alive(parser) != 0
        try head.takeTarget(at: target)
    }

    private static func of(_ parser: UnsafeMutablePointer<http_parser>?) -> HeadParser? {
        guard let data = unsafe parser?.pointee.data else { return nil }
        return unsafe Unmanaged<HeadParser>.fromOpaque(data).takeUnretainedValue()
    }

    private func range(_ start: UnsafePointer<CChar>?, _ count: Int) -> Range<Int>? {
        guard let start = unsafe start, let base = unsafe base else { return nil }
        let offset = unsafe start - base
        return offset..<(offset + count)
    }

    private func foundTarget(_ start: UnsafePointer<CChar>?, _ count: Int) -> Int32 {
        guard let range = unsafe range(start, count) else { return 1 }
        target = range
        return 0
    }

    private func foundName(_ start: UnsafePointer<CChar>?, _ count: Int) -> Int32 {
        guard let range = unsafe range(start, count) else { return 1 }
        fields.append(.init(name: range, value: range.upperBound..<range.upperBound))
        return 0
    }

    private func foundValue(_ start: UnsafePointer<CChar>?, _ count: Int) -> Int32 {
        guard let range = unsafe range(start, count), !fields.isEmpty else { return 1 }
        fields[fields.count - 1].value = range
        return 0
    }
}

extension HTTPMethod {
    fileprivate init(parsed method: UInt32) {
        switch http_method(method) {
        case HTTP_GET: self = .get
        case HTTP_HEAD: self = .head
        case HTTP_POST: self = .post
        case HTTP_PUT: self = .put
        case HTTP_PATCH: self = .patch
        case HTTP_DELETE: self = .delete
        case HTTP_OPTIONS: self = .options
        default: self = .other
        }
    }
}
