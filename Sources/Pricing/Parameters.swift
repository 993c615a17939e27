internal import JSON

/// Where the parameters of a call stand in their canonical JSON, found in one pass.
///
/// The first ``inlineCount`` members are kept without an allocation; in an object of more, the
/// rest is scanned again for each parameter asked for.
struct Parameters: ~Copyable {
    private static let inlineCount = 16

    /// Where a key and its value stand; offsets below 2^32, as the text is at most 1 MiB.
    private struct Member {
        var keyStart: UInt32 = 0
        var keyEnd: UInt32 = 0
        var valueStart: UInt32 = 0
        var valueEnd: UInt32 = 0

        init() {}

        init(_ key: Range<Int>, _ value: Range<Int>) {
            keyStart = UInt32(truncatingIfNeeded: key.lowerBound)
            keyEnd = UInt32(truncatingIfNeeded: key.upperBound)
            valueStart = UInt32(truncatingIfNeeded: value.lowerBound)
            valueEnd = UInt32(truncatingIfNeeded: value.upperBound)
        }

        var keyCount: Int { Int(keyEnd &- keyStart) }
        var value: Range<Int> { Int(valueStart)..<max(Int(valueStart), Int(valueEnd)) }
    }

    private var members = [16 of Member](repeating: Member())
    private var count = 0
    /// The members after the inline ones; nil when there are none.
    private var rest: JSONCursor?

    /// No parameters.
    init() {}

    /// Scans `text`, an object in canonical JSON; no bytes are the empty object.
    mutating func scan(_ text: Span<UInt8>) throws(PricingError) {
        guard text.count <= PriceListLimits.parametersBytesMax else {
            throw .invalidObject("parameters")
        }
        guard !text.isEmpty else { return }
        do throws(JSONError) {
            try scanObject(text)
        } catch {
            throw .invalidObject("parameters")
        }
    }

    private mutating func scanObject(_ text: Span<UInt8>) throws(JSONError) {
        var cursor = JSONCursor()
        try cursor.beginObject(in: text)
        while count < Self.inlineCount {
            guard let key = try cursor.nextKey(in: text) else { return try cursor.end(in: text) }
            members[count] = Member(key.range, try cursor.skipValue(in: text))
            count += 1
        }
        rest = cursor
        while try cursor.nextKey(in: text) != nil { try cursor.skipValue(in: text) }
        try cursor.end(in: text)
    }
}

extension Parameters {
    /// Where the value of a parameter stands; nil when there is none.
    ///
    /// Throws when the path leads to two values, which a dotted key and a nested one can do.
    func value(
        of path: ParameterPath, in text: Span<UInt8>
    ) throws(PricingError) -> Range<Int>? {
        var found: Range<Int>?
        let members = members.span  // reading the array itself would copy all of it
        for index in 0..<count {
            guard path.hasDots || members[index].keyCount == path.key.count else { continue }
            try Self.match(path, from: 0, members[index], in: text, &found)
        }
        if let rest { try Self.search(path, from: 0, rest, in: text, &found) }
        return found
    }

    /// Looks at the members after `start` for the part of `path` from the `first`-th byte on.
    private static func search(
        _ path: ParameterPath, from first: Int, _ start: JSONCursor, in text: Span<UInt8>,
        _ found: inout Range<Int>?
    ) throws(PricingError) {
        var cursor = start
        while let member = nextMember(&cursor, in: text) {
            try match(path, from: first, member, in: text, &found)
        }
    }

    /// The next member of an object that was scanned before, so that no error is left.
    private static func nextMember(_ cursor: inout JSONCursor, in text: Span<UInt8>) -> Member? {
        guard let key = try? cursor.nextKey(in: text), let value = try? cursor.skipValue(in: text)
        else { return nil }
        return Member(key.range, value)
    }

    private static func match(
        _ path: ParameterPath, from first: Int, _ member: Member, in text: Span<UInt8>,
        _ found: inout Range<Int>?
    ) throws(PricingError) {
        let end = first + member.keyCount
        let isWhole = end == path.key.count
        guard isWhole || end < path.key.count && path.key[end] == UInt8(ascii: ".") else { return }
        let shift = Int(member.keyStart) - first
        for index in first..<end {
            guard path.key[index] == text[index + shift] else { return }
        }
        guard !isWhole else {
            guard found == nil else { throw .ambiguousField(path.field) }
            found = member.value
            return
        }
        var cursor = JSONCursor(at: Int(member.valueStart))
        guard (try? cursor.beginObject(in: text)) != nil else { return }
        try search(path, from: end + 1, cursor, in: text, &found)
    }
}
