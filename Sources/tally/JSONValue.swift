import Credit
import JSON

/// A JSON answer read whole; numbers keep their text, so that amounts stay exact.
enum JSONValue: Equatable, Sendable {
    case object([String: JSONValue])
    case array([JSONValue])
    case string(String)
    case number(String)
    case bool(Bool)
    case null

    /// Reads a whole text.
    init(_ text: [UInt8]) throws {
        var cursor = JSONCursor()
        self = try Self.read(&cursor, text.span)
        try cursor.end(in: text.span)
    }

    private static func read(_ cursor: inout JSONCursor, _ text: Span<UInt8>) throws -> Self {
        switch try cursor.kind(in: text) {
        case .object:
            var members: [String: JSONValue] = [:]
            try cursor.beginObject(in: text)
            while let key = try cursor.nextKey(in: text) {
                let name = string(key, text)
                guard members.updateValue(try read(&cursor, text), forKey: name) == nil else {
                    throw Failure.failed("\(name) is there twice")
                }
            }
            return .object(members)
        case .array:
            var elements: [JSONValue] = []
            try cursor.beginArray(in: text)
            while try cursor.nextElement(in: text) { elements.append(try read(&cursor, text)) }
            return .array(elements)
        case .string: return .string(string(try cursor.string(in: text), text))
        case .number:
            return .number(String(text.extracting(try cursor.number(in: text).range)))
        case .bool: return .bool(try cursor.bool(in: text))
        case .null:
            try cursor.null(in: text)
            return .null
        }
    }

    private static func string(_ string: JSONString, _ text: Span<UInt8>) -> String {
        var bytes: [UInt8] = []
        bytes.append(unescaped: string, of: text)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The member of an object.
    subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    /// The text of a string.
    var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The elements of an array.
    var array: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The members of an object.
    var members: [String: JSONValue]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// The exact amount of a number of credits.
    var credits: Credits? {
        guard case .number(let text) = self else { return nil }
        return try? Credits(decimal: text.utf8.span)
    }
}

extension JSONValue: JSONWritable {
    /// Writes the value, the members of objects by name.
    func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter()
        write(to: &writer)
        bytes.append(contentsOf: writer.bytes)
    }

    private func write(to writer: inout JSONWriter) {
        switch self {
        case .object(let members):
            writer.beginObject()
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                writer.key(bytes: name.utf8.span)
                value.write(to: &writer)
            }
            writer.endObject()
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .string(let text): writer.value(text)
        case .number(let digits): writer.value(json: digits.utf8.span)
        case .bool(let isTrue): writer.value(isTrue)
        case .null: writer.null()
        }
    }

    /// The value as JSON text.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return bytes
    }
}
