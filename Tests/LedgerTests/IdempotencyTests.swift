import Credit
import Ledger
import TestKit
import Testing

struct IdempotencyTests {
    @Test func `an index keeps every key through its growth`() {
        var index = IdempotencyIndex(seed: 7)
        let count = 60_000
        func key(_ number: Int) -> [UInt8] { Array("key-\(number)".utf8) }
        func account(_ number: Int) -> AccountSlot { AccountSlot(number % 5) }
        for number in 0..<count {
            let hash = index.hash(of: key(number).span, account: account(number))
            #expect(index.position(of: hash) == nil)
            index.insert(hash, at: Position(segment: UInt64(number + 1), index: UInt32(number)))
        }
        #expect(index.count == count)
        for number in 0..<count {
            let hash = index.hash(of: key(number).span, account: account(number))
            let position = Position(segment: UInt64(number + 1), index: UInt32(number))
            #expect(index.position(of: hash) == position)
            let other = index.hash(of: key(number).span, account: account(number + 1))
            #expect(index.position(of: other) == nil)
        }
    }

    @Test func `a copy keeps what it was copied with`() {
        var index = IdempotencyIndex(seed: 3)
        func add(_ numbers: Range<Int>, to index: inout IdempotencyIndex) {
            for number in numbers {
                let hash = index.hash(of: "\(number)".utf8.span, account: 0)
                index.insert(hash, at: Position(segment: 1, index: UInt32(number)))
            }
        }
        add(0..<300, to: &index)
        let copy = index
        add(300..<3000, to: &index)
        for number in 0..<3000 {
            let hash = index.hash(of: "\(number)".utf8.span, account: 0)
            #expect(index.position(of: hash)?.index == UInt32(number))
            #expect((copy.position(of: hash) != nil) == (number < 300))
        }
    }

    @Test func `keys that differ in one byte, or only in length, are different`() {
        let index = IdempotencyIndex(seed: 7)
        var seen: Set<IdempotencyIndex.Hash> = []
        for length in 1...64 {
            let zeros = [UInt8](repeating: 0x30, count: length)
            #expect(seen.insert(index.hash(of: zeros.span, account: 0)).inserted)
            for place in 0..<length {
                var changed = zeros
                changed[place] = 0x31
                #expect(seen.insert(index.hash(of: changed.span, account: 0)).inserted)
            }
        }
    }

    @Test func `the largest place of a segment is kept`() {
        var index = IdempotencyIndex(seed: 1)
        let hash = index.hash(of: [1].span, account: 0)
        let place = UInt32(IdempotencyIndex.segmentEventsMax - 1)
        index.insert(hash, at: Position(segment: 1 << 39, index: place))
        #expect(index.position(of: hash) == Position(segment: 1 << 39, index: place))
    }
}
