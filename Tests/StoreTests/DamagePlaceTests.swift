import Digest
import Store
import TestKit
import Testing

struct DamagePlaceTests {
    private static func segment(_ seed: UInt64) -> EncodedSegment {
        var samples = Samples(seed: seed)
        var encoder = SegmentEncoder()
        return encoder.encode(
            samples.contents(charges: 4, events: 3), previous: SegmentFormat.firstHash,
            salt: .salt)
    }

    private static func changed(
        _ segment: EncodedSegment, money: [UInt8]? = nil, details: [UInt8]? = nil,
        hash: [UInt8]? = nil
    ) -> EncodedSegment {
        EncodedSegment(
            number: segment.number, money: money ?? segment.money,
            details: details ?? segment.details, hash: hash ?? segment.hash)
    }

    @Test(arguments: UInt64(1)...4)
    func `a flipped bit is named, wherever it is`(seed: UInt64) {
        let good = Self.segment(seed)
        #expect(good.damage(after: SegmentFormat.firstHash) == nil)
        var random = SeededRandom(seed: seed)
        for _ in 0..<200 {
            let bit = UInt8(random.below(8))
            var (money, details, hash) = (good.money, good.details, good.hash)
            let place = random.below(money.count)
            money[place] ^= 1 << bit
            let inMoney = Self.changed(good, money: money).damage(after: SegmentFormat.firstHash)
            #expect(inMoney?.part == .money)
            #expect(inMoney?.byte == place)
            let other = random.below(details.count)
            details[other] ^= 1 << bit
            let inDetails = Self.changed(good, details: details)
                .damage(after: SegmentFormat.firstHash)
            #expect(inDetails?.part == .details)
            #expect(inDetails?.byte == other)
            let third = random.below(hash.count)
            hash[third] ^= 1 << bit
            let inHash = Self.changed(good, hash: hash).damage(after: SegmentFormat.firstHash)
            #expect(inHash?.part == .hash)
            #expect(inHash?.byte == third)
        }
    }

    @Test func `a part cut short or torn is named as a whole`() {
        let good = Self.segment(2)
        let cut = Self.changed(good, money: Array(good.money.dropLast(9)))
        #expect(cut.damage(after: SegmentFormat.firstHash)?.part == .money)
        var torn = good.details
        for index in torn.indices.suffix(20) { torn[index] = 0 }
        let damage = Self.changed(good, details: torn).damage(after: SegmentFormat.firstHash)
        #expect(damage?.text == "details: it is not what the money part's hash covers")
    }

    @Test func `a segment after another one is named with the byte that says so`() {
        let good = Self.segment(3)
        var other = SegmentFormat.firstHash
        other[5] = 1
        let damage = good.damage(after: other)
        #expect(damage?.byte == 22 + 5)
        #expect(damage?.text.contains("another segment before it") == true)
    }

    @Test func `a segment of a later version is refused with what it takes`() {
        let good = Self.segment(4)
        var money = Array(good.money.dropLast(4))
        money[4] = 5
        let checksum = CRC32.checksum(of: money.span)
        for shift in [0, 8, 16, 24] as [UInt32] {
            money.append(UInt8(truncatingIfNeeded: checksum >> shift))
        }
        let newer = Self.changed(good, money: money, hash: SHA256.digest(of: money.span))
        let damage = newer.damage(after: SegmentFormat.firstHash)
        #expect(damage?.byte == 4)
        #expect(
            damage?.reason
                == "it is in format version 5, and this program knows versions 1 to 4: it takes a newer one"
        )
    }
}
