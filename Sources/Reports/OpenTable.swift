internal import Ledger
internal import Store

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

    /// The place of a key among the entries, if it has one.
    func knownPlace(of key: Key) -> Int? {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: key.tableHash) & mask
        while slots[slot] != 0 {
            let index = Int(slots[slot]) - 1
            if entries[index].key == key { return index }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// True when a key has an entry.
    func contains(_ key: Key) -> Bool { knownPlace(of: key) != nil }

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
        let names =
            UInt64(key.team) << 32 ^ UInt64(key.scenario) ^ UInt64(key.status.rawValue) << 48
        let first = UInt64(account) << 32 | UInt64(key.action)
        let second = UInt64(bitPattern: key.start) << 32 ^ UInt64(key.key)
        let product = (first ^ 0x9E37_79B9_7F4A_7C15)
            .multipliedFullWidth(by: second ^ 0xE703_7ED1_A0B4_28DB)
        let mixed = (product.high ^ product.low ^ names) &* 0xD6E8_FEB8_6659_FD93
        return mixed ^ mixed >> 32
    }
}
