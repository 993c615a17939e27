import Credit
import JSON
import Testing

struct CursorTests {
    private enum Field: String, CaseIterable {
        case account
        case amount
        case customerKey = "customer_key"
        case customerName = "customer_name"
        case tags
    }

    private static let fields = FieldTable<Field>()

    @Test func `pulls the values of an object one after the other`() throws {
        let text = #" {"account":"a\u0063me" , "amount":12.5,"tags":[true,null,{"x":[]},-7]} "#
        let span = text.utf8.span
        var cursor = JSONCursor()
        var seen = FieldSet()
        var account: [UInt8] = []
        var amount: Credits?
        var tags: [JSONKind] = []
        try cursor.beginObject(in: span)
        while let key = try cursor.nextKey(in: span) {
            switch try Self.fields.field(key, in: span, seen: &seen) {
            case .account: account.append(unescaped: try cursor.string(in: span), of: span)
            case .amount:
                amount = try Credits(decimal: span.extracting(cursor.number(in: span).range))
            case .tags:
                try cursor.beginArray(in: span)
                while try cursor.nextElement(in: span) {
                    tags.append(try cursor.kind(in: span))
                    try cursor.skipValue(in: span)
                }
            case .customerKey, .customerName, nil: Issue.record("no such field in the text")
            }
        }
        try cursor.end(in: span)
        #expect(account == Array("acme".utf8))
        #expect(amount == Credits(micros: 12_500_000))
        #expect(tags == [.bool, .null, .object, .number])
    }

    @Test(arguments: [
        ("account", Field.account), ("customer_key", .customerKey),
        ("customer_name", .customerName),
        (#"\u0061ccount"#, .account), (#"customer\u005fkey"#, .customerKey), ("tags", .tags),
        ("", nil), ("accoun", nil), ("accounts", nil), ("Account", nil), ("customer_kez", nil),
        ("customer", nil), (#"account\u0000"#, nil), ("tag", nil),
    ])
    private func `finds a field by its exact bytes`(key: String, field: Field?) throws {
        let text = "{\"\(key)\":1}"
        var cursor = JSONCursor()
        var seen = FieldSet()
        try cursor.beginObject(in: text.utf8.span)
        let name = try #require(try cursor.nextKey(in: text.utf8.span))
        #expect(try Self.fields.field(name, in: text.utf8.span, seen: &seen) == field)
    }

    @Test func `a field named twice is a duplicate`() throws {
        let text = #"{"amount":1,"\u0061mount":1}"#
        var cursor = JSONCursor()
        var seen = FieldSet()
        try cursor.beginObject(in: text.utf8.span)
        let first = try #require(try cursor.nextKey(in: text.utf8.span))
        #expect(try Self.fields.field(first, in: text.utf8.span, seen: &seen) == .amount)
        try cursor.skipValue(in: text.utf8.span)
        let second = try #require(try cursor.nextKey(in: text.utf8.span))
        #expect(throws: JSONError(.duplicateKey, at: 13)) {
            try Self.fields.field(second, in: text.utf8.span, seen: &seen)
        }
    }

    @Test(arguments: [
        ("0", Int64(0)), ("-7", -7), ("9223372036854775807", .max), ("-9223372036854775808", .min),
    ])
    func `reads integers exactly`(text: String, value: Int64) throws {
        var cursor = JSONCursor()
        #expect(try cursor.integer(in: text.utf8.span) == value)
        try cursor.end(in: text.utf8.span)
    }

    @Test(arguments: [
        ("5.0", JSONError.Reason.notAnInteger), ("5e0", .notAnInteger), ("-0", .notAnInteger),
        ("9223372036854775808", .outOfRange), ("-9223372036854775809", .outOfRange),
        ("99999999999999999999999999", .outOfRange), ("\"5\"", .unexpectedKind),
        ("true", .unexpectedKind), ("null", .unexpectedKind), ("[5]", .unexpectedKind),
        ("x", .unexpectedByte), ("", .unexpectedEnd),
    ])
    func `refuses what is no integer`(text: String, reason: JSONError.Reason) {
        var cursor = JSONCursor()
        let error = #expect(throws: JSONError.self) {
            try cursor.integer(as: Int64.self, in: text.utf8.span)
        }
        #expect(error?.reason == reason)
        #expect(error?.isMismatch == (reason != .unexpectedByte && reason != .unexpectedEnd))
    }

    @Test func `unsigned integers are never negative`() throws {
        var cursor = JSONCursor()
        #expect(try cursor.integer(in: "18446744073709551615".utf8.span) == UInt64.max)
        for text in ["-1", "18446744073709551616"] {
            cursor = JSONCursor()
            #expect(throws: JSONError(.outOfRange, at: 0)) {
                try cursor.integer(as: UInt64.self, in: text.utf8.span)
            }
        }
    }

    @Test(arguments: [
        ("1", JSONKind.number), ("\"a\"", .string), ("true", .bool), ("null", .null),
        ("{}", .object),
        ("[]", .array),
    ])
    func `each reader takes its own kind alone`(text: String, kind: JSONKind) {
        let readers: [(JSONKind, (inout JSONCursor) throws(JSONError) -> Void)] = [
            (.number, { (cursor) throws(JSONError) in _ = try cursor.number(in: text.utf8.span) }),
            (.string, { (cursor) throws(JSONError) in _ = try cursor.string(in: text.utf8.span) }),
            (.bool, { (cursor) throws(JSONError) in _ = try cursor.bool(in: text.utf8.span) }),
            (.null, { (cursor) throws(JSONError) in try cursor.null(in: text.utf8.span) }),
            (.object, { (cursor) throws(JSONError) in try cursor.beginObject(in: text.utf8.span) }),
            (.array, { (cursor) throws(JSONError) in try cursor.beginArray(in: text.utf8.span) }),
        ]
        for (asked, read) in readers {
            var cursor = JSONCursor()
            let error: JSONError? = {
                do throws(JSONError) { try read(&cursor) } catch { return error }
                return nil
            }()
            #expect(error == (asked == kind ? nil : JSONError(.unexpectedKind, at: 0)), "\(asked)")
        }
    }
}
