import Credit

/// Finds the slot of an account by its id, comparing bytes.
struct AccountIndex: Sendable {
    private struct Cell: Sendable, BitwiseCopyable {
        var hash: UInt32 = 0
        /// The slot plus one; 0 when free.
        var slotPlusOne: UInt32 = 0
        /// The id, in `texts`.
        var id = ByteRange.empty
    }

    private var cells = [Cell](repeating: Cell(), count: 64)
    private var texts: [UInt8] = []
    private var count: UInt32 = 0
    private let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
    }

    /// The hash to look an id up by.
    @inline(__always)
    func hash(of id: Span<UInt8>) -> UInt32 {
        var state = KeyedHash(seed: seed)
        state.mix(id)
        return UInt32(truncatingIfNeeded: state.finished.low)
    }

    /// Asks for the memory where an id would be looked for.
    @inline(__always)
    func prefetch(_ hash: UInt32) {
        Memory.prefetch(cells.span, at: Int(hash) & (cells.count - 1))
    }

    /// Asks for the memory of the id that stands there; its cell should be at hand by now.
    @inline(__always)
    func prefetchID(_ hash: UInt32) {
        let cell = cells.span[Int(hash) & (cells.count - 1)]
        Memory.prefetch(texts.span, at: Int(cell.id.start))
    }

    /// The slot of the account with this id, which has this hash.
    @inline(__always)
    func slot(of id: Span<UInt8>, _ hash: UInt32) -> AccountSlot? {
        let cells = cells.span
        let mask = cells.count - 1
        var index = Int(hash) & mask
        while true {
            let cell = cells[index]
            guard cell.slotPlusOne != 0 else { return nil }
            if cell.hash == hash, isEqual(id, cell.id) { return cell.slotPlusOne - 1 }
            index = (index + 1) & mask
        }
    }

    /// Gives the next slot to `id`, which must be new.
    mutating func append(_ id: Span<UInt8>) {
        if Int(count) * 2 >= cells.count { grow() }
        count += 1
        place(Cell(hash: hash(of: id), slotPlusOne: count, id: texts.appending(id)))
    }

    private mutating func grow() {
        let old = cells
        cells = [Cell](repeating: Cell(), count: old.count * 2)
        for cell in old where cell.slotPlusOne != 0 { place(cell) }
    }

    private mutating func place(_ cell: Cell) {
        let mask = cells.count - 1
        var index = Int(cell.hash) & mask
        while cells[index].slotPlusOne != 0 { index = (index + 1) & mask }
        cells[index] = cell
    }

    @inline(__always)
    private func isEqual(_ id: Span<UInt8>, _ range: ByteRange) -> Bool {
        guard id.count == Int(range.count) else { return false }
        let other = texts.span.extracting(range.indices)
        var index = 0
        while index + 8 <= id.count {
            guard Self.word(id, index) == Self.word(other, index) else { return false }
            index += 8
        }
        while index < id.count {
            guard id[index] == other[index] else { return false }
            index += 1
        }
        return true
    }

    @inline(__always)
    private static func word(_ bytes: Span<UInt8>, _ index: Int) -> UInt64 {
        unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
    }
}
