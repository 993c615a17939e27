internal import Credit
internal import HTTP
internal import Wire

/// What bodies are sent as, and what answers are asked for.
extension APIApplication {
    /// The media type of the body, without parameters and in lower case; nil when none is named.
    static func mediaType(of request: HTTPRequest) -> String? {
        request.withValue(of: "content-type") { value in
            String(String(value).split(separator: ";").first ?? "").asciiTrimmed
        }
    }

    /// Throws unless the body is JSON, sent as such and not compressed.
    static func checkMediaType(
        of request: HTTPRequest, isBodyOptional: Bool
    ) throws(Problem) {
        if isBodyOptional, request.body.isEmpty { return }
        let isJSON =
            request.withValue(of: "content-type") { value in
                value.isEqual(lowerCased: "application/json")
            } ?? false
        guard isJSON || mediaType(of: request) == "application/json",
            request.count(of: "content-encoding") == 0
        else {
            throw Problem(
                .unsupportedMediaType, "send the body as Content-Type: application/json")
        }
    }

    /// Throws when a body is sent to a route that takes none, or `{}` at most.
    static func checkEmptyBody(of request: HTTPRequest) throws(Problem) {
        let body = request.body.filter { $0 > 0x20 }
        guard body.isEmpty || body == Array("{}".utf8) else {
            throw Problem(.invalidRequest, "the route takes no body")
        }
    }
}

/// What a list can be answered as.
enum ListFormat: String, Hashable, Sendable, CaseIterable {
    case json = "application/json"
    case csv = "text/csv"
    case lines = "application/x-ndjson"

    /// The first of the `Accept` header's types that there is; JSON when there is none.
    init(_ request: HTTPRequest) {
        let accepted = request.values(of: "accept")
            .flatMap { String(decoding: $0, as: UTF8.self).split(separator: ",") }
            .map { String($0.split(separator: ";").first ?? "").asciiTrimmed }
        self = accepted.lazy.compactMap { Self(rawValue: $0) }.first ?? .json
    }

    /// The value of `Content-Type`.
    var contentType: String {
        switch self {
        case .json, .lines: rawValue
        case .csv: "text/csv; charset=utf-8"
        }
    }
}

extension String {
    /// In lower case and without blanks around it.
    fileprivate var asciiTrimmed: String {
        let bytes = utf8.drop { $0 <= 0x20 }
        let end = bytes.lastIndex { $0 > 0x20 }.map { bytes.index(after: $0) } ?? bytes.startIndex
        return (String(bytes[..<end]) ?? "").lowercased()
    }
}

extension Span<UInt8> {
    /// True when the bytes in lower case are the ASCII `text`.
    func isEqual(lowerCased text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { letters in
            for index in letters.indices {
                let byte = self[index]
                let lower = 0x41...0x5A ~= byte ? byte | 0x20 : byte
                guard unsafe letters[index] == lower else { return false }
            }
            return true
        }
    }
}
