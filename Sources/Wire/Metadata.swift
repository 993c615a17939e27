internal import JSON

/// Reads a vendor's `metadata`: an object of a few short strings.
struct Metadata: ~Copyable {
    let limits: APILimits

    /// Throws unless the next value is such an object; `cursor` stays before it.
    func check(_ cursor: JSONCursor, in text: Span<UInt8>) throws(ValueError) {
        var probe = cursor
        try probe.scan { (cursor) throws(JSONError) in try cursor.beginObject(in: text) }
        var count = 0
        while let key = try probe.scan({ (cursor) throws(JSONError) in
            try cursor.nextKey(in: text)
        }) {
            count += 1
            guard count <= limits.metadataCountMax,
                key.isWithin(limits.metadataKeyBytesMax, in: text)
            else { throw problem }
            let kind = try probe.scan { (cursor) throws(JSONError) in try cursor.kind(in: text) }
            guard kind == .string else { throw problem }
            let value = try probe.scan { (cursor) throws(JSONError) in
                try cursor.string(in: text)
            }
            guard value.isWithin(limits.metadataValueBytesMax, in: text) else { throw problem }
        }
    }

    private var problem: ValueError {
        .invalid(
            "metadata is an object of at most \(limits.metadataCountMax) strings of at most "
                + "\(limits.metadataValueBytesMax) bytes, under keys of at most "
                + "\(limits.metadataKeyBytesMax)")
    }
}

extension JSONString {
    /// True when its bytes, unescaped, are at most `limit`.
    func isWithin(_ limit: Int, in text: Span<UInt8>) -> Bool {
        guard hasEscapes else { return range.count <= limit }
        var bytes: [UInt8] = []
        bytes.append(unescaped: self, of: text)
        return bytes.count <= limit
    }
}
