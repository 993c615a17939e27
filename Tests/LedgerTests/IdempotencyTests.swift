import Credit
import Ledger
import TestKit
import Testing

struct IdempotencyTests {
    private static func hash(_ key: Span<UInt8>, account: Int) -> IdempotencyIndex.Hash {
        KeyWindow.hash(of: key, account: "account-\(account)".utf8.span, seed: 7)
    }

    @Test func `an index keeps every key through its growth`() {
        var index = IdempotencyIndex()
        let count = 60_000
        func hash(_ number: Int, _ account: Int) -> IdempotencyIndex.Hash {
            Self.hash("key-\(number)".utf8.span, account: account % 5)
        }
        for number in 0..<count {
            let hash = hash(number, number)
            #expect(index.position(of: hash) == nil)
            index.insert(hash, at: Position(segment: UInt64(number + 1), index: UInt32(number)))
        }
        #expect(index.count == count)
        for number in 0..<count {
            let position = Position(segment: UInt64(number + 1), index: UInt32(number))
            #expect(index.position(of: hash(number, number)) == position)
            #expect(index.position(of: hash(number, number + 1)) == nil)
        }
        let records = Set(index.records)
        #expect(records.count == count)
        for number in 0..<count {
            let record = KeyRecord(
                hash: hash(number, number).stored, segment: UInt64(number + 1))
            #expect(records.contains(record))
        }
    }

    @Test func `a copy keeps what it was copied with`() {
        var index = IdempotencyIndex()
        func add(_ numbers: Range<Int>, to index: inout IdempotencyIndex) {
            for number in numbers {
                let hash = Self.hash("\(number)".utf8.span, account: 0)
                index.insert(hash, at: Position(segment: 1, index: UInt32(number)))
            }
        }
        add(0..<300, to: &index)
        let copy = index
        add(300..<3000, to: &index)
        for number in 0..<3000 {
            let hash = Self.hash("\(number)".utf8.span, account: 0)
            #expect(index.position(of: hash)?.index == UInt32(number))
            #expect((copy.position(of: hash) != nil) == (number < 300))
        }
    }

    @Test func `keys that differ in one byte, or only in length, are different`() {
        var seen: Set<IdempotencyIndex.Hash> = []
        for length in 1...64 {
            let zeros = [UInt8](repeating: 0x30, count: length)
            #expect(seen.insert(Self.hash(zeros.span, account: 0)).inserted)
            for place in 0..<length {
                var changed = zeros
                changed[place] = 0x31
                #expect(seen.insert(Self.hash(changed.span, account: 0)).inserted)
            }
        }
    }

    @Test func `keys that String takes for equal are different`() {
        let composed: [UInt8] = [0xC3, 0xA9]
        let decomposed: [UInt8] = [0x65, 0xCC, 0x81]
        #expect(
            String(decoding: composed, as: UTF8.self) == String(decoding: decomposed, as: UTF8.self)
        )
        let one = Self.hash(composed.span, account: 0)
        #expect(one != Self.hash(decomposed.span, account: 0))
    }

    @Test func `a byte that moves from the account to the key makes another key`() {
        let one = KeyWindow.hash(of: "bc".utf8.span, account: "a".utf8.span, seed: 1)
        let other = KeyWindow.hash(of: "c".utf8.span, account: "ab".utf8.span, seed: 1)
        #expect(one != other)
    }

    @Test func `the largest place of a segment is kept`() {
        var index = IdempotencyIndex()
        let hash = Self.hash([1].span, account: 0)
        let place = UInt32(IdempotencyIndex.segmentEventsMax - 1)
        index.insert(hash, at: Position(segment: 1 << 39, index: place))
        #expect(index.position(of: hash) == Position(segment: 1 << 39, index: place))
    }

    @Test func `a window drops what disk has, but for the part that disk got last`() {
        var window = KeyWindow(seed: 1, after: 10)
        let hashes = (0..<6).map { Self.hash("\($0)".utf8.span, account: 0) }
        for number in 0..<6 {
            window.insert(hashes[number], at: Position(segment: UInt64(11 + number), index: 0))
            if number < 5 { window.seal(through: UInt64(11 + number)) }
        }
        window.drop(storedThrough: 10)
        #expect(window.floor == 10)
        #expect(window.count(after: 0) == 6)
        window.drop(storedThrough: 13)
        #expect(window.floor == 12)
        #expect(hashes.map { window.position(of: $0)?.segment } == [nil, nil, 13, 14, 15, 16])
        window.drop(storedThrough: 13)
        #expect(window.floor == 12)
        window.drop(storedThrough: 15)
        #expect(window.floor == 14)
        #expect(window.sealed.map(\.through) == [15])
    }
}
