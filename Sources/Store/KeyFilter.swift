internal import Credit
internal import Ledger

/// Says of a key on disk that it is surely not in a run, or that it may be.
///
/// A split block Bloom filter, as the Parquet format describes it: a key sets one bit in each of the
/// eight words of one block, so that asking touches one line of memory. Of keys that are not there,
/// one in about 700 is taken for one that may be.
public struct KeyFilter: Hashable, Sendable {
    /// How many bits a key takes.
    public static let bitsPerKey = 16
    private static let blockWords = 8
    private static let salts: InlineArray<8, UInt32> = [
        0x47B6_137B, 0x4497_4D91, 0x8824_AD5B, 0xA2B7_289D, 0x7054_95C7, 0x2DF1_424B, 0x9EFC_4947,
        0x5C6B_FB31,
    ]

    private var words: [UInt32]

    /// A filter without keys, large enough for `count` of them.
    public init(expecting count: Int) {
        let blocks = max(1, (count * Self.bitsPerKey + 255) / 256)
        words = [UInt32](repeating: 0, count: blocks * Self.blockWords)
    }

    /// How many bytes it takes.
    public var byteCount: Int { words.count * 4 }

    /// Adds the key whose hash this is, as it is kept on disk.
    public mutating func insert(_ hash: UInt64) {
        let mixed = Self.mix(hash)
        let block = block(of: hash)
        for word in 0..<Self.blockWords { words[block + word] |= Self.bit(mixed, word) }
    }

    /// False when the key was surely not added.
    @inline(__always)
    public func mayHold(_ hash: UInt64) -> Bool {
        let mixed = Self.mix(hash)
        let block = block(of: hash)
        // Without a branch for each word, so that the waits of several questions overlap.
        var missing: UInt32 = 0
        for word in 0..<Self.blockWords {
            missing |= Self.bit(mixed, word) & ~words[block + word]
        }
        return missing == 0
    }

    /// The first word of the block that a hash belongs to.
    ///
    /// Blocks are in the order of hashes, so that a run, which is written in that order, fills one
    /// after the other.
    @inline(__always)
    private func block(of hash: UInt64) -> Int {
        let blocks = UInt64(words.count / Self.blockWords)
        let spread = hash << UInt64(64 - KeyRecord.hashBits)
        return Int(spread.multipliedFullWidth(by: blocks).high) * Self.blockWords
    }

    @inline(__always)
    private static func bit(_ mixed: UInt64, _ word: Int) -> UInt32 {
        1 << ((UInt32(truncatingIfNeeded: mixed) &* salts[word]) >> 27)
    }

    /// Spreads hashes, of which disk keeps few bits, over all 64.
    @inline(__always)
    static func mix(_ hash: UInt64) -> UInt64 {
        let product = (hash &+ 1).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return (product.high ^ product.low) &* 0xE703_7ED1_A0B4_28DB
    }
}

extension KeyFilter {
    /// The words, little-endian, and a CRC-32 of them and of the run that they are about.
    public func encoded(for range: SegmentRange) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount + 4)
        for word in words { bytes.append(fixed: word) }
        return bytes.withChecksum(under: Self.key(range))
    }

    private static func key(_ range: SegmentRange) -> [Int64] {
        [Int64(bitPattern: range.after), Int64(bitPattern: range.through)]
    }

    /// Reads what ``encoded(for:)`` gives.
    public init(from stored: [UInt8], for range: SegmentRange) throws(SegmentError) {
        let bytes = try stored.checked(under: Self.key(range))
        guard !bytes.isEmpty, bytes.count % (4 * Self.blockWords) == 0 else {
            throw .malformed(at: bytes.count)
        }
        var reader = ByteReader()
        words = []
        words.reserveCapacity(bytes.count / 4)
        for _ in 0..<bytes.count / 4 {
            words.append(try reader.fixed(UInt32.self, in: bytes.span))
        }
    }
}
