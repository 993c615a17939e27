import Credit

/// A 128-bit hash under a secret seed, made of folded 64x64-bit multiplications (as in wyhash).
///
/// It is no cryptographic hash: it spreads keys over tables and makes collisions unforeseeable
/// for whoever does not know the seed.
struct KeyedHash {
    private static let multiplierA: UInt64 = 0x9E37_79B9_7F4A_7C15
    private static let multiplierB: UInt64 = 0xE703_7ED1_A0B4_28DB
    private static let multiplierC: UInt64 = 0x8EBC_6AF0_9C88_C6E3

    private let seed: UInt64
    private var high: UInt64
    private var low: UInt64

    @inline(__always)
    init(seed: UInt64) {
        self.seed = seed
        high = Self.fold(seed, Self.multiplierA)
        low = Self.fold(seed &+ Self.multiplierC, Self.multiplierB)
    }

    @inline(__always)
    mutating func mix(_ bytes: Span<UInt8>) {
        var index = 0
        while index + 16 <= bytes.count {
            mix(Self.word(bytes, index), Self.word(bytes, index + 8))
            index += 16
        }
        if index < bytes.count { mixTail(bytes, from: index) }
        mix(UInt64(truncatingIfNeeded: bytes.count), Self.multiplierC)
    }

    /// Mixes in the last 1 to 15 bytes; of over eight, those in the middle count twice.
    @inline(__always)
    private mutating func mixTail(_ bytes: Span<UInt8>, from index: Int) {
        let left = bytes.count - index
        if left >= 8 {
            mix(Self.word(bytes, index), Self.word(bytes, bytes.count - 8))
        } else {
            var word: UInt64 = 0
            for offset in 0..<left { word = word << 8 | UInt64(bytes[index + offset]) }
            mix(word, 0)
        }
    }

    var finished: IdempotencyIndex.Hash {
        IdempotencyIndex.Hash(
            high: Self.fold(high ^ Self.multiplierB, low ^ seed),
            low: Self.fold(low ^ Self.multiplierA, high &+ seed))
    }

    @inline(__always)
    private mutating func mix(_ first: UInt64, _ second: UInt64) {
        high = Self.fold(high ^ first, second ^ Self.multiplierA ^ seed)
        low = Self.fold(low ^ second ^ Self.multiplierB, first &+ Self.multiplierC)
    }

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low ^ left
    }

    @inline(__always)
    private static func word(_ bytes: Span<UInt8>, _ index: Int) -> UInt64 {
        unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
    }
}
