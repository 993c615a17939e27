internal import Glibc

/// A request line and header lines, as bytes and where in them everything stands.
struct RequestHead {
    /// Where a header line stands in ``RequestHead/bytes``.
    struct Field {
        var name: Range<Int>
        var value: Range<Int>
    }

    /// All bytes of the head; once parsed, header names are in lower case.
    var bytes: [UInt8] = []
    var fields: [Field] = []
    var method = HTTPMethod.other
    var isVersion10 = false
    var keepsAlive = false
    var expectsContinue = false
    private(set) var path: [UInt8] = []
    private(set) var query: [UInt8] = []
    private(set) var hasQuery = false

    /// Starts over with the unparsed bytes of another head.
    mutating func replace(with bytes: Span<UInt8>) {
        self.bytes.removeAll(keepingCapacity: true)
        self.bytes.append(span: bytes)
        fields.removeAll(keepingCapacity: true)
        method = .other
        expectsContinue = false
    }

    /// Takes the header lines that the parser found, without the blanks around values.
    mutating func take(_ found: [Field]) {
        for field in found {
            var end = field.value.upperBound
            while end > field.value.lowerBound, bytes[end - 1].isBlank { end -= 1 }
            fields.append(Field(name: field.name, value: field.value.lowerBound..<end))
        }
        var text = bytes.mutableSpan
        for field in found {
            for index in field.name { text[index] = text[index].lowerCased }
        }
    }

    /// Splits the target that stands at `range` into path and query.
    mutating func takeTarget(at range: Range<Int>) throws(HTTPRejection) {
        let bytes = bytes
        let text = bytes.span.extracting(range)
        let parts = try Target.parts(of: text, method: method)
        path.removeAll(keepingCapacity: true)
        path.append(span: text.extracting(parts.path))
        if path.isEmpty { path.append(UInt8(ascii: "/")) }
        query.removeAll(keepingCapacity: true)
        hasQuery = parts.query != nil
        guard let range = parts.query else { return }
        query.append(span: text.extracting(range))
    }

    /// Whether a header line is called `name`, written in lower case.
    func isNamed(_ field: Field, _ name: StaticString) -> Bool {
        guard field.name.count == name.utf8CodeUnitCount else { return false }
        return unsafe bytes.withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return false }
            return unsafe memcmp(
                start + field.name.lowerBound, name.utf8Start, field.name.count) == 0
        }
    }

    func value(of field: Field) -> [UInt8] {
        Array(bytes[field.value])
    }

    func withValue<Result, Failure: Error>(
        of name: StaticString, _ read: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        for field in fields where isNamed(field, name) {
            return try read(bytes.span.extracting(field.value))
        }
        return nil
    }
}
