public import Credit

/// Finds the event that an idempotency key of an account is final for.
///
/// Exact in practice: it compares 71 bits of a hash under a secret seed, so that among 10^7 keys one
/// look-up in 10^14 would mistake a new key for a known one, and whoever replays an answer compares
/// the stored key as bytes.
///
/// Extendible hashing: buckets of 512 slots, found through a directory, split in two when full, so
/// that growing moves a few hundred keys at a time and memory is touched once. In a bucket, groups
/// of eight slots have a word of tags each, so that a key never seen costs one look at one word
/// (the layout of Abseil's Swiss tables).
public struct IdempotencyIndex: Sendable {
    /// The hash of an account's id and a key.
    public struct Hash: Hashable, Sendable, BitwiseCopyable {
        let high: UInt64
        let low: UInt64

        /// The part of it that is kept on disk, of ``KeyRecord/hashBits`` bits.
        public var stored: UInt64 { KeyRecord.stored(low) }
    }

    /// The most events of a segment, so that a place fits 64 bits.
    public static let segmentEventsMax = 1 << 24

    private var buckets = BucketList()
    /// The bucket for the lower bits of a hash; a power of two of them.
    private var directory: [UInt32] = [0]
    /// How many keys it holds.
    public private(set) var count = 0

    /// An empty index.
    public init() {
        buckets.append(depth: 0)
    }

    /// Where the event for the key stands, if there is one.
    public func position(of hash: Hash) -> Position? {
        buckets.place(of: hash, in: bucket(hash)).map(Self.position)
    }

    /// Asks for the memory where the key would be looked for.
    @inline(__always)
    func prefetch(_ hash: Hash) {
        buckets.prefetchTags(hash, in: bucket(hash))
    }

    /// Asks for the memory where the key would be kept; the tags should be at hand by now.
    @inline(__always)
    func prefetchSlot(_ hash: Hash) {
        buckets.prefetchSlot(hash, in: bucket(hash))
    }

    /// Keeps that the key's event stands at `position`; the key must not be there yet.
    public mutating func insert(_ hash: Hash, at position: Position) {
        while buckets.isFull(bucket(hash)) { split(bucket(hash), hash) }
        let place = position.segment << 24 | UInt64(position.index)
        buckets.insert(hash.low, tag: hash.tag, group: hash.group, place, in: bucket(hash))
        count += 1
    }

    /// Every key as it is kept on disk, in no order.
    public var records: [KeyRecord] {
        var records: [KeyRecord] = []
        records.reserveCapacity(count)
        buckets.visit { low, place in
            records.append(KeyRecord(hash: KeyRecord.stored(low), segment: place >> 24))
        }
        return records
    }

    @inline(__always)
    private func bucket(_ hash: Hash) -> Int {
        Int(directory[Int(truncatingIfNeeded: hash.low) & (directory.count - 1)])
    }

    /// Moves half of a bucket's keys, as one more bit of their hashes says, to a new bucket.
    private mutating func split(_ bucket: Int, _ hash: Hash) {
        let depth = buckets.depths[bucket]
        if 1 << depth == directory.count { directory += directory }
        let added = buckets.split(bucket)
        var entry = Int(truncatingIfNeeded: hash.low) & ((1 << depth) - 1) | 1 << depth
        while entry < directory.count {
            directory[entry] = UInt32(truncatingIfNeeded: added)
            entry += 1 << (depth + 1)
        }
    }

    private static func position(_ place: UInt64) -> Position {
        Position(segment: place >> 24, index: UInt32(truncatingIfNeeded: place & 0xFF_FFFF))
    }
}

extension IdempotencyIndex.Hash {
    /// The byte that stands for it among the tags: never that of a free slot, which is 0.
    fileprivate var tag: UInt8 { UInt8(truncatingIfNeeded: high) | 0x80 }

    /// The group of its bucket in which it is looked for first.
    fileprivate var group: Int { BucketList.group(low) }
}

/// The buckets of an ``IdempotencyIndex``.
///
/// A bucket is a block of words: one of tags for each group, then for each slot the lower half of
/// the hash and the place (segment in the upper 40 bits, index in the lower 24).
private struct BucketList: Sendable {
    private static let groups = 64
    private static let groupSlots = 8
    /// A bucket is split when so many of its 512 slots are taken.
    private static let slotsTakenMax: UInt16 = 448
    private static let highBits: UInt64 = 0x8080_8080_8080_8080
    private static let lowBits: UInt64 = 0x0101_0101_0101_0101

    private var words = BlockList<UInt64>(blockCount: groups + groups * groupSlots * 2)
    /// How many bits of the hash all keys of a bucket share.
    private(set) var depths: [UInt8] = []
    private var counts: [UInt16] = []

    /// Directories go by the lower bits, groups by the upper ones.
    @inline(__always)
    static func group(_ low: UInt64) -> Int { Int(low >> 58) }

    mutating func append(depth: UInt8) {
        words.append(filledWith: 0)
        depths.append(depth)
        counts.append(0)
    }

    func isFull(_ bucket: Int) -> Bool { counts[bucket] == Self.slotsTakenMax }

    func place(of hash: IdempotencyIndex.Hash, in bucket: Int) -> UInt64? {
        var group = hash.group
        let wanted = UInt64(hash.tag) &* Self.lowBits
        while true {
            let word = words[bucket, group]
            let others = word ^ wanted
            // Marks every equal tag, and at worst a few that the comparison below clears.
            var marks = (others &- Self.lowBits) & ~others & Self.highBits
            while marks != 0 {
                let slot = Self.slot(group, marks)
                if words[bucket, slot] == hash.low { return words[bucket, slot + 1] }
                marks &= marks &- 1
            }
            if ~word & Self.highBits != 0 { return nil }
            group = (group + 1) % Self.groups
        }
    }

    /// Calls `body` with the lower half of each key's hash and its place.
    func visit(_ body: (UInt64, UInt64) -> Void) {
        for bucket in 0..<counts.count {
            for group in 0..<Self.groups {
                var used = words[bucket, group] & Self.highBits
                while used != 0 {
                    let slot = Self.slot(group, used)
                    body(words[bucket, slot], words[bucket, slot + 1])
                    used &= used &- 1
                }
            }
        }
    }

    @inline(__always)
    func prefetchTags(_ hash: IdempotencyIndex.Hash, in bucket: Int) {
        words.prefetch(bucket, hash.group)
    }

    @inline(__always)
    func prefetchSlot(_ hash: IdempotencyIndex.Hash, in bucket: Int) {
        let free = firstFree(hash.group, in: bucket)
        words.prefetch(bucket, Self.slot(free.group, free.mark))
    }

    mutating func insert(_ low: UInt64, tag: UInt8, group: Int, _ place: UInt64, in bucket: Int) {
        let free = firstFree(group, in: bucket)
        let slot = Self.slot(free.group, free.mark)
        let shift = UInt64(free.mark.trailingZeroBitCount & ~7)
        unsafe words.change(bucket) { words in
            unsafe words[free.group] |= UInt64(tag) << shift
            unsafe words[slot] = low
            unsafe words[slot + 1] = place
        }
        counts[bucket] += 1
    }

    /// The first group with a free slot from `group` on; the lowest mark is that of the slot.
    @inline(__always)
    private func firstFree(_ group: Int, in bucket: Int) -> (group: Int, mark: UInt64) {
        var group = group
        while true {
            let free = ~words[bucket, group] & Self.highBits
            if free != 0 { return (group, free) }
            group = (group + 1) % Self.groups
        }
    }

    /// Where the slot of a group's lowest mark begins in the block.
    @inline(__always)
    private static func slot(_ group: Int, _ marks: UInt64) -> Int {
        groups + (group * groupSlots + marks.trailingZeroBitCount >> 3) * 2
    }

    /// Splits a bucket by the next bit of its keys' hashes; gives the bucket of those that have it.
    mutating func split(_ bucket: Int) -> Int {
        let added = counts.count
        let depth = depths[bucket]
        depths[bucket] = depth + 1
        append(depth: depth + 1)
        counts[bucket] = 0
        let old = (0..<words.blockCount).map { words[bucket, $0] }
        for group in 0..<Self.groups {
            words[bucket, group] = 0
        }
        for group in 0..<Self.groups {
            var used = old[group] & Self.highBits
            while used != 0 {
                let slot = Self.slot(group, used)
                let tag = UInt8(
                    truncatingIfNeeded: old[group] >> UInt64(used.trailingZeroBitCount & ~7))
                let low = old[slot]
                insert(
                    low, tag: tag, group: Self.group(low), old[slot + 1],
                    in: low >> UInt64(depth) & 1 == 0 ? bucket : added)
                used &= used &- 1
            }
        }
        return added
    }
}
