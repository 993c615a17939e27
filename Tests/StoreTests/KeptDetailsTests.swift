import Credit
import Ledger
import TestKit
import Testing

@testable import Store

struct KeptDetailsTests {
    private static let sizes = [(1, 0), (1, 1), (2, 0), (40, 0), (40, 40), (300, 5)]

    private static func stored(
        _ segment: EncodedSegment, keeping kept: [UInt8], step: UInt64 = 1
    ) -> EncodedSegment {
        EncodedSegment(
            number: segment.number, money: segment.money, details: nil, hash: segment.hash,
            kept: KeptDetails(body: kept, step: step))
    }

    /// The same contents with nothing left of the details of some charges but its counts.
    private static func bare(_ contents: SegmentContents, _ places: [Int]) -> SegmentContents {
        var bare = contents
        for place in places {
            bare.charges[place].details.module = .empty
            bare.charges[place].details.requestID = .empty
            bare.charges[place].details.metadata = .empty
            bare.charges[place].details.parameters = .empty
            bare.charges[place].details.duration = .none
            bare.charges[place].details.occurredAt = .never
            bare.charges[place].details.scenarioType = .unsaid
            bare.charges[place].details.isCheckRun = false
        }
        return bare
    }

    @Test(arguments: UInt64(1)...30)
    func `what stays of a segment reads as before, what goes is empty and says so`(
        seed: UInt64
    ) throws {
        var samples = Samples(seed: seed)
        var encoder = SegmentEncoder()
        for (charges, events) in Self.sizes {
            let contents = samples.contents(charges: charges, events: events)
            let encoded = encoder.encode(contents, previous: SegmentFormat.firstHash, salt: .salt)
            let first = (0..<charges).filter { _ in samples.random.chance(50) }
            let pruned = try SegmentView(encoded).pruned(first, retentionDays: 30, with: &encoder)
            #expect(pruned.deletedCount == first.count)
            let once = Self.stored(encoded, keeping: pruned.kept)
            let read = try once.contents(after: SegmentFormat.firstHash)
            #expect(read.plain == Self.bare(contents, first).plain, "seed \(seed)")
            #expect(read.hasDeletedDetails && read.deletedCount == first.count)
            #expect(once.damage(after: SegmentFormat.firstHash) == nil)

            let second = (0..<charges).filter { !first.contains($0) && samples.random.chance(50) }
            let again = try SegmentView(once).pruned(second, retentionDays: 7, with: &encoder)
            let twice = Self.stored(encoded, keeping: again.kept, step: 2)
            let view = try SegmentView(twice)
            let whole = try twice.contents(after: SegmentFormat.firstHash)
            #expect(whole.plain == Self.bare(contents, first + second).plain, "seed \(seed)")
            for place in 0..<charges {
                let days = first.contains(place) ? 30 : second.contains(place) ? 7 : nil
                #expect(whole.deletion(ofCharge: place)?.retentionDays == days)
            }
            for (index, event) in whole.plain.enumerated() {
                let (single, item) = try #require(try view.event(at: index))
                #expect(single.plain == [event])
                guard case .charge(let place) = whole.item(at: index) else { continue }
                #expect(item == .charge(0))
                #expect(single.deletion(ofCharge: 0) == whole.deletion(ofCharge: place))
                let isDeleted = view.deletedIndices.contains(UInt32(index))
                #expect(isDeleted == (whole.deletion(ofCharge: place) != nil))
            }
        }
    }

    @Test func `every change of what is kept is noticed and told from damage of the chain`() throws
    {
        var samples = Samples(seed: 3)
        var encoder = SegmentEncoder()
        let encoded = encoder.encode(
            samples.contents(charges: 6, events: 6), previous: SegmentFormat.firstHash, salt: .salt)
        let kept = try SegmentView(encoded).pruned([1, 4], retentionDays: 30, with: &encoder).kept
        for index in kept.indices {
            var changed = kept
            changed[index] ^= 4
            let damage = Self.stored(encoded, keeping: changed)
                .damage(after: SegmentFormat.firstHash)
            #expect(damage?.part == .kept)
        }
        let cut = Self.stored(encoded, keeping: Array(kept.dropLast()))
        #expect(cut.damage(after: SegmentFormat.firstHash)?.part == .kept)
        let other = encoder.encode(
            samples.contents(charges: 6, events: 6, number: 8),
            previous: SegmentFormat.firstHash, salt: .salt)
        let moved = Self.stored(other, keeping: kept)
        #expect(moved.damage(after: SegmentFormat.firstHash)?.part == .kept)
    }

    @Test func `no byte of deleted texts and no salt is left`() throws {
        var contents = SegmentContents(number: 1, time: .epoch)
        for place in 0..<3 {
            var charge = ChargeEvent.blank
            charge.action = contents.bytes.appending("chat".utf8.span)
            charge.details.requestID = contents.bytes.appending("secret-\(place)".utf8.span)
            charge.details.module = contents.bytes.appending("module-\(place)".utf8.span)
            charge.details.parameters = contents.bytes.appending(
                #"{"q":"query-\#(place)"}"#.utf8.span)
            charge.details.bytes = OptionalCount(77)
            contents.append(charge)
        }
        var encoder = SegmentEncoder()
        let encoded = encoder.encode(contents, previous: SegmentFormat.firstHash, salt: .salt)
        let kept = try SegmentView(encoded).pruned([0, 2], retentionDays: 1, with: &encoder).kept
        for text in ["secret-", "module-", "query-"] {
            #expect(kept.firstRange(of: Array("\(text)1".utf8)) != nil)
            #expect(kept.firstRange(of: Array("\(text)0".utf8)) == nil)
            #expect(kept.firstRange(of: Array("\(text)2".utf8)) == nil)
        }
        #expect(kept.firstRange(of: [UInt8].salt) == nil)
        let read = try Self.stored(encoded, keeping: kept).contents(after: nil)
        #expect(read.charges.allSatisfy { $0.details.bytes == OptionalCount(77) })
    }

    @Test func `details that somebody deleted as a whole have no known reason`() throws {
        var samples = Samples(seed: 9)
        var encoder = SegmentEncoder()
        let encoded = encoder.encode(
            samples.contents(charges: 3, events: 1), previous: SegmentFormat.firstHash, salt: .salt)
        let erased = EncodedSegment(
            number: encoded.number, money: encoded.money, details: nil, hash: encoded.hash)
        let read = try erased.contents(after: nil)
        #expect(read.deletedCount == 3)
        #expect(read.deletion(ofCharge: 0) == DetailsDeletion(retentionDays: nil))
        #expect(read.deletion(ofCharge: 3) == nil)
        #expect(try encoded.contents(after: nil).deletion(ofCharge: 0) == nil)
    }
}
