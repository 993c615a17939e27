import TestKit
import Testing

@testable import Store

struct IntegerColumnTests {
    private static let extremes: [UInt64] = [
        0, 1, 127, 128, (1 << 56) - 1, 1 << 56, 1 << 63, .max - 1, .max,
    ]

    @Test(arguments: UInt64(1)...500)
    func `integers survive whatever their width, number and place`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let width = random.below(65)
        let mask = width == 64 ? UInt64.max : (1 << UInt64(width)) - 1
        let floor = random.chance(50) ? 0 : random.next()
        let words = (0..<random.skewed(below: 80)).map { _ in
            random.chance(5) ? random.pick(Self.extremes) : floor &+ random.next() & mask
        }
        let before = random.below(9)
        let after = random.below(13)
        var bytes = random.bytes(before)
        IntegerColumn.append(words, 0..<words.count, to: &bytes)
        let end = bytes.count
        bytes += random.bytes(after)
        var reader = ByteReader()
        _ = try reader.take(before, in: bytes.span)
        #expect(try reader.integers(words.count, in: bytes.span) == words)
        #expect(reader.offset == end)
        var skipper = ByteReader()
        _ = try skipper.take(before, in: bytes.span)
        _ = try skipper.storedIntegers(words.count, in: bytes.span)
        #expect(skipper.offset == end)
    }

    @Test(arguments: 1...40)
    func `the last column reads right up to the last byte`(count: Int) throws {
        for width in 1...56 {
            var random = SeededRandom(seed: UInt64(width))
            let words = (0..<count).map { _ in random.next() & ((1 << UInt64(width)) - 1) }
            var bytes: [UInt8] = []
            IntegerColumn.append(words, 0..<count, to: &bytes)
            var reader = ByteReader()
            #expect(try reader.integers(count, in: bytes.span) == words, "width \(width)")
        }
    }

    @Test(arguments: [57, 60, 63, 65, 200])
    func `a width that is never written is refused`(width: UInt8) {
        let bytes = [width, 0] + [UInt8](repeating: 0, count: 100)
        #expect(throws: SegmentError.self) {
            var reader = ByteReader()
            _ = try reader.integers(1, in: bytes.span)
        }
    }

    private static let varints: [(UInt64, [UInt8])] = [
        (0, [0]), (127, [127]), (128, [0x80, 1]), (300, [0xAC, 2]),
        (.max, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]),
    ]

    @Test(arguments: varints)
    func `varints are LEB128`(value: UInt64, bytes: [UInt8]) throws {
        var written: [UInt8] = []
        written.append(varint: value)
        #expect(written == bytes)
        var reader = ByteReader()
        #expect(try reader.varint(in: bytes.span) == value)
        let cut = [UInt8](bytes.dropLast())
        #expect(throws: SegmentError.self) {
            var reader = ByteReader()
            _ = try reader.varint(in: cut.span)
        }
    }

    @Test(arguments: [Int64(0), -1, 1, .min, .max, .min + 1, -64, 63])
    func `signed integers survive the zigzag`(value: Int64) {
        #expect(ZigZag.decode(ZigZag.encode(value)) == value)
    }
}
