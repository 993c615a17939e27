extension JSONCursor {
    /// Passes over the next value, checks all of it, and tells where it stands.
    @discardableResult
    public mutating func skipValue(in text: Span<UInt8>) throws(JSONError) -> Range<Int> {
        _ = try peek(in: text)
        let first = offset
        var members = MemberStack()
        try skip(in: text, &members)
        return first..<offset
    }

    /// Throws unless `text` is one JSON value, with nothing but white space around it.
    public static func check(_ text: Span<UInt8>) throws(JSONError) {
        var cursor = Self()
        try cursor.skipValue(in: text)
        try cursor.end(in: text)
    }

    private mutating func skip(
        in text: Span<UInt8>, _ members: inout MemberStack
    ) throws(JSONError) {
        switch try kind(in: text) {
        case .object: try skipObject(in: text, &members)
        case .array:
            try beginArray(in: text)
            while try nextElement(in: text) { try skip(in: text, &members) }
        case .string: _ = try string(in: text)
        case .number: _ = try number(in: text)
        case .bool: _ = try bool(in: text)
        case .null: try null(in: text)
        }
    }

    private mutating func skipObject(
        in text: Span<UInt8>, _ members: inout MemberStack
    ) throws(JSONError) {
        try beginObject(in: text)
        let base = members.members.count
        var isSorted = true
        while let key = try nextKey(in: text) {
            isSorted = try members.isSorted(with: key, from: base, isSorted: isSorted, in: text)
            members.push(Member(key: key, output: 0..<0))
            try skip(in: text, &members)
        }
        if !isSorted { try members.sort(from: base, in: text) }
        members.pop(to: base)
    }
}
