import Credit
import Ledger
import TestKit
import Testing

@testable import Store

/// Columns of names that differ in a number, and segments that have such.
struct NumberedTextsTests {
    private static let odd = [
        "", "run", "run-", "0", "00", "run-007", "7-a", "a1b2c3", "999999999999999999",
        "1000000000000000000", "run-0", "9é9", "run-12.5", "-5",
    ]

    @Test(arguments: UInt64(1)...200)
    func `names survive, whatever numbers they end in`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let oddPercent = random.pick([0, 3, 100])
        let last = random.pick([90, 5_000, UInt64(1) << 59])
        let names = (0..<64 + random.below(200)).map { _ in
            random.chance(oddPercent)
                ? random.pick(Self.odd)
                : random.pick(["run-", "r.", ""]) + "\(random.next() % last)"
        }
        var source: [UInt8] = []
        let ranges = names.map { source.appending($0.utf8.span) }
        var column = TextColumn()
        var bytes: [UInt8] = []
        let isNumbered = column.append(
            ranges, ranges.indices, of: source, mayNumber: true, to: &bytes)
        #expect(isNumbered == (bytes[0] == 3))
        if oddPercent == 0, Set(names).count * 2 > names.count + 2 { #expect(isNumbered) }
        var reader = ByteReader()
        let stored = try reader.storedTexts(names.count, mayBeNumbered: true, in: bytes.span)
        #expect(reader.offset == bytes.count)
        var read: [UInt8] = []
        let all = try stored.copyAll(names.count, from: bytes.span, to: &read)
        #expect(all.map { String(decoding: read[$0.indices], as: UTF8.self) } == names)
        for place in names.indices {
            let range = try stored.copy(place, from: bytes.span, to: &read)
            #expect(String(decoding: read[range.indices], as: UTF8.self) == names[place])
        }
        guard isNumbered else { return }
        #expect(throws: SegmentError.self) {
            var older = ByteReader()
            return try older.storedTexts(names.count, in: bytes.span).form
        }
    }

    @Test func `a text with the mark in it is written as it is`() throws {
        var names = (0..<100).map { Array("run-\($0)".utf8) }
        names[50] = [0x72, NumberedTexts.mark, 0x37]
        var source: [UInt8] = []
        let ranges = names.map { source.appending($0.span) }
        var column = TextColumn()
        var bytes: [UInt8] = []
        #expect(!column.append(ranges, ranges.indices, of: source, mayNumber: true, to: &bytes))
        var reader = ByteReader()
        var read: [UInt8] = []
        let found = try reader.texts(names.count, in: bytes.span, to: &read)
        #expect(found.map { [UInt8](read[$0.indices]) } == names)
    }

    /// Random charges, each of a run of its own.
    static func contents(
        seed: UInt64, charges: Int, events: Int, number: UInt64 = 7
    ) -> SegmentContents {
        var samples = Samples(seed: seed)
        var contents = samples.contents(charges: charges, events: events, number: number)
        for place in contents.charges.indices {
            contents.charges[place].details.run = contents.bytes.appending(
                "run-\(1_000_000 + seed * 1000 + UInt64(place) * 7)".utf8.span)
            contents.charges[place].details.scenario = contents.bytes.appending(
                "scenario-\(place)".utf8.span)
        }
        return contents
    }

    @Test(arguments: UInt64(1)...20)
    func `a segment of many runs is of version 4 and reads back`(seed: UInt64) throws {
        var encoder = SegmentEncoder()
        let contents = Self.contents(
            seed: seed, charges: 90, events: seed.isMultiple(of: 2) ? 9 : 0)
        let encoded = encoder.encode(
            contents, previous: SegmentFormat.firstHash, salt: .salt)
        #expect(encoded.money[4] == 4)
        let read = try encoded.contents(after: SegmentFormat.firstHash)
        #expect(read.plain == contents.plain)
        #expect(read.uses == contents.uses)
        let view = try SegmentView(encoded)
        for (index, event) in read.plain.enumerated() {
            #expect(try #require(try view.event(at: index)).contents.plain == [event])
        }
        var summaries = EntrySummaries()
        try view.summarize(to: &summaries)
        var runs: [String] = []
        try view.visitListings { _, _, run in
            runs.append(String(decoding: (0..<run.count).map { run[$0] }, as: UTF8.self))
        }
        for index in 0..<read.count {
            guard case .charge(let place) = read.item(at: index) else { continue }
            let run = read.charges[place].details.run
            #expect(runs[index] == String(decoding: read.bytes[run.indices], as: UTF8.self))
        }
        let keys = try encoded.keys()
        let charges = contents.charges.filter { !$0.idempotence.key.isEmpty }
        #expect(keys.entries.count >= charges.count)
    }
}
