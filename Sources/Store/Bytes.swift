internal import Credit

/// Byte strings compared and hashed a word at a time.
enum Bytes {
    /// True when two stretches of `bytes` are equal.
    @inline(__always)
    static func areEqual(_ left: ByteRange, _ right: ByteRange, _ bytes: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        var first = Int(left.start)
        var second = Int(right.start)
        let end = first + Int(left.count)
        guard first != second, end <= bytes.count, second + Int(left.count) <= bytes.count else {
            return first == second
        }
        while first + 8 <= end {
            guard word(bytes, first) == word(bytes, second) else { return false }
            first += 8
            second += 8
        }
        while first < end {
            guard bytes[first] == bytes[second] else { return false }
            first += 1
            second += 1
        }
        return true
    }

    /// The high bit of each byte of a word that is `byte`: right for the first such, any after it.
    @inline(__always)
    static func marks(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let others = word.littleEndian ^ UInt64(byte) &* 0x0101_0101_0101_0101
        return (others &- 0x0101_0101_0101_0101) & ~others & 0x8080_8080_8080_8080
    }

    /// A hash for tables that live for one segment.
    @inline(__always)
    static func hash(_ range: ByteRange, _ bytes: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(range.count)
        var index = Int(range.start)
        let end = index + Int(range.count)
        guard end <= bytes.count else { return hash }
        while index + 8 <= end {
            hash = (hash ^ word(bytes, index)) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash >> 29
            index += 8
        }
        while index < end {
            hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3
            index += 1
        }
        return hash ^ hash >> 32
    }

    /// The eight bytes from `index`, which must lie within `bytes`.
    @inline(__always)
    private static func word(_ bytes: Span<UInt8>, _ index: Int) -> UInt64 {
        unsafe bytes.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
    }
}
