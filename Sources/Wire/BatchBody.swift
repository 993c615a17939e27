internal import JSON

/// Finds the charges in the body of a batch.
public enum BatchBody: Sendable {
    private enum Field: String, CaseIterable {
        case charges
    }

    private static let fields = FieldTable<Field>()

    /// Where the elements of `{"charges":[...]}` stand; the whole body is checked to be JSON.
    public static func items(
        of body: Span<UInt8>, limits: APILimits
    ) throws(Problem) -> [Range<Int>] {
        do throws(Problem) {
            guard let items = try find(in: body) else {
                throw .missingField(Field.charges.rawValue)
            }
            try check(items.count, limits)
            return items
        } catch {
            // What is not JSON as a whole is told first, wherever the fault stands.
            try scan { () throws(JSONError) in try JSONCursor.check(body) }
            throw error
        }
    }

    private static func find(in body: Span<UInt8>) throws(Problem) -> [Range<Int>]? {
        var cursor = JSONCursor()
        var seen = FieldSet()
        var items: [Range<Int>]?
        guard try scan({ () throws(JSONError) in try cursor.kind(in: body) }) == .object else {
            throw Problem(.invalidRequest, "the body is a JSON object")
        }
        try scan { () throws(JSONError) in try cursor.beginObject(in: body) }
        while let key = try scan({ () throws(JSONError) in try cursor.nextKey(in: body) }) {
            let known = try scan { () throws(JSONError) in
                try fields.field(key, in: body, seen: &seen)
            }
            guard known != nil else { throw .unknownField(body, key) }
            items = try scan { () throws(JSONError) in try elements(of: body, at: &cursor) }
        }
        try scan { () throws(JSONError) in try cursor.end(in: body) }
        return items
    }

    private static func elements(
        of body: Span<UInt8>, at cursor: inout JSONCursor
    ) throws(JSONError) -> [Range<Int>] {
        var found: [Range<Int>] = []
        try cursor.beginArray(in: body)
        while try cursor.nextElement(in: body) {
            found.append(try cursor.skipValue(in: body))
        }
        return found
    }

    private static func scan<Value>(
        _ read: () throws(JSONError) -> Value
    ) throws(Problem) -> Value {
        do throws(JSONError) {
            return try read()
        } catch {
            throw Problem(.json(error), field: Field.charges.rawValue)
        }
    }

    /// Where the lines of an NDJSON body stand that are not blank.
    public static func lines(
        of body: Span<UInt8>, limits: APILimits
    ) throws(Problem) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var first = 0
        for index in 0...body.count where index == body.count || body[index] == 0x0A {
            if !isBlank(body.extracting(first..<index)) { lines.append(first..<index) }
            first = index + 1
        }
        try check(lines.count, limits)
        return lines
    }

    private static func isBlank(_ line: Span<UInt8>) -> Bool {
        for index in line.indices where line[index] != 0x20 && line[index] != 0x0D { return false }
        return true
    }

    private static func check(_ count: Int, _ limits: APILimits) throws(Problem) {
        guard 1...limits.batchItemsMax ~= count else {
            throw Problem(
                .invalidField, "a batch has 1 to \(limits.batchItemsMax) charges",
                field: Field.charges.rawValue)
        }
    }
}
