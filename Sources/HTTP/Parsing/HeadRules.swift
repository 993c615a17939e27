/// How the end of a body is found.
enum BodyFraming: Hashable {
    /// This many bytes, which may be none.
    case length(Int)
    case chunked
}

/// The rules that leave no doubt which host is meant and where the request ends.
struct HeadRules {
    private var hostCount = 0
    private var length: Int?
    private var codingCount = 0
    private var isChunked = false
    private var isKnownCoding = false
    private var expectsContinue = false

    /// How the body of `head` ends; throws where two readers could disagree.
    static func framing(of head: inout RequestHead) throws(HTTPRejection) -> BodyFraming {
        var rules = HeadRules()
        let bytes = head.bytes
        for field in head.fields {
            try rules.look(at: field, of: head, value: bytes.span.extracting(field.value))
        }
        head.expectsContinue = rules.expectsContinue
        guard rules.hostCount == 1 || rules.hostCount == 0 && head.isVersion10
        else { throw .invalidHost }
        guard rules.codingCount > 0 else { return .length(rules.length ?? 0) }
        guard rules.codingCount == 1, rules.length == nil, !head.isVersion10
        else { throw .invalidFraming }
        guard rules.isChunked else {
            throw rules.isKnownCoding ? .unsupportedTransferCoding : .invalidFraming
        }
        return .chunked
    }

    private mutating func look(
        at field: RequestHead.Field, of head: RequestHead, value: Span<UInt8>
    ) throws(HTTPRejection) {
        switch field.name.count {
        case 4 where head.isNamed(field, "host"):
            hostCount += 1
            guard Host.isValid(value) else { throw .invalidHost }
        case 6 where head.isNamed(field, "expect"):
            try lookAtExpectation(value, isVersion10: head.isVersion10)
        case 14 where head.isNamed(field, "content-length"):
            guard length == nil else { throw .invalidFraming }
            length = try Self.length(value)
        case 17 where head.isNamed(field, "transfer-encoding"):
            codingCount += 1
            lookAtCoding(value)
        default: break
        }
    }

    /// HTTP/1.0 has no expectations: whatever stands there means nothing.
    private mutating func lookAtExpectation(
        _ value: Span<UInt8>, isVersion10: Bool
    ) throws(HTTPRejection) {
        guard !isVersion10 else { return }
        guard value.isEqual(ignoringCaseTo: "100-continue") else { throw .unmetExpectation }
        expectsContinue = true
    }

    private mutating func lookAtCoding(_ value: Span<UInt8>) {
        isChunked = value.isEqual(ignoringCaseTo: "chunked")
        for coding: StaticString in ["gzip", "deflate", "compress", "x-gzip", "x-compress"] {
            let rest = value.count - coding.utf8CodeUnitCount
            guard rest == 0 || rest == 9 else { continue }
            guard value.extracting(..<(value.count - rest)).isEqual(ignoringCaseTo: coding)
            else { continue }
            let last = value.extracting((value.count - rest)...)
            isKnownCoding = isKnownCoding || last.isEqual(ignoringCaseTo: ", chunked")
        }
    }

    /// Digits only; 18 of them, so that the sum with anything bounded never overflows.
    private static func length(_ value: Span<UInt8>) throws(HTTPRejection) -> Int {
        guard 1...18 ~= value.count else { throw .invalidFraming }
        var length = 0
        for index in value.indices {
            guard value[index].isDigit else { throw .invalidFraming }
            length = length * 10 + Int(value[index] - 0x30)
        }
        return length
    }
}

/// The grammar of a `Host` value: a name or address, and a port.
enum Host {
    /// Whether `text` names a host, strictly: no user, no escapes, no empty port.
    static func isValid(_ text: Span<UInt8>) -> Bool {
        guard text.count > 0, text.count <= 255 else { return false }
        let isLiteral = text[0] == UInt8(ascii: "[")
        var end = isLiteral ? 1 : 0
        while end < text.count, isLiteral ? isInLiteral(text[end]) : isInName(text[end]) {
            end += 1
        }
        if isLiteral {
            guard end > 1, end < text.count, text[end] == UInt8(ascii: "]") else { return false }
            end += 1
        }
        guard end > 0 else { return false }
        return end == text.count || isPort(text.extracting(end...))
    }

    private static func isPort(_ text: Span<UInt8>) -> Bool {
        guard 2...6 ~= text.count, text[0] == .colon else { return false }
        var port = 0
        for index in 1..<text.count {
            guard text[index].isDigit else { return false }
            port = port * 10 + Int(text[index] - 0x30)
        }
        return port <= 65_535
    }

    private static func isInName(_ byte: UInt8) -> Bool {
        if byte.isLetter || byte.isDigit { return true }
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
            return true
        default: return false
        }
    }

    private static func isInLiteral(_ byte: UInt8) -> Bool {
        byte.hexadecimalValue != nil || byte == .colon || byte == UInt8(ascii: ".")
    }
}
