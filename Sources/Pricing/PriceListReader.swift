internal import Credit
internal import JSON

/// Pulls the fields of a price list out of its JSON and knows at which field it stands.
struct PriceListReader {
    private let text: [UInt8]
    private var cursor = JSONCursor()
    /// The parts of the current path: keys with a dot before them, and `[index]`.
    private var path: [String] = []

    /// A reader of `text`, which is one JSON value.
    init(_ text: Span<UInt8>) throws(PriceListError) {
        guard text.count <= PriceListLimits.bodyBytesMax else { throw .bodyTooLarge }
        do throws(JSONError) {
            try JSONCursor.check(text)
        } catch {
            throw .invalidJSON(error)
        }
        var copy: [UInt8] = []
        copy.append(bytes: text)
        self.text = copy
    }

    /// The path of the current field, or of the field `name` within it.
    func field(_ name: String = "") -> String {
        let whole = path.joined() + (name.isEmpty ? "" : ".\(name)")
        return String(whole.drop { $0 == "." })
    }
}

/// Objects and arrays: what is entered becomes part of the path, and is left by what comes next.
extension PriceListReader {
    mutating func object<Field>(
        _ table: FieldTable<Field>, _ read: (inout Self, Field) throws(PriceListError) -> Void
    ) throws(PriceListError) {
        try scan("an object") { (cursor, text) throws(JSONError) in
            try cursor.beginObject(in: text)
        }
        var seen = FieldSet()
        while let key = try nextKey() {
            let field = try scan { (_, text) throws(JSONError) in
                try table.field(key.string, in: text, seen: &seen)
            }
            guard let field else { throw .unknownField(self.field()) }
            try read(&self, field)
            path.removeLast()
        }
    }

    /// Reads the members of an object whose keys are the vendor's own.
    mutating func members(
        _ read: (inout Self, String) throws(PriceListError) -> Void
    ) throws(PriceListError) {
        try scan("an object") { (cursor, text) throws(JSONError) in
            try cursor.beginObject(in: text)
        }
        while let key = try nextKey() {
            try read(&self, key.text)
            path.removeLast()
        }
    }

    /// Reads the elements of an array of at most `countMax`.
    mutating func elements(
        countMax: Int, _ read: (inout Self) throws(PriceListError) -> Void
    ) throws(PriceListError) {
        try scan("a list") { (cursor, text) throws(JSONError) in try cursor.beginArray(in: text) }
        var count = 0
        while try next() {
            guard count < countMax else {
                throw .invalidField(field(), "it has at most \(countMax) elements")
            }
            path.append("[\(count)]")
            try read(&self)
            path.removeLast()
            count += 1
        }
    }

    private mutating func next() throws(PriceListError) -> Bool {
        try scan { (cursor, text) throws(JSONError) in try cursor.nextElement(in: text) }
    }

    /// The next key of an object; it becomes part of the path.
    private mutating func nextKey() throws(PriceListError) -> (string: JSONString, text: String)? {
        let key = try scan { (cursor, text) throws(JSONError) in try cursor.nextKey(in: text) }
        guard let key else { return nil }
        let name = unescaped(key)
        path.append(".\(name.prefix(PriceListLimits.pathBytesMax))")
        return (key, name)
    }

    private func unescaped(_ string: JSONString) -> String {
        var bytes: [UInt8] = []
        bytes.append(unescaped: string, of: text.span)
        return String(bytes.span)
    }

    /// Calls the scanner; what is good JSON but not what was asked for is an invalid field.
    private mutating func scan<Value>(
        _ expected: String = "something else",
        _ read: (inout JSONCursor, Span<UInt8>) throws(JSONError) -> Value
    ) throws(PriceListError) -> Value {
        var place = cursor
        defer { cursor = place }
        do throws(JSONError) {
            return try read(&place, text.span)
        } catch {
            throw error.isMismatch
                ? .invalidField(field(), "it is \(expected)") : .invalidJSON(error)
        }
    }
}

/// Values of the current field.
extension PriceListReader {
    mutating func kind() throws(PriceListError) -> JSONKind {
        try scan { (cursor, text) throws(JSONError) in try cursor.kind(in: text) }
    }

    mutating func bool() throws(PriceListError) -> Bool {
        try scan("true or false") { (cursor, text) throws(JSONError) in
            try cursor.bool(in: text)
        }
    }

    mutating func string() throws(PriceListError) -> String {
        let string = try scan("a string") { (cursor, text) throws(JSONError) in
            try cursor.string(in: text)
        }
        return unescaped(string)
    }

    /// One of the words of `Word`.
    mutating func word<Word: RawRepresentable<String> & CaseIterable>(
        _ type: Word.Type
    ) throws(PriceListError) -> Word {
        guard let word = Word(rawValue: try string()) else {
            let words = Word.allCases.map(\.rawValue)
            throw .invalidField(field(), "it is one of \(words.joined(separator: ", "))")
        }
        return word
    }

    /// True when the value is the string `word`, which is then read.
    mutating func take(word: String) throws(PriceListError) -> Bool {
        guard try kind() == .string else { return false }
        let start = cursor
        if try string() == word { return true }
        cursor = start
        return false
    }

    /// A whole number of `least` to 10^12.
    mutating func count(from least: UInt64) throws(PriceListError) -> UInt64 {
        let expected = "a whole number from \(least) to 10^12"
        let count: UInt64 = try scan(expected) { (cursor, text) throws(JSONError) in
            try cursor.integer(in: text)
        }
        guard count >= least, UInt128(count) <= ExactDecimal.wholeMax else {
            throw .invalidField(field(), "it is \(expected)")
        }
        return count
    }

    mutating func name() throws(PriceListError) -> Name {
        let text = try string()
        do throws(Name.Invalid) {
            return try Name(text)
        } catch {
            throw .invalidField(
                field(), "a name has 1 to \(Name.bytesMax) of A-Z a-z 0-9 . _ : -")
        }
    }

    /// The dotted path of a parameter.
    mutating func parameterPath() throws(PriceListError) -> ParameterPath {
        guard let path = ParameterPath(try string()) else {
            throw .invalidField(field(), ParameterPath.rule)
        }
        return path
    }

    /// True when the value is `null`, which is then read.
    mutating func isNull() throws(PriceListError) -> Bool {
        guard try kind() == .null else { return false }
        try scan { (cursor, text) throws(JSONError) in try cursor.null(in: text) }
        return true
    }

    mutating func instant() throws(PriceListError) -> Instant {
        let text = try string()
        do throws(Instant.InvalidText) {
            return try Instant(rfc3339: text.utf8.span)
        } catch {
            throw .invalidField(field(), "it is a time such as 2026-11-01T00:00:00Z")
        }
    }

    /// A price, in credits or in USD.
    mutating func price() throws(PriceListError) -> ExactDecimal {
        guard let range = try decimal() else {
            throw .invalidAmount(field(), PriceListError.price)
        }
        do throws(ExactDecimal.Invalid) {
            let decimalsMax = PriceListLimits.priceDecimalsMax
            return try ExactDecimal(text.span, range, decimalsMax: decimalsMax)
        } catch {
            switch error {
            case .notPlain: throw .invalidAmount(field(), PriceListError.price)
            case .outOfRange: throw .amountOutOfRange(field(), PriceListError.price)
            }
        }
    }

    /// A number of units, perhaps with decimals.
    mutating func quantity() throws(PriceListError) -> ExactDecimal {
        let decimalsMax = PriceListLimits.quantityDecimalsMax
        let rule = "it is a number from 0 to 10^12 with at most \(decimalsMax) decimals"
        guard let range = try decimal() else { throw .invalidField(field(), rule) }
        do throws(ExactDecimal.Invalid) {
            return try ExactDecimal(text.span, range, decimalsMax: decimalsMax)
        } catch {
            throw .invalidField(field(), rule)
        }
    }

    /// What a price is multiplied by.
    mutating func factor() throws(PriceListError) -> ExactDecimal {
        let rule =
            "a factor is a number from 0 to \(PriceListLimits.factorMax) with at most "
            + "\(PriceListLimits.factorDecimalsMax) decimals"
        guard let range = try decimal() else { throw .invalidField(field(), rule) }
        do throws(ExactDecimal.Invalid) {
            return try ExactDecimal(factor: text.span, range)
        } catch {
            throw .invalidField(field(), rule)
        }
    }

    /// Where a decimal stands, a JSON number or a string that is one; nil for anything else.
    ///
    /// Strings are for those whose JSON writes small numbers with an exponent.
    private mutating func decimal() throws(PriceListError) -> Range<Int>? {
        let kind = try kind()
        guard kind == .number || kind == .string else { return nil }
        return try scan { (cursor, text) throws(JSONError) in
            guard kind == .string else { return try cursor.number(in: text).range }
            let range = try cursor.string(in: text).range
            var inner = JSONCursor(at: range.lowerBound)
            return (try? inner.number(in: text).range) == range ? range : nil
        }
    }

    /// Credits of 0 or more, written as a number or as a string.
    mutating func credits() throws(PriceListError) -> Credits {
        let rule =
            "it is an amount of credits from 0 to 10^12 with at most 6 decimals and no exponent"
        let range = try scan { (cursor, text) throws(JSONError) in
            try cursor.kind(in: text) == .string
                ? cursor.string(in: text).range : cursor.number(in: text).range
        }
        do throws(Credits.InvalidText) {
            let credits = try Credits(decimal: text.span.extracting(range))
            guard credits >= .zero else { throw .notAnAmount }
            return credits
        } catch {
            switch error {
            case .notANumber, .notAnAmount: throw .invalidAmount(field(), rule)
            case .outOfRange: throw .amountOutOfRange(field(), rule)
            }
        }
    }

    /// A string, number or truth value, in canonical JSON.
    mutating func scalar() throws(PriceListError) -> [UInt8] {
        switch try kind() {
        case .string, .number, .bool: break
        case .object, .array, .null:
            throw .invalidField(field(), "it is a string, a number or a truth value")
        }
        var bytes: [UInt8] = []
        try scan { (cursor, text) throws(JSONError) in
            var canonical = CanonicalJSON()
            try canonical.append(text, at: &cursor, to: &bytes)
        }
        guard bytes.count <= PriceListLimits.valueBytesMax else {
            throw .invalidField(
                field(), "a value has at most \(PriceListLimits.valueBytesMax) bytes")
        }
        return bytes
    }
}
