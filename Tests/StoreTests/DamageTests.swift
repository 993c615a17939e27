import Digest
import Store
import TestKit
import Testing

struct DamageTests {
    private static func segment() -> EncodedSegment {
        var samples = Samples(seed: 11)
        var encoder = SegmentEncoder()
        return encoder.encode(
            samples.contents(charges: 3, events: 3), previous: SegmentFormat.firstHash,
            salt: .salt)
    }

    private static func error(of segment: EncodedSegment) -> SegmentError? {
        do throws(SegmentError) {
            _ = try segment.contents(after: SegmentFormat.firstHash)
            return nil
        } catch {
            return error
        }
    }

    @Test func `every flipped bit of the money part is noticed`() {
        let good = Self.segment()
        for index in good.money.indices {
            for bit in 0..<8 {
                var money = good.money
                money[index] ^= 1 << UInt8(bit)
                let bad = EncodedSegment(
                    number: good.number, money: money, details: good.details, hash: good.hash)
                #expect(Self.error(of: bad) == .badChecksum)
                #expect(throws: SegmentError.self) { try bad.keys() }
                #expect(throws: SegmentError.self) { try bad.header() }
            }
        }
    }

    @Test func `every flipped bit of the details part is noticed as such`() {
        let good = Self.segment()
        for index in good.details.indices {
            for bit in 0..<8 {
                var details = good.details
                details[index] ^= 1 << UInt8(bit)
                let bad = EncodedSegment(
                    number: good.number, money: good.money, details: details, hash: good.hash)
                #expect(Self.error(of: bad) == .detailsDiffer)
            }
        }
    }

    @Test func `every flipped bit of the stored hash is noticed`() {
        let good = Self.segment()
        for index in good.hash.indices {
            for bit in 0..<8 {
                var hash = good.hash
                hash[index] ^= 1 << UInt8(bit)
                let bad = EncodedSegment(
                    number: good.number, money: good.money, details: good.details, hash: hash)
                #expect(Self.error(of: bad) == .hashDiffers)
            }
        }
    }

    @Test func `every shorter part is noticed`() {
        let good = Self.segment()
        for count in good.money.indices {
            let bad = EncodedSegment(
                number: good.number, money: [UInt8](good.money[..<count]),
                details: good.details, hash: good.hash)
            #expect(Self.error(of: bad) != nil, "money cut to \(count)")
        }
        for count in good.details.indices {
            let bad = EncodedSegment(
                number: good.number, money: good.money,
                details: [UInt8](good.details[..<count]), hash: good.hash)
            #expect(Self.error(of: bad) == .detailsDiffer, "details cut to \(count)")
        }
    }

    @Test func `a segment in another's place is noticed`() {
        let good = Self.segment()
        let moved = EncodedSegment(
            number: good.number + 1, money: good.money, details: good.details, hash: good.hash)
        #expect(Self.error(of: moved) == .wrongNumber(good.number))
        #expect(throws: SegmentError.brokenChain) {
            try good.contents(after: SHA256.digest(of: [1].span))
        }
    }

    /// What a writer of bad segments with good checksums could do to a reader.
    @Test(arguments: UInt64(1)...300)
    func `a wrong byte under a right checksum never traps`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let good = Self.segment()
        for _ in 0..<40 {
            var money = [UInt8](good.money.dropLast(4))
            for _ in 0...random.skewed(below: 4) {
                money[random.below(money.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            if random.chance(20) { money.removeLast(random.below(money.count)) }
            let bad = EncodedSegment(
                number: good.number, money: money.withChecksum, details: good.details,
                hash: good.hash)
            _ = Self.error(of: bad)
            _ = try? bad.keys()
        }
    }

    /// Charges, shares, other events and roles; otherwise a few bytes could make a reader set
    /// gigabytes aside before it refuses them.
    @Test(
        arguments: [
            [0x80, 0x80, 0x04, 0, 0, 0], [0, 0, 0xFF, 0xFF, 0x03, 0], [0, 0, 0, 1],
        ] as [[UInt8]])
    func `a head that claims more events than its bytes hold is refused`(counts: [UInt8]) {
        let columns = [UInt8](repeating: 0, count: 200)
        var head = Array(Self.segment().money[..<86])
        head[4] = 1  // which has no uses of budgets
        let money = (head + counts + columns).withChecksum
        let bad = EncodedSegment(
            number: 7, money: money, details: nil, hash: SHA256.digest(of: money.span))
        let end = SegmentError.malformed(at: 86 + counts.count)
        #expect(throws: end) { try bad.header() }
        #expect(throws: end) { try bad.keys() }
        #expect(Self.error(of: bad) == end)
    }

    @Test(arguments: [0, 5, 0x0100, 0xFFFF] as [UInt16])
    func `another version of the format is refused by name`(version: UInt16) {
        let good = Self.segment()
        var money = [UInt8](good.money.dropLast(4))
        money[4] = UInt8(truncatingIfNeeded: version)
        money[5] = UInt8(truncatingIfNeeded: version >> 8)
        money = money.withChecksum
        let newer = EncodedSegment(
            number: good.number, money: money, details: good.details,
            hash: SHA256.digest(of: money.span))
        #expect(Self.error(of: newer) == .unknownVersion(version))
        #expect(throws: SegmentError.unknownVersion(version)) { try newer.header() }
        #expect(throws: SegmentError.unknownVersion(version)) { try newer.keys() }
    }
}

extension [UInt8] {
    fileprivate var withChecksum: [UInt8] {
        let sum = CRC32.checksum(of: span)
        return self + (0..<4).map { UInt8(truncatingIfNeeded: sum >> UInt32($0 * 8)) }
    }
}
