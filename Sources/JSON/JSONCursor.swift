/// A place in a JSON text, from which the values are pulled one after the other.
///
/// It holds offsets only: every method takes the text, borrows it and allocates nothing. What it
/// accepts is RFC 8259 exactly, in UTF-8, nested at most ``depthMax`` deep.
///
///     var cursor = JSONCursor()
///     try cursor.beginObject(in: text)
///     while let key = try cursor.nextKey(in: text) { ... one value ... }
///     try cursor.end(in: text)
///
/// Objects that ``skipValue(in:)`` and ``CanonicalJSON`` pass over are checked for duplicate keys;
/// whoever walks an object with ``nextKey(in:)`` does so with a ``FieldTable``.
public struct JSONCursor: Sendable, BitwiseCopyable {
    /// The most objects and arrays within each other.
    public static let depthMax = 32
    /// The most keys of an object that is skipped or made canonical.
    public static let keysMax = 1024

    /// The byte to be read next.
    public internal(set) var offset: Int
    private var depth = 0
    private var needsComma = false

    /// The start of a text, or of a value that stands at byte `offset` of it.
    public init(at offset: Int = 0) {
        self.offset = max(offset, 0)
    }

    /// The kind of the value that comes next.
    public mutating func kind(in text: Span<UInt8>) throws(JSONError) -> JSONKind {
        guard let kind = JSONKind(firstByte: try peek(in: text)) else {
            throw JSONError(.unexpectedByte, at: offset)
        }
        return kind
    }

    /// Enters an object.
    public mutating func beginObject(in text: Span<UInt8>) throws(JSONError) {
        try expect(.object, in: text)
        try enter()
    }

    /// The next key of the object, its value being what comes next; nil leaves the object.
    public mutating func nextKey(in text: Span<UInt8>) throws(JSONError) -> JSONString? {
        var byte = try peek(in: text)
        if byte == UInt8(ascii: "}") {
            leave()
            return nil
        }
        if needsComma { byte = try comma(byte, in: text) }
        guard byte == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte, at: offset) }
        let key = try quoted(in: text)
        guard try peek(in: text) == UInt8(ascii: ":") else {
            throw JSONError(.unexpectedByte, at: offset)
        }
        offset += 1
        return key
    }

    /// Enters an array.
    public mutating func beginArray(in text: Span<UInt8>) throws(JSONError) {
        try expect(.array, in: text)
        try enter()
    }

    /// True when the array has one more element, which comes next; false leaves the array.
    public mutating func nextElement(in text: Span<UInt8>) throws(JSONError) -> Bool {
        var byte = try peek(in: text)
        if byte == UInt8(ascii: "]") {
            leave()
            return false
        }
        if needsComma { byte = try comma(byte, in: text) }
        guard byte != UInt8(ascii: "]") else { throw JSONError(.unexpectedByte, at: offset) }
        return true
    }

    /// A string: where its bytes stand.
    public mutating func string(in text: Span<UInt8>) throws(JSONError) -> JSONString {
        try expect(.string, in: text)
        return try readString(in: text)
    }

    /// A number: where its digits stand, for an exact reader such as `Credits(decimal:)`.
    public mutating func number(in text: Span<UInt8>) throws(JSONError) -> JSONNumber {
        try expect(.number, in: text)
        return try readNumber(in: text)
    }

    /// `true` or `false`.
    public mutating func bool(in text: Span<UInt8>) throws(JSONError) -> Bool {
        try expect(.bool, in: text)
        return try readBool(in: text)
    }

    /// `null`.
    public mutating func null(in text: Span<UInt8>) throws(JSONError) {
        try expect(.null, in: text)
        try readNull(in: text)
    }

    /// Throws unless only white space is left.
    public mutating func end(in text: Span<UInt8>) throws(JSONError) {
        skipSpace(in: text)
        guard offset == text.count else { throw JSONError(.trailingBytes, at: offset) }
    }
}

/// The readers below stand at the first byte of a value whose kind is known.
extension JSONCursor {
    mutating func readString(in text: Span<UInt8>) throws(JSONError) -> JSONString {
        let string = try quoted(in: text)
        needsComma = true
        return string
    }

    mutating func readNumber(in text: Span<UInt8>) throws(JSONError) -> JSONNumber {
        let number = try digits(in: text)
        needsComma = true
        return number
    }

    mutating func readBool(in text: Span<UInt8>) throws(JSONError) -> Bool {
        let value = text[offset] == UInt8(ascii: "t")
        try word(value ? "true" : "false", in: text)
        return value
    }

    mutating func readNull(in text: Span<UInt8>) throws(JSONError) {
        try word("null", in: text)
    }

    mutating func enter() throws(JSONError) {
        guard depth < Self.depthMax else { throw JSONError(.tooDeep, at: offset) }
        depth += 1
        offset += 1
        needsComma = false
    }

    private mutating func leave() {
        depth -= 1
        offset += 1
        needsComma = true
    }

    private mutating func word(_ word: String, in text: Span<UInt8>) throws(JSONError) {
        for letter in word.utf8 {
            guard offset < text.count else { throw JSONError(.unexpectedEnd, at: offset) }
            guard text[offset] == letter else { throw JSONError(.unexpectedByte, at: offset) }
            offset += 1
        }
        needsComma = true
    }
}

extension JSONCursor {
    /// The next byte that is not white space; it stays the next.
    @inline(__always)
    private mutating func peek(in text: Span<UInt8>) throws(JSONError) -> UInt8 {
        skipSpace(in: text)
        guard offset < text.count else { throw JSONError(.unexpectedEnd, at: offset) }
        return text[offset]
    }

    @inline(__always)
    private mutating func skipSpace(in text: Span<UInt8>) {
        while offset < text.count, text[offset] <= 0x20 {
            switch text[offset] {
            case 0x20, 0x0A, 0x0D, 0x09: offset += 1
            default: return
            }
        }
    }

    @inline(__always)
    private mutating func expect(_ kind: JSONKind, in text: Span<UInt8>) throws(JSONError) {
        guard try self.kind(in: text) == kind else { throw JSONError(.unexpectedKind, at: offset) }
    }

    @inline(__always)
    private mutating func comma(
        _ byte: UInt8, in text: Span<UInt8>
    ) throws(JSONError) -> UInt8 {
        guard byte == UInt8(ascii: ",") else { throw JSONError(.unexpectedByte, at: offset) }
        offset += 1
        return try peek(in: text)
    }
}
