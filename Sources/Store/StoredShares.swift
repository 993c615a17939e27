internal import Credit
internal import Ledger

/// The lots that paid charges, where they are stored.
struct StoredShares: Sendable {
    /// How many lots paid each charge.
    fileprivate let counts: StoredIntegers
    fileprivate let segments: StoredIntegers
    fileprivate let indices: StoredIntegers
    fileprivate let sources: StoredIntegers
    /// What each paid, of charges that several paid.
    fileprivate let amounts: StoredIntegers

    /// Where the shares of a charge begin.
    struct Place {
        fileprivate var share = 0
        fileprivate var amount = 0

        /// Goes on to the next charge, after one that so many lots paid.
        mutating func pass(_ count: Int) {
            share += count
            if count > 1 { amount += count }
        }
    }

    /// Where the shares of the charge at `index` begin.
    func place(ofCharge index: Int, in bytes: Span<UInt8>) -> Place {
        var place = Place()
        if let common = counts.common {
            place.share = index * Int(common)
            place.amount = common > 1 ? place.share : 0
        } else {
            for before in 0..<index { place.pass(Int(counts.value(at: before, in: bytes))) }
        }
        return place
    }

    /// Calls `body` with the `count` lots that paid `whole` micro-credits of a charge.
    func visit(
        _ count: Int, paying whole: Int64, from place: Place, in bytes: Span<UInt8>,
        _ body: (LotShare) -> Void
    ) throws(SegmentError) {
        for offset in 0..<count {
            let share = place.share + offset
            let code = sources.value(at: share, in: bytes)
            guard let source = GrantSource(rawValue: UInt8(truncatingIfNeeded: code)) else {
                throw .malformed(at: bytes.count)
            }
            let micros =
                count > 1
                ? Int64(bitPattern: amounts.value(at: place.amount + offset, in: bytes)) : whole
            let grant = Position(
                segment: segments.value(at: share, in: bytes),
                index: UInt32(truncatingIfNeeded: indices.value(at: share, in: bytes)))
            body(LotShare(grant: grant, source: source, micros: micros))
        }
    }

    /// Reads those of all charges.
    func readAll(from bytes: Span<UInt8>, to contents: inout SegmentContents) throws(SegmentError) {
        var place = Place()
        contents.shares.reserveCapacity(segments.count)
        for index in contents.charges.indices {
            contents.charges[index].sharesStart = UInt32(truncatingIfNeeded: place.share)
            let charge = contents.charges[index]
            let count = Int(charge.sharesCount)
            try visit(count, paying: charge.paid, from: place, in: bytes) {
                contents.shares.append($0)
            }
            place.pass(count)
        }
    }
}

extension ChargeEvent {
    /// What lots paid of it, in micro-credits.
    var paid: Int64 { credits &- overdrawn &- uncollected }
}

extension ByteReader {
    /// Passes over the lots that paid, `count` in all and `counts` of each charge.
    mutating func storedShares(
        _ count: Int, of counts: StoredIntegers, in bytes: Span<UInt8>
    ) throws(SegmentError) -> StoredShares {
        let segments = try storedIntegers(count, in: bytes)
        let indices = try storedIntegers(count, in: bytes)
        let sources = try storedIntegers(count, in: bytes)
        var left = count
        var split = 0
        for index in 0..<counts.count {
            let size = counts.value(at: index, in: bytes)
            guard size <= UInt64(left) else { throw .malformed(at: offset) }
            left -= Int(size)
            if size > 1 { split += Int(size) }
        }
        guard left == 0 else { throw .malformed(at: offset) }
        return StoredShares(
            counts: counts, segments: segments, indices: indices, sources: sources,
            amounts: try storedIntegers(split, in: bytes))
    }
}
