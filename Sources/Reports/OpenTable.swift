/// A hash table of plain values with open addressing: one probe touches one cache line or two.
struct OpenTable<Key: Hashable & Sendable & BitwiseCopyable, Value: Sendable & BitwiseCopyable>:
    Sendable
where Key: OpenTableKey {
    private var slots: [UInt32] = [UInt32](repeating: 0, count: 1024)
    /// The keys and values in order of first use.
    var entries: [(key: Key, value: Value)] = []
    private let blank: Value

    init(blank: Value) {
        self.blank = blank
    }

    /// The place of a key among the entries; a new one begins with the blank value.
    mutating func place(of key: Key) -> Int {
        if entries.count * 2 >= slots.count { grow() }
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: key.tableHash) & mask
        while slots[slot] != 0 {
            let index = Int(slots[slot]) - 1
            if entries[index].key == key { return index }
            slot = (slot + 1) & mask
        }
        entries.append((key, blank))
        slots[slot] = UInt32(truncatingIfNeeded: entries.count)
        return entries.count - 1
    }

    private mutating func grow() {
        let size = slots.count * 2
        slots = [UInt32](repeating: 0, count: size)
        for (index, entry) in entries.enumerated() {
            var slot = Int(truncatingIfNeeded: entry.key.tableHash) & (size - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = UInt32(truncatingIfNeeded: index + 1)
        }
    }
}

/// A key that gives its own hash; all keys are made inside, so that it needs no secret.
protocol OpenTableKey {
    var tableHash: UInt64 { get }
}

extension UsageDelta.CellKey: OpenTableKey {
    var tableHash: UInt64 {
        let first = UInt64(account) << 32 | UInt64(action)
        let second = UInt64(bitPattern: quarter) << 32 ^ UInt64(key)
        let product = (first ^ 0x9E37_79B9_7F4A_7C15)
            .multipliedFullWidth(by: second ^ 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low
    }
}
