/// A whole answer.
///
/// The server adds `Date`, `Content-Length` and `Connection`, and leaves the body out for `HEAD`.
public struct HTTPResponse: Hashable, Sendable {
    /// A header name that is no token, or a value with CR, LF, NUL or another control byte.
    public struct InvalidField: Error, Hashable {}

    public var status: Int
    /// The value of `Content-Type`, written as it is: a constant; none is sent when nil.
    public var contentType: String?
    /// Further header lines, each ended by CR LF; see ``add(field:value:)``.
    public var fields: [UInt8]
    public var body: [UInt8]

    public init(status: Int, contentType: String?, fields: [UInt8] = [], body: [UInt8] = []) {
        self.status = status
        self.contentType = contentType
        self.fields = fields
        self.body = body
    }

    /// Appends a header line, refusing what could end the line or the head.
    public mutating func add(field name: String, value: String) throws(InvalidField) {
        try fields.append(field: name, value: value.utf8.span)
    }
}

extension [UInt8] {
    /// Appends a header line `name: value`, refusing what could end the line or the head.
    public mutating func append(
        field name: String, value: Span<UInt8>
    ) throws(HTTPResponse.InvalidField) {
        guard !name.isEmpty, name.utf8.allSatisfy(\.isToken) else { throw .init() }
        for index in value.indices {
            guard value[index].isText || value[index] == .tab else { throw .init() }
        }
        append(contentsOf: name.utf8)
        append(.colon)
        append(.space)
        append(span: value)
        append(.carriageReturn)
        append(.lineFeed)
    }

    /// Appends the elements of `span`.
    mutating func append(span: Span<UInt8>) {
        unsafe span.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
