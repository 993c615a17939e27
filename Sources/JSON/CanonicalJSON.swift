internal import Credit

/// Writes values in the one spelling that equal values share.
///
/// | part    | canonical form                                                              |
/// |:--------|:----------------------------------------------------------------------------|
/// | spaces  | none                                                                        |
/// | objects | members in the order of their keys' unescaped bytes; duplicates refused     |
/// | strings | UTF-8; escaped are `"`, `\` and bytes below 0x20 (as `\n` or `\u001f`)      |
/// | numbers | decimal digits, exact: no exponent, no needless zero or sign (`-0` is `0`)  |
///
/// Strings are spelled as in RFC 8785; numbers and the order of keys are not, as that RFC rounds to
/// a Double and sorts by UTF-16. The value keeps its working memory, so that one kept for long
/// allocates nothing.
public struct CanonicalJSON: Sendable {
    /// The most digits of a number before its point, and after it.
    public static let digitsMax = 40

    private var members = MemberStack()
    private var sorted: [UInt8] = []

    /// A writer with no working memory yet.
    public init() {}

    /// Appends the value that comes next at `cursor` and moves `cursor` behind it.
    ///
    /// Throws what the scanner throws, and ``JSONError/Reason/outOfRange`` for a number of more
    /// than ``digitsMax`` digits; `output` is then as it was.
    public mutating func append(
        _ text: Span<UInt8>, at cursor: inout JSONCursor, to output: inout [UInt8]
    ) throws(JSONError) {
        let start = output.count
        members.pop(to: 0)
        do throws(JSONError) {
            try value(text, &cursor, &output)
        } catch {
            output.removeSubrange(start...)
            throw error
        }
    }

    /// The canonical form of a text that is one value.
    public static func bytes(of text: Span<UInt8>) throws(JSONError) -> [UInt8] {
        var canonical = Self()
        var cursor = JSONCursor()
        var output: [UInt8] = []
        try canonical.append(text, at: &cursor, to: &output)
        try cursor.end(in: text)
        return output
    }
}

extension CanonicalJSON {
    private mutating func value(
        _ text: Span<UInt8>, _ cursor: inout JSONCursor, _ output: inout [UInt8]
    ) throws(JSONError) {
        switch try cursor.kind(in: text) {
        case .object: try object(text, &cursor, &output)
        case .array: try array(text, &cursor, &output)
        case .string: output.append(canonical: try cursor.readString(in: text), of: text)
        case .number: try output.append(canonical: try cursor.readNumber(in: text), of: text)
        case .bool: output.append(text: try cursor.readBool(in: text) ? "true" : "false")
        case .null:
            try cursor.readNull(in: text)
            output.append(text: "null")
        }
    }

    private mutating func array(
        _ text: Span<UInt8>, _ cursor: inout JSONCursor, _ output: inout [UInt8]
    ) throws(JSONError) {
        try cursor.enter()
        output.append(UInt8(ascii: "["))
        let first = output.count
        while try cursor.nextElement(in: text) {
            if output.count > first { output.append(UInt8(ascii: ",")) }
            try value(text, &cursor, &output)
        }
        output.append(UInt8(ascii: "]"))
    }

    private mutating func object(
        _ text: Span<UInt8>, _ cursor: inout JSONCursor, _ output: inout [UInt8]
    ) throws(JSONError) {
        try cursor.enter()
        output.append(UInt8(ascii: "{"))
        let (base, first) = (members.members.count, output.count)
        var isSorted = true
        while let key = try cursor.nextKey(in: text) {
            isSorted = try members.isSorted(with: key, from: base, isSorted: isSorted, in: text)
            if output.count > first { output.append(UInt8(ascii: ",")) }
            let start = output.count
            output.append(canonical: key, of: text)
            output.append(UInt8(ascii: ":"))
            try value(text, &cursor, &output)
            members.push(Member(key: key, output: start..<output.count))
        }
        if !isSorted { try sort(text, from: base, first, &output) }
        members.pop(to: base)
        output.append(UInt8(ascii: "}"))
    }

    /// Puts the members written from `first` on into the order of their keys.
    private mutating func sort(
        _ text: Span<UInt8>, from base: Int, _ first: Int, _ output: inout [UInt8]
    ) throws(JSONError) {
        try members.sort(from: base, in: text)
        sorted.removeAll(keepingCapacity: true)
        for member in members.members[base...] {
            if !sorted.isEmpty { sorted.append(UInt8(ascii: ",")) }
            sorted.append(bytes: output.span.extracting(member.output))
        }
        output.removeLast(output.count - first)
        output.append(contentsOf: sorted)
    }
}
