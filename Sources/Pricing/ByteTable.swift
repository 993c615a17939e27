/// Byte strings and the places they have in a list, found without an allocation.
///
/// Open addressing. The strings are the operator's own, so a hash without a secret is enough: who
/// looks up others finds chains no longer than those strings make.
struct ByteTable: Sendable {
    private let keys: [[UInt8]]
    /// For each slot the place of its key, or -1; at least half are free.
    private var slots: [Int32]

    /// A table of `keys`, no two of which are equal.
    init(_ keys: [[UInt8]]) {
        self.keys = keys
        var count = 2
        while count < keys.count * 2 { count *= 2 }
        slots = Array(repeating: -1, count: count)
        for (place, key) in keys.enumerated() {
            var slot = Self.hash(key.span, 0..<key.count) & (count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (count - 1) }
            slots[slot] = Int32(truncatingIfNeeded: place)
        }
    }

    /// The place of the key that the bytes of `text` in `range` are; nil when there is none.
    func place(of text: Span<UInt8>, _ range: Range<Int>) -> Int? {
        guard !keys.isEmpty else { return nil }
        var slot = Self.hash(text, range) & (slots.count - 1)
        while slots[slot] >= 0 {
            let place = Int(slots[slot])
            if equal(keys[place], text, range) { return place }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Eight bytes at a time are multiplied into the hash, as Fibonacci hashing does with one.
    private static func hash(_ text: Span<UInt8>, _ range: Range<Int>) -> Int {
        var hash = UInt64(truncatingIfNeeded: range.count)
        var (word, count): (UInt64, Int) = (0, 0)
        for index in range {
            word = word << 8 | UInt64(text[index])
            count += 1
            if count & 7 == 0 { hash = mix(hash ^ word) }
        }
        return Int(truncatingIfNeeded: mix(hash ^ word) >> 32)
    }

    private static func mix(_ hash: UInt64) -> UInt64 {
        let product = hash &* 0x9E37_79B9_7F4A_7C15
        return product ^ product >> 32
    }
}
