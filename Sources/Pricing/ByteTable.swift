/// Byte strings and the places they have in a list, found without an allocation.
///
/// Open addressing over strings that lie behind each other. They are the operator's own, so a hash
/// without a secret is enough: who looks up others finds chains no longer than those strings make.
struct ByteTable: Sendable {
    /// A string of the table; equal ones are told apart by their tags.
    struct Key: Hashable {
        var tag: UInt32 = 0
        var bytes: [UInt8]
    }

    private struct Slot: BitwiseCopyable {
        var tag: UInt32 = 0
        var place: Int32 = -1
        var start: UInt32 = 0
        var count: UInt32 = 0
    }

    private var bytes: [UInt8] = []
    /// At least half are free, with a place of -1.
    private var slots: [Slot]

    /// A table of `keys`, no two of which are equal.
    init(_ keys: [Key]) {
        var count = 2
        while count < keys.count * 2 { count *= 2 }
        slots = Array(repeating: Slot(), count: count)
        for (place, key) in keys.enumerated() {
            var slot = first(key.bytes.span, 0..<key.bytes.count, key.tag)
            while slots[slot].place >= 0 { slot = (slot + 1) & (count - 1) }
            slots[slot] = Slot(
                tag: key.tag, place: Int32(truncatingIfNeeded: place),
                start: UInt32(truncatingIfNeeded: bytes.count),
                count: UInt32(truncatingIfNeeded: key.bytes.count))
            bytes += key.bytes
        }
    }

    /// The place of the key with this tag that the bytes of `text` in `range` are; nil for none.
    @inline(__always)
    func place(of text: Span<UInt8>, _ range: Range<Int>, tag: UInt32 = 0) -> Int? {
        var index = first(text, range, tag)
        while true {
            let slot = slots[index]
            guard slot.place >= 0 else { return nil }
            if slot.tag == tag, Int(slot.count) == range.count,
                EightBytes.areEqual(
                    bytes.span, at: Int(slot.start), text, at: range.lowerBound, count: range.count)
            {
                return Int(slot.place)
            }
            index = (index &+ 1) & (slots.count &- 1)
        }
    }

    @inline(__always)
    private func first(_ text: Span<UInt8>, _ range: Range<Int>, _ tag: UInt32) -> Int {
        let hash = EightBytes.hash(text, range, tag: tag)
        return Int(truncatingIfNeeded: hash) & (slots.count &- 1)
    }
}
