import Credit
import Testing

struct IDTests {
    @Test func `an id's text reads back and sorts as its value`() throws {
        var last = ""
        for shift in 0..<128 {
            let id = EntryID(rawValue: UInt128(1) << UInt128(shift))
            #expect(try EntryID(text: id.text.utf8.span) == id)
            #expect(id.text > last)
            last = id.text
        }
        #expect(try EntryID(text: EntryID(rawValue: .max).text.utf8.span).rawValue == .max)
    }

    @Test(arguments: 0..<32)
    func `each digit stands in each place`(digit: Int) throws {
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        for place in 0..<26 where place < 25 || digit < 8 {
            let id = EntryID(rawValue: UInt128(digit) << UInt128(5 * place))
            var text = [Character](repeating: "0", count: 26)
            text[25 - place] = alphabet[digit]
            #expect(id.text == "ent_" + String(text))
        }
    }

    @Test(arguments: [
        "", "ent_", "ent_0000000000000000000000000", "grt_00000000000000000000000000",
        "ent_80000000000000000000000000", "ent_0000000000000000000000000I",
        "ent_0000000000000000000000000a", "ent-00000000000000000000000000",
        "ent_000000000000000000000000000",
    ])
    func `refuses other text`(text: String) {
        #expect(throws: EntryID.InvalidText.self) { try EntryID(text: text.utf8.span) }
    }

    @Test(arguments: [
        Position(segment: 1, index: 0), Position(segment: 77, index: 12, partition: 3),
        Position(segment: 1 << 56 - 1, index: .max, partition: .max),
    ])
    func `an id of a position leads back to it`(position: Position) {
        let id: GrantID = position.id()
        #expect(Position(id) == position)
    }

    @Test func `an id with any one bit changed names no position`() {
        let id: EntryID = Position(segment: 77, index: 12, partition: 3).id()
        for bit in 0..<128 {
            #expect(Position(EntryID(rawValue: id.rawValue ^ UInt128(1) << UInt128(bit))) == nil)
        }
    }

    @Test func `ids sort as their positions`() {
        var last = EntryID(rawValue: 0)
        for segment in UInt64(1)...50 {
            for index in UInt32(0)..<20 {
                let id: EntryID = Position(segment: segment, index: index).id()
                #expect(id > last)
                last = id
            }
        }
    }

    @Test(arguments: ["a", "acct_1", "A-z.0:9_", String(repeating: "x", count: 64)])
    func `names are 1 to 64 of a small alphabet`(text: String) throws {
        #expect(try Name(text).text == text)
    }

    @Test(arguments: [
        ("", Name.Invalid.empty), ("a b", .badByte(at: 1)), ("é", .badByte(at: 0)),
        (String(repeating: "x", count: 65), .tooLong(bytes: 65)),
    ])
    func `other names are refused`(text: String, reason: Name.Invalid) {
        #expect(throws: reason) { try Name(text) }
    }
}
