import Credit
import Testing

@testable import Store

@Suite struct TextPoolTests {
    @Test(arguments: [
        "", "a", "run-1", "run-01", "0", "a0", "12 monkeys 7", "9223372036854775807123", "x\u{1}5",
        "\u{1}", "träge-77-ü",
    ])
    func givesTextsBack(text: String) {
        var pool = TextPool()
        _ = pool.code(of: "run-5".utf8.span)
        let code = pool.code(of: text.utf8.span)
        #expect(pool.bytes(code) == Array(text.utf8))
        #expect(pool.code(of: text.utf8.span) == code)
        #expect((code == .empty) == text.isEmpty)
    }

    @Test func textsOfOneShapeDifferByTheirIntegers() {
        var pool = TextPool()
        let codes = (0..<100).map { pool.code(of: "run-\($0)".utf8.span) }
        #expect(Set(codes.map(\.shape)).count == 1)
        #expect(Set(codes.map(\.value)).count == 100)
        // What is kept as it is never equals what is filled in.
        #expect(pool.literal("run-\u{1}".utf8.span) != pool.code(of: "run-0".utf8.span))
        #expect(pool.bytes(pool.literal("run-\u{1}".utf8.span)) == Array("run-\u{1}".utf8))
    }

    /// A column of codes is the column of their texts, byte by byte.
    @Test(arguments: [1, 5, 64, 700], [1, 3, 400])
    func writesWhatTextColumnsAre(count: Int, distinct: Int) {
        var pool = TextPool()
        var known = TextColumn()
        var coded = CodeColumn()
        let texts = (0..<count).map { $0 % 7 == 3 ? "" : "name-\($0 * 31 % distinct)-with a tail" }
        var source: [UInt8] = []
        let ranges = texts.map { source.appending($0.utf8.span) }
        var expected: [UInt8] = []
        known.append(ranges, ranges.indices, of: source, to: &expected)
        var written: [UInt8] = []
        coded.append(texts.map { pool.code(of: $0.utf8.span) }, of: pool, to: &written)
        #expect(written == expected)
    }
}
