internal import Credit
internal import JSON

/// Reads the bodies of rare requests; the whole text is checked before any field is looked at.
struct BodyReader: Sendable {
    let limits: APILimits
    private let text: [UInt8]
    private var cursor = JSONCursor()

    /// A reader of `body`, which is one JSON value.
    init(_ body: [UInt8], limits: APILimits) throws(Problem) {
        do throws(JSONError) {
            try JSONCursor.check(body.span)
        } catch {
            throw Problem(error)
        }
        text = body
        self.limits = limits
    }

    /// Reads an object field by field and throws when one of `required` is missing.
    mutating func object<Field: Hashable>(
        _ table: FieldTable<Field>, required: [Field] = [],
        _ read: (inout Self, Field) throws(ValueError) -> Void
    ) throws(Problem) {
        var seen = FieldSet()
        var found: Set<Field> = []
        guard try scan({ (cursor, text) throws(JSONError) in try cursor.kind(in: text) }) == .object
        else { throw Problem(.invalidRequest, "the body is a JSON object") }
        try scan { (cursor, text) throws(JSONError) in try cursor.beginObject(in: text) }
        while let key = try scan({ (cursor, text) throws(JSONError) in
            try cursor.nextKey(in: text)
        }) {
            let known = try scan { (_, text) throws(JSONError) in
                try table.field(key, in: text, seen: &seen)
            }
            guard let field = known else { throw .unknownField(text.span, key) }
            do throws(ValueError) {
                try read(&self, field)
            } catch {
                throw Problem(error, field: field.rawValue)
            }
            found.insert(field)
        }
        for field in required where !found.contains(field) {
            throw .missingField(field.rawValue)
        }
    }

    private mutating func scan<Value>(
        _ read: (inout JSONCursor, Span<UInt8>) throws(JSONError) -> Value
    ) throws(Problem) -> Value {
        var place = cursor
        defer { cursor = place }
        do throws(JSONError) {
            return try read(&place, text.span)
        } catch {
            throw Problem(error)
        }
    }

    /// Reads on from where the reader stands.
    private mutating func take<Value>(
        _ read: (inout JSONCursor, Span<UInt8>) throws(ValueError) -> Value
    ) throws(ValueError) -> Value {
        var place = cursor
        defer { cursor = place }
        return try read(&place, text.span)
    }

    /// Reads on by what the scanner does.
    private mutating func scanValue<Value>(
        _ read: (inout JSONCursor, Span<UInt8>) throws(JSONError) -> Value
    ) throws(ValueError) -> Value {
        try take { (cursor, text) throws(ValueError) in
            try cursor.scan { (cursor) throws(JSONError) in try read(&cursor, text) }
        }
    }
}

/// Values of the current field.
extension BodyReader {
    mutating func isNull() throws(ValueError) -> Bool {
        try take { (cursor, text) throws(ValueError) in try cursor.skipNull(in: text) }
    }

    mutating func amount() throws(ValueError) -> Credits {
        try take { (cursor, text) throws(ValueError) in try cursor.amount(in: text) }
    }

    mutating func instant() throws(ValueError) -> Instant {
        try take { (cursor, text) throws(ValueError) in try cursor.instant(in: text) }
    }

    /// When something happened that the vendor tells of.
    mutating func occurrence(
        at now: Instant, of field: StaticString
    ) throws(ValueError) -> Instant {
        let time = try instant()
        try limits.check(occurrence: time, at: now, of: field)
        return time
    }

    mutating func count(below limit: Int64) throws(ValueError) -> Int64 {
        try take { (cursor, text) throws(ValueError) in try cursor.count(in: text, limit: limit) }
    }

    mutating func name() throws(ValueError) -> Name {
        let bytes = try take { (cursor, text) throws(ValueError) in
            var bytes: [UInt8] = []
            _ = try cursor.name(in: text, to: &bytes)
            return bytes
        }
        do throws(Name.Invalid) {
            return try Name(bytes: bytes.span)
        } catch {
            throw .invalid("a name is 1 to 64 of A-Z a-z 0-9 . _ : -")
        }
    }

    /// One of the words of `Word`.
    mutating func word<Word: RawRepresentable<String> & CaseIterable>(
        _ type: Word.Type
    ) throws(ValueError) -> Word {
        guard let word = Word(rawValue: try string()) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("it is one of \(words)")
        }
        return word
    }

    /// Any string.
    mutating func string() throws(ValueError) -> String {
        try take { (cursor, text) throws(ValueError) in
            var bytes: [UInt8] = []
            _ = try cursor.bytes(in: text, to: &bytes)
            return String(bytes.span)
        }
    }

    /// A text for people: 1 to ``APILimits/textBytesMax`` bytes without control characters.
    mutating func freeText() throws(ValueError) -> String {
        let text = try string()
        guard 1...limits.textBytesMax ~= text.utf8.count,
            text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else {
            throw .invalid(
                "it takes 1 to \(limits.textBytesMax) bytes without control characters")
        }
        return text
    }

    /// A list of at most `countMax` strings.
    mutating func strings(countMax: Int) throws(ValueError) -> [String] {
        try items(countMax: countMax) { (reader) throws(ValueError) in try reader.string() }
    }

    /// A list of at most `countMax` items, each read by `read`.
    mutating func items<Item>(
        countMax: Int, _ read: (inout Self) throws(ValueError) -> Item
    ) throws(ValueError) -> [Item] {
        try scanValue { (cursor, text) throws(JSONError) in try cursor.beginArray(in: text) }
        var items: [Item] = []
        while try scanValue({ (cursor, text) throws(JSONError) in
            try cursor.nextElement(in: text)
        }) {
            guard items.count < countMax else {
                throw .invalid("it takes at most \(countMax) items")
            }
            items.append(try read(&self))
        }
        return items
    }

    /// An object of a few strings, as canonical JSON; empty when it has none.
    mutating func metadata() throws(ValueError) -> [UInt8] {
        let limits = limits
        return try take { (cursor, text) throws(ValueError) in
            try Metadata(limits: limits).check(cursor, in: text)
            return try cursor.scan { (cursor) throws(JSONError) in
                var canonical = CanonicalJSON()
                var bytes: [UInt8] = []
                try canonical.append(text, at: &cursor, to: &bytes)
                return bytes.count > 2 ? bytes : []
            }
        }
    }

    /// Reads an object within the body.
    mutating func members<Field: Hashable>(
        _ table: FieldTable<Field>, _ read: (inout Self, Field) throws(ValueError) -> Void
    ) throws(ValueError) {
        try scanValue { (cursor, text) throws(JSONError) in try cursor.beginObject(in: text) }
        var seen = FieldSet()
        while let key = try scanValue({ (cursor, text) throws(JSONError) in
            try cursor.nextKey(in: text)
        }) {
            let known = try scanValue { (_, text) throws(JSONError) in
                try table.field(key, in: text, seen: &seen)
            }
            guard let field = known else { throw .invalid("it has an unknown field") }
            try read(&self, field)
        }
    }
}
