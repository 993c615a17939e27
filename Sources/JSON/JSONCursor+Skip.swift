extension JSONCursor {
    /// Passes over the next value, checks all of it, and tells where it stands.
    @discardableResult
    public mutating func skipValue(in text: Span<UInt8>) throws(JSONError) -> Range<Int> {
        let kind = try kind(in: text)
        let first = offset
        var members = MemberStack()
        try skip(kind, in: text, &members)
        return first..<offset
    }

    /// Throws unless `text` is one JSON value, with nothing but white space around it.
    public static func check(_ text: Span<UInt8>) throws(JSONError) {
        var cursor = Self()
        try cursor.skipValue(in: text)
        try cursor.end(in: text)
    }

    private mutating func skip(
        _ kind: JSONKind, in text: Span<UInt8>, _ members: inout MemberStack
    ) throws(JSONError) {
        switch kind {
        case .object: try skipObject(in: text, &members)
        case .array: try skipArray(in: text, &members)
        case .string: _ = try readString(in: text)
        case .number: _ = try readNumber(in: text)
        case .bool: _ = try readBool(in: text)
        case .null: try readNull(in: text)
        }
    }

    private mutating func skipArray(
        in text: Span<UInt8>, _ members: inout MemberStack
    ) throws(JSONError) {
        try enter()
        while try nextElement(in: text) { try skip(kind(in: text), in: text, &members) }
    }

    private mutating func skipObject(
        in text: Span<UInt8>, _ members: inout MemberStack
    ) throws(JSONError) {
        try enter()
        let base = members.members.count
        var isSorted = true
        while let key = try nextKey(in: text) {
            isSorted = try members.isSorted(with: key, from: base, isSorted: isSorted, in: text)
            members.push(Member(key: key, output: 0..<0))
            try skip(kind(in: text), in: text, &members)
        }
        if !isSorted { try members.sort(from: base, in: text) }
        members.pop(to: base)
    }
}
