import Credit
import TestKit
import Testing

@testable import Store

struct TextColumnTests {
    @Test(arguments: UInt64(1)...300)
    func `texts survive, repeated or not`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let pool = (0..<1 + random.skewed(below: 30)).map { _ in
            random.bytes(random.skewed(below: 24))
        }
        let texts = (0..<random.skewed(below: 60)).map { _ in random.pick(pool) }
        var source: [UInt8] = []
        let ranges = texts.map { source.appending($0.span) }
        var column = TextColumn()
        for mayRepeat in [false, true, true] {
            var bytes: [UInt8] = []
            column.append(
                ranges, 0..<ranges.count, of: source, mayRepeat: mayRepeat, to: &bytes)
            var reader = ByteReader()
            var read: [UInt8] = []
            let found = try reader.texts(texts.count, in: bytes.span, to: &read)
            #expect(found.map { [UInt8](read[$0.indices]) } == texts)
            #expect(reader.offset == bytes.count)
            var skipper = ByteReader()
            _ = try skipper.storedTexts(texts.count, in: bytes.span)
            #expect(skipper.offset == bytes.count)
        }
    }

    @Test(arguments: [
        "", "{}", #"{"a":1}"#, #"{"a":0,"b":[1,22,333],"c":-5}"#, #"{"n":999999999999999999}"#,
        #"{"n":1000000000000000000,"m":18446744073709551615}"#, #"{"x":1.5,"y":0.001,"z":12}"#,
        #"{"s":"12","t":"a\"7\\","u":7}"#, #"{"k1":1,"k2":{"k3":3}}"#,
        #"[1,2,3,4,5,6,7,8,9,10,11,12]"#, #"{"q":-12.75,"r":0}"#, #"{"e":1e5,"f":2.5e-07}"#,
        #"{"é":"漢字 9","n":4}"#,
    ])
    func `parameters survive alone and among others`(text: String) throws {
        let objects = [text, #"{"a":7}"#, text, "", #"{"a":8,"b":9}"#]
        for objects in [[text], objects, objects.reversed()] {
            #expect(try Self.roundTrip(objects) == objects)
        }
    }

    @Test(arguments: UInt64(1)...200)
    func `random objects survive`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let shapes = (0..<1 + random.below(4)).map { _ in 1 + random.below(10) }
        let objects = (0..<random.skewed(below: 40)).map { _ in
            let fields = (0..<random.pick(shapes)).map { place in
                "\"p\(place)\":\(random.next() >> UInt64(random.below(64)))"
            }
            return "{\(fields.joined(separator: ","))}"
        }
        #expect(try Self.roundTrip(objects) == objects)
    }

    @Test(arguments: UInt64(1)...200)
    func `strings with quotes, backslashes and digits survive at any place`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let pieces = ["a", "7", "12", "\\\"", "\\\\", "x,y", "{", "é", "\\n"]
        let objects = (0..<random.skewed(below: 20)).map { _ in
            let strings = (0..<1 + random.below(4)).map { _ in
                let text = (0..<random.below(14)).map { _ in random.pick(pieces) }
                return "\"\(text.joined())\":\(random.below(1000))"
            }
            return "{\(strings.joined(separator: ","))}"
        }
        #expect(try Self.roundTrip(objects) == objects)
    }

    private static func roundTrip(_ objects: [String]) throws -> [String] {
        var source: [UInt8] = [0x7B]
        let ranges = objects.map { source.appending($0.utf8.span) }
        var column = ParametersColumn()
        var bytes: [UInt8] = []
        column.append([.empty] + ranges, 1..<ranges.count + 1, of: source, to: &bytes)
        var reader = ByteReader()
        var read: [UInt8] = [9, 9]
        let found = try reader.parameters(objects.count, in: bytes.span, to: &read)
        #expect(reader.offset == bytes.count)
        return found.map { String(decoding: read[$0.indices], as: UTF8.self) }
    }
}
