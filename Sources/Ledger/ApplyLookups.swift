internal import Credit

/// The hashes of the keys of some charges at a time, whose memory is asked for ahead, so that the waits
/// of charges that are applied one after the other overlap.
public struct ApplyLookups: Sendable {
    /// How many charges are looked up together: their cache lines must fit the first caches.
    private static let groupCount = 64
    /// How many charges ahead the lots of an account are asked for.
    private static let distance = 4

    private var hashes: [IdempotencyIndex.Hash] = []
    private var start = 0

    public init() {}

    /// The hash of the key of the charge at `index`; they come in order.
    public mutating func keyHash(
        ofCharge index: Int, of charges: Span<ChargeEvent>, _ texts: Span<UInt8>, _ ledger: Ledger
    ) -> IdempotencyIndex.Hash {
        if index - start >= hashes.count { take(charges, from: index, texts, ledger) }
        let place = index - start
        if place + Self.distance < hashes.count {
            ledger.prefetchLots(
                of: charges[index + Self.distance].head.account,
                key: hashes[place + Self.distance])
        }
        return hashes[place]
    }

    private mutating func take(
        _ charges: Span<ChargeEvent>, from first: Int, _ texts: Span<UInt8>, _ ledger: Ledger
    ) {
        hashes.removeAll(keepingCapacity: true)
        start = first
        // An account that the segment itself creates is not there before its event is applied.
        let known = UInt32(ledger.accountCount)
        var end = first + 1
        while end < min(charges.count, first + Self.groupCount),
            charges[end].head.account < known
        { end += 1 }
        for index in first..<end {
            ledger.catalogue.prefetchProfile(charges[index].head.account)
            ledger.records.prefetch(Int(charges[index].head.account))
        }
        for index in first..<end {
            let key = texts.extracting(charges[index].idempotence.key.indices)
            let hash = ledger.keyHash(of: key, on: charges[index].head.account)
            if key.count > 0 { ledger.keyWindow.prefetchLive(hash) }
            hashes.append(hash)
        }
    }
}

extension Catalogue {
    /// Asks for the memory of what is said of an account.
    @inline(__always)
    fileprivate func prefetchProfile(_ slot: AccountSlot) {
        accounts.prefetch(Int(slot))
    }
}

extension Ledger {
    /// Asks for the first lot of an account, and for the place of a key.
    @inline(__always)
    func prefetchLots(of slot: AccountSlot, key: IdempotencyIndex.Hash) {
        keyWindow.prefetchSlot(key)
        let lot = records[Int(slot)].firstLot
        if lot != Lot.none { lots.prefetch(Int(lot)) }
    }
}
