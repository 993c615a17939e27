import Credit
import JSON
import Testing

struct WriterTests {
    @Test func `writes every kind of value with its commas`() throws {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("text", "a\"b\\c\n\u{1}é")
        writer.member("credits", Credits(micros: -400_000))
        writer.member("count", Int64.min)
        writer.member("total", UInt64.max)
        writer.member("ok", true)
        writer.member("at", Instant.epoch)
        writer.member("id", EntryID(rawValue: 1))
        writer.member("account", try Name("acme"))
        writer.member("none", Credits?.none)
        writer.key("list")
        writer.beginArray()
        writer.value(1)
        writer.beginArray()
        writer.endArray()
        writer.beginObject()
        writer.endObject()
        writer.null()
        writer.value(json: "[1,2]".utf8.span)
        writer.value(string: "x/y".utf8.span)
        writer.endArray()
        writer.key(bytes: "a\"key".utf8.span)
        writer.value(false)
        writer.endObject()
        let expected = #"""
            {"text":"a\"b\\c\n\u0001é","credits":-0.4,"count":-9223372036854775808,\#
            "total":18446744073709551615,"ok":true,"at":"1970-01-01T00:00:00Z",\#
            "id":"ent_00000000000000000000000001","account":"acme","none":null,\#
            "list":[1,[],{},null,[1,2],"x/y"],"a\"key":false}
            """#
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
        try JSONCursor.check(writer.bytes.span)
    }

    @Test func `starts again with an empty text`() {
        var writer = JSONWriter()
        writer.value(1)
        writer.reset()
        writer.value(2)
        #expect(writer.bytes == Array("2".utf8))
    }

    @Test func `escapes what must be and nothing else`() {
        for byte in UInt8(0)...0x7F {
            var json: [UInt8] = []
            json.append(jsonString: [byte].span)
            let mustEscape = byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
            #expect((json.count > 3) == mustEscape, "byte \(byte)")
        }
    }
}
