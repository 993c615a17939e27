internal import Credit
internal import JSON

/// Readers of values that many bodies share; none of them makes a String.
extension JSONCursor {
    /// Calls the scanner and says that an error of it is one of the value.
    @inline(__always)
    mutating func scan<Value>(
        _ read: (inout JSONCursor) throws(JSONError) -> Value
    ) throws(ValueError) -> Value {
        do throws(JSONError) {
            return try read(&self)
        } catch {
            throw .json(error)
        }
    }

    /// The bytes of a string, unescaped, at the end of `output`.
    mutating func bytes(
        in text: Span<UInt8>, to output: inout [UInt8]
    ) throws(ValueError) -> ByteRange {
        let string = try scan { (cursor) throws(JSONError) in try cursor.string(in: text) }
        let start = output.count
        output.append(unescaped: string, of: text)
        return ByteRange(start: start, count: output.count - start)
    }

    /// A name (``Name``) at the end of `output`.
    mutating func name(
        in text: Span<UInt8>, to output: inout [UInt8]
    ) throws(ValueError) -> ByteRange {
        let range = try bytes(in: text, to: &output)
        do throws(Name.Invalid) {
            try Name.check(output.span.extracting(range.indices))
        } catch {
            throw .invalid("a name is 1 to 64 of A-Z a-z 0-9 . _ : -")
        }
        return range
    }

    /// Visible ASCII of at most `limit` bytes at the end of `output`.
    mutating func visibleText(
        in text: Span<UInt8>, limit: Int, to output: inout [UInt8]
    ) throws(ValueError) -> ByteRange {
        let range = try bytes(in: text, to: &output)
        guard 1...limit ~= range.indices.count,
            output[range.indices].allSatisfy({ 0x21...0x7E ~= $0 })
        else { throw .invalid("it takes 1 to \(limit) visible ASCII characters") }
        return range
    }

    /// An exact amount of credits.
    mutating func amount(in text: Span<UInt8>) throws(ValueError) -> Credits {
        let kind = try scan { (cursor) throws(JSONError) in try cursor.kind(in: text) }
        guard kind == .number else {
            try scan { (cursor) throws(JSONError) in _ = try cursor.skipValue(in: text) }
            throw .notAnAmount
        }
        let number = try scan { (cursor) throws(JSONError) in try cursor.number(in: text) }
        do throws(Credits.InvalidText) {
            return try Credits(decimal: text.extracting(number.range))
        } catch {
            switch error {
            case .notANumber, .notAnAmount: throw .notAnAmount
            case .outOfRange: throw .amountTooLarge
            }
        }
    }

    /// An amount of zero or more.
    mutating func price(in text: Span<UInt8>) throws(ValueError) -> Credits {
        let amount = try amount(in: text)
        guard amount >= .zero else { throw .amountOutOfRange("the amount is 0 or more") }
        return amount
    }

    /// A whole number of 0 to below `limit`.
    mutating func count(in text: Span<UInt8>, limit: Int64) throws(ValueError) -> Int64 {
        let value: Int64 = try scan { (cursor) throws(JSONError) in try cursor.integer(in: text) }
        guard value >= 0, value < limit else {
            throw .invalid("it takes a whole number of 0 to \(limit - 1)")
        }
        return value
    }

    /// An RFC 3339 date-time.
    mutating func instant(in text: Span<UInt8>) throws(ValueError) -> Instant {
        let string = try scan { (cursor) throws(JSONError) in try cursor.string(in: text) }
        guard !string.hasEscapes else { throw .notATime }
        do throws(Instant.InvalidText) {
            return try Instant(rfc3339: text.extracting(string.range))
        } catch {
            throw .notATime
        }
    }

    mutating func flag(in text: Span<UInt8>) throws(ValueError) -> Bool {
        try scan { (cursor) throws(JSONError) in try cursor.bool(in: text) }
    }

    /// Passes over `null`; false when something else comes next.
    mutating func skipNull(in text: Span<UInt8>) throws(ValueError) -> Bool {
        let kind = try scan { (cursor) throws(JSONError) in try cursor.kind(in: text) }
        guard kind == .null else { return false }
        try scan { (cursor) throws(JSONError) in try cursor.null(in: text) }
        return true
    }
}
