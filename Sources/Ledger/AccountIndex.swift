import Credit

/// Finds the slot of an account by its id, comparing bytes.
struct AccountIndex: Sendable {
    private struct Cell: Sendable, BitwiseCopyable {
        var hash: UInt32
        /// The slot plus one; 0 when free.
        var slotPlusOne: UInt32
    }

    private var cells = [Cell](repeating: Cell(hash: 0, slotPlusOne: 0), count: 64)
    private var texts: [UInt8] = []
    private var names: [ByteRange] = []
    private let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
    }

    /// The slot of the account with this id.
    func slot(of id: Span<UInt8>) -> AccountSlot? {
        let hash = hash(id)
        let mask = cells.count - 1
        var index = Int(hash) & mask
        while cells[index].slotPlusOne != 0 {
            let slot = cells[index].slotPlusOne - 1
            if cells[index].hash == hash, isEqual(id, names[Int(slot)]) { return slot }
            index = (index + 1) & mask
        }
        return nil
    }

    /// Gives the next slot to `id`, which must be new.
    mutating func append(_ id: Span<UInt8>) {
        if names.count * 2 >= cells.count { grow() }
        place(hash(id), AccountSlot(truncatingIfNeeded: names.count))
        names.append(texts.appending(id))
    }

    private mutating func grow() {
        let old = cells
        cells = [Cell](repeating: Cell(hash: 0, slotPlusOne: 0), count: old.count * 2)
        for cell in old where cell.slotPlusOne != 0 { place(cell.hash, cell.slotPlusOne - 1) }
    }

    private mutating func place(_ hash: UInt32, _ slot: AccountSlot) {
        let mask = cells.count - 1
        var index = Int(hash) & mask
        while cells[index].slotPlusOne != 0 { index = (index + 1) & mask }
        cells[index] = Cell(hash: hash, slotPlusOne: slot + 1)
    }

    private func hash(_ id: Span<UInt8>) -> UInt32 {
        var state = KeyedHash(seed: seed, account: 0)
        state.mix(id)
        return UInt32(truncatingIfNeeded: state.finished.low)
    }

    private func isEqual(_ id: Span<UInt8>, _ range: ByteRange) -> Bool {
        guard id.count == Int(range.count) else { return false }
        return unsafe texts.withUnsafeBufferPointer { texts in
            unsafe id.withUnsafeBufferPointer { id in
                unsafe texts[range.indices].elementsEqual(id)
            }
        }
    }
}
