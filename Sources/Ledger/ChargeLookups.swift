import Credit

/// What has been looked up of a charge before it is decided.
public struct ChargeLookup: Sendable, BitwiseCopyable {
    /// The account; nil when it did not exist yet.
    public fileprivate(set) var slot: AccountSlot?
    /// The hash of the key, as one of the account; without meaning when there is none.
    public fileprivate(set) var keyHash = IdempotencyIndex.Hash(high: 0, low: 0)
    fileprivate var accountHash: UInt32
}

/// Look-ups of some charges of a batch at a time, made step by step so that their waits for memory
/// overlap: on a large ledger those are most of what a charge costs.
public struct ChargeLookups: Sendable {
    /// How many charges are looked up together: their cache lines must fit the first caches.
    private static let groupCount = 64
    /// How many charges ahead the lots of an account are asked for.
    private static let distance = 4

    private var group: [ChargeLookup] = []
    private var start = 0

    public init() {}

    /// Forgets everything: the next look-up is of another batch.
    public mutating func removeAll() {
        group.removeAll(keepingCapacity: true)
        start = 0
    }

    /// What is known of the charge at `index`, whose texts lie in `bytes`; they come in order.
    @inline(__always)
    public mutating func lookup(
        _ index: Int, of charges: [ChargeCommand], in bytes: [UInt8], ledger: Ledger
    ) -> ChargeLookup {
        if index - start >= group.count { take(charges, from: index, in: bytes, ledger: ledger) }
        let place = index - start
        if place + Self.distance < group.count {
            ledger.prefetchLots(group[place + Self.distance])
        }
        return group[place]
    }

    private mutating func take(
        _ charges: [ChargeCommand], from first: Int, in bytes: [UInt8], ledger: Ledger
    ) {
        group.removeAll(keepingCapacity: true)
        start = first
        let end = min(charges.count, first + Self.groupCount)
        for index in first..<end {
            let id = bytes.span.extracting(charges[index].account.indices)
            let hash = ledger.catalogue.index.hash(of: id)
            ledger.catalogue.index.prefetch(hash)
            group.append(ChargeLookup(slot: nil, accountHash: hash))
        }
        for lookup in group { ledger.catalogue.index.prefetchID(lookup.accountHash) }
        for index in first..<end {
            let charge = charges[index]
            let id = bytes.span.extracting(charge.account.indices)
            let found = ledger.catalogue.index.slot(of: id, group[index - first].accountHash)
            guard let slot = found else { continue }
            let key = bytes.span.extracting(charge.idempotence.key.indices)
            let keyHash = ledger.keyWindow.hash(of: key, account: id)
            ledger.prefetch(slot, key: keyHash)
            group[index - first].slot = slot
            group[index - first].keyHash = keyHash
        }
        for lookup in group.prefix(Self.distance) { ledger.prefetchLots(lookup) }
    }
}

extension Ledger {
    /// Asks for the memory that a charge with this key on this account will touch first.
    @inline(__always)
    fileprivate func prefetch(_ slot: AccountSlot, key: IdempotencyIndex.Hash) {
        keyWindow.prefetch(key)
        records.prefetch(Int(slot))
    }

    /// Asks for what is found through that memory: the first lot, and the place of the key.
    @inline(__always)
    fileprivate func prefetchLots(_ lookup: ChargeLookup) {
        if let slot = lookup.slot { prefetchLots(of: slot, key: lookup.keyHash) }
    }
}
