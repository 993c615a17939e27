public import Credit

/// Finds the event that an idempotency key of an account is final for.
///
/// Exact in practice: it compares 128 bits of a hash seeded per process, and whoever replays an
/// answer compares the stored key as bytes. Open addressing over 24-byte slots, split in 256
/// tables so that no single growth holds the writer up for long.
public struct IdempotencyIndex: Sendable {
    /// The hash of an account and a key.
    public struct Hash: Hashable, Sendable, BitwiseCopyable {
        let high: UInt64
        let low: UInt64
    }

    fileprivate struct Slot: BitwiseCopyable, Sendable {
        var hash: Hash
        /// Segment in the upper 40 bits, index in the lower 24; 0 when free.
        var place: UInt64
    }

    fileprivate struct Table: Sendable {
        var slots: [Slot] = []
        var count = 0
    }

    /// The most events of a segment, so that a place fits 64 bits.
    public static let segmentEventsMax = 1 << 24
    fileprivate static let free = Slot(hash: Hash(high: 0, low: 0), place: 0)
    fileprivate static let firstSlots = 16

    private var tables = [Table](repeating: Table(), count: 256)
    private let seed: UInt64
    /// How many keys it holds.
    public private(set) var count = 0

    /// An empty index whose hashes nobody outside can foresee when `seed` is random.
    public init(seed: UInt64) {
        self.seed = seed
    }

    /// The hash under which the key of an account is kept.
    @inline(__always)
    public func hash(of key: Span<UInt8>, account: AccountSlot) -> Hash {
        var state = KeyedHash(seed: seed, account: account)
        state.mix(key)
        return state.finished
    }

    /// Where the event for the key stands, if there is one.
    public func position(of hash: Hash) -> Position? {
        let slots = tables[Int(hash.high >> 56)].slots
        guard !slots.isEmpty else { return nil }
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: hash.low) & mask
        while slots[index].place != 0 {
            if slots[index].hash == hash { return Self.position(slots[index].place) }
            index = (index + 1) & mask
        }
        return nil
    }

    /// Asks for the memory where the key would be found.
    @inline(__always)
    func prefetch(_ hash: Hash) {
        let slots = tables[Int(hash.high >> 56)].slots
        guard !slots.isEmpty else { return }
        Memory.prefetch(slots, at: Int(truncatingIfNeeded: hash.low) & (slots.count - 1))
    }

    /// Keeps that the key's event stands at `position`; the key must not be there yet.
    public mutating func insert(_ hash: Hash, at position: Position) {
        let place = position.segment << 24 | UInt64(position.index)
        tables[Int(hash.high >> 56)].insert(Slot(hash: hash, place: place))
        count += 1
    }

    private static func position(_ place: UInt64) -> Position {
        Position(segment: place >> 24, index: UInt32(truncatingIfNeeded: place & 0xFF_FFFF))
    }
}

extension IdempotencyIndex.Table {
    mutating func insert(_ slot: IdempotencyIndex.Slot) {
        if count * 5 >= slots.count * 4 { grow() }
        place(slot)
        count += 1
    }

    private mutating func grow() {
        let old = slots
        let slotCount = max(IdempotencyIndex.firstSlots, old.count * 2)
        slots = [IdempotencyIndex.Slot](repeating: IdempotencyIndex.free, count: slotCount)
        for slot in old where slot.place != 0 { place(slot) }
    }

    private mutating func place(_ slot: IdempotencyIndex.Slot) {
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: slot.hash.low) & mask
        while slots[index].place != 0 { index = (index + 1) & mask }
        slots[index] = slot
    }
}
