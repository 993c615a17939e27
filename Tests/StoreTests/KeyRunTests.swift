import Ledger
import Store
import TestKit
import Testing

struct KeyRunTests {
    private static func records(_ count: Int, seed: UInt64) -> [KeyRecord] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in
            KeyRecord(
                hash: random.next() >> UInt64(64 - KeyRecord.hashBits),
                segment: 1 + random.next() % 3000)
        }
    }

    @Test(arguments: [0, 1, 399, 400, 401, 30_000])
    func `keys cut into pages read back, each page with its range`(count: Int) throws {
        var records = Self.records(count, seed: 5)
        // Equal hashes, which must stay on one page.
        for index in 0..<(count < 1000 ? count / 2 : 0) {
            records[index] = KeyRecord(hash: records[0].hash, segment: UInt64(index))
        }
        records.sortByHash()
        #expect(zip(records, records.dropFirst()).allSatisfy { $0.hash <= $1.hash })
        var pages = KeyPages(through: 9)
        var cut: [KeyPage] = []
        for record in records { if let page = pages.append(record) { cut.append(page) } }
        cut.append(pages.finish())
        var end: UInt64 = 0
        var read: [KeyRecord] = []
        for page in cut {
            let again = try KeyPage(from: page.encoded)
            #expect(again.range == page.range)
            #expect(again.through == 9)
            #expect(again.range.lowerBound == end)
            #expect(again.records.allSatisfy { again.range.contains($0.hash) })
            end = again.range.upperBound
            read += again.records
        }
        #expect(end == KeyPage.hashEnd)
        #expect(read == records)
        if count == 30_000 {
            let sizes = cut.dropFirst().dropLast().map(\.encoded.count)
            #expect(sizes.allSatisfy { $0 <= 2048 })
            #expect(sizes.reduce(0, +) / sizes.count > 1800)
        }
    }

    @Test func `a page with any bit changed is refused`() {
        let records = Self.records(50, seed: 6).sorted()
        let bytes = KeyPage(through: 9, range: 0..<KeyPage.hashEnd, records: records).encoded
        for bit in 0..<bytes.count * 8 {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: SegmentError.self) { try KeyPage(from: changed) }
        }
    }

    @Test func `a filter holds all its keys and few others`() throws {
        let records = Self.records(100_000, seed: 7)
        var filter = KeyFilter(expecting: records.count)
        for record in records { filter.insert(record.hash) }
        #expect(records.allSatisfy { filter.mayHold($0.hash) })
        let others = Self.records(100_000, seed: 8)
        #expect(others.count { filter.mayHold($0.hash) } < 1200)
        let range = SegmentRange(after: 2, through: 9)
        let stored = filter.encoded(for: range)
        #expect(try KeyFilter(from: stored, for: range) == filter)
        #expect(throws: SegmentError.badChecksum) {
            try KeyFilter(from: stored, for: SegmentRange(after: 2, through: 8))
        }
        #expect(filter.byteCount <= records.count * KeyFilter.bitsPerKey / 8 + 32)
    }
}
