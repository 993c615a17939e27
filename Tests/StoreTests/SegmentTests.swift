import Credit
import Digest
import Ledger
import Store
import TestKit
import Testing

struct SegmentTests {
    private static let sizes = [
        (0, 1), (1, 0), (1, 1), (2, 0), (40, 0), (0, 40), (40, 40), (300, 5),
    ]

    @Test(arguments: UInt64(1)...40)
    func `a segment reads back as it was written`(seed: UInt64) throws {
        var samples = Samples(seed: seed)
        var encoder = SegmentEncoder()
        for (charges, events) in Self.sizes {
            let contents = samples.contents(charges: charges, events: events)
            let encoded = encoder.encode(
                contents, previous: SegmentFormat.firstHash, salt: .salt)
            let read = try encoded.contents(after: SegmentFormat.firstHash)
            #expect(read.number == contents.number)
            #expect(read.time == contents.time)
            #expect(read.plain == contents.plain, "seed \(seed), \(charges) and \(events)")
            #expect(read.uses == contents.uses)
            let isOfScenarios = contents.events.contains { event in
                switch event {
                case .scenarioPut, .runStarted, .runFinished: true
                default: false
                }
            }
            #expect(encoded.money[4] == (isOfScenarios ? 3 : contents.uses.isEmpty ? 1 : 2))
            #expect(encoded.hash == SHA256.digest(of: encoded.money.span))
            #expect(read.order.isEmpty == (events == 0))
        }
    }

    @Test(arguments: UInt64(1)...20)
    func `single events are read as they are in the whole`(seed: UInt64) throws {
        var samples = Samples(seed: seed)
        var encoder = SegmentEncoder()
        for (charges, events) in Self.sizes {
            let contents = samples.contents(charges: charges, events: events)
            let encoded = encoder.encode(
                contents, previous: SegmentFormat.firstHash, salt: .salt)
            let erased = EncodedSegment(
                number: encoded.number, money: encoded.money, details: nil, hash: encoded.hash)
            for segment in [encoded, erased] {
                let whole = try segment.contents(after: nil)
                let view = try SegmentView(segment)
                #expect(view.count == whole.count)
                for (index, event) in whole.plain.enumerated() {
                    let (single, item) = try #require(try view.event(at: index))
                    #expect(single.plain == [event], "seed \(seed), event \(index)")
                    #expect(single.item(at: 0) == item)
                    guard case .charge(let place) = whole.item(at: index) else { continue }
                    #expect(single.uses(ofCharge: 0) == whole.uses(ofCharge: place))
                }
                #expect(try view.event(at: whole.count) == nil)
                #expect(try view.event(at: -1) == nil)
            }
        }
    }

    @Test(arguments: UInt64(1)...20)
    func `summaries say what the whole says`(seed: UInt64) throws {
        var samples = Samples(seed: seed)
        var encoder = SegmentEncoder()
        for (charges, events) in Self.sizes {
            let contents = samples.contents(charges: charges, events: events)
            let encoded = encoder.encode(
                contents, previous: SegmentFormat.firstHash, salt: .salt)
            let view = try SegmentView(encoded)
            var summaries = EntrySummaries()
            try view.summarize(to: &summaries)
            #expect(summaries.plain == contents.plainSummaries, "seed \(seed)")
            var singly = EntrySummaries()
            for index in 0..<contents.count {
                try view.summarize(index, parameters: true, to: &singly)
            }
            #expect(singly.plain == summaries.plain)
        }
    }

    @Test(arguments: UInt64(1)...40)
    func `the keys can be read without the rest`(seed: UInt64) throws {
        var samples = Samples(seed: seed)
        var encoder = SegmentEncoder()
        for (charges, events) in Self.sizes {
            let contents = samples.contents(charges: charges, events: events)
            let encoded = encoder.encode(
                contents, previous: SegmentFormat.firstHash, salt: .salt)
            let keys = try encoded.keys()
            let found = keys.entries.map { entry in
                Key(
                    account: entry.account, bytes: [UInt8](keys.bytes[entry.key.indices]),
                    position: entry.position)
            }
            #expect(found == contents.keys, "seed \(seed)")
        }
    }

    @Test func `a header says what follows without the events being read`() throws {
        var samples = Samples(seed: 1)
        var encoder = SegmentEncoder()
        let contents = samples.contents(charges: 3, events: 2, number: 99)
        let previous = SHA256.digest(of: [1, 2, 3].span)
        let header = try encoder.encode(contents, previous: previous, salt: .salt).header()
        #expect(header.number == 99)
        #expect(header.time == contents.time)
        #expect(header.previous == previous)
    }

    @Test func `the same contents give the same bytes, another salt another details hash`() throws {
        var samples = Samples(seed: 4)
        let contents = samples.contents(charges: 9, events: 9)
        var used = SegmentEncoder()
        _ = used.encode(
            samples.contents(charges: 50, events: 3), previous: SegmentFormat.firstHash,
            salt: .salt)
        var fresh = SegmentEncoder()
        let first = used.encode(contents, previous: SegmentFormat.firstHash, salt: .salt)
        let again = fresh.encode(contents, previous: SegmentFormat.firstHash, salt: .salt)
        #expect(first == again)
        let salted = fresh.encode(
            contents, previous: SegmentFormat.firstHash, salt: .salt.reversed() + [])
        #expect(salted.details == first.details)
        let other = fresh.encode(
            contents, previous: SegmentFormat.firstHash, salt: [UInt8](repeating: 1, count: 16))
        #expect(other.details != first.details)
        #expect(try other.header().detailsHash != first.header().detailsHash)
    }

    @Test func `a place in a segment leads to its event`() {
        var samples = Samples(seed: 5)
        let contents = samples.contents(charges: 30, events: 30)
        contents.visit { position, item in
            #expect(contents.item(at: Int(position.index)) == item)
        }
        #expect(contents.item(at: -1) == nil)
        #expect(contents.item(at: 60) == nil)
    }
}

private struct Key: Hashable {
    let account: AccountSlot
    let bytes: [UInt8]
    let position: Position
}

extension SegmentContents {
    fileprivate var keys: [Key] {
        var keys: [Key] = []
        visit { position, item in
            switch item {
            case .charge(let index):
                let range = charges[index].idempotence.key
                guard !range.isEmpty else { return }
                keys.append(
                    Key(
                        account: charges[index].head.account,
                        bytes: [UInt8](bytes[range.indices]), position: position))
            case .event(let index):
                guard let (account, key) = events[index].key else { return }
                keys.append(Key(account: account, bytes: key.bytes, position: position))
            }
        }
        return keys
    }
}

struct LargeSegmentTests {
    @Test func `a segment with more events than a batch has items reads back`() throws {
        var contents = SegmentContents(number: 1, time: .epoch)
        for slot in 0..<AccountSlot(70_000) {
            contents.append(.accountSuspended(slot, at: .epoch))
        }
        var encoder = SegmentEncoder()
        let encoded = encoder.encode(contents, previous: SegmentFormat.firstHash, salt: .salt)
        #expect(try encoded.contents(after: nil).events == contents.events)
    }
}
