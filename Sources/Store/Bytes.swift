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

    /// Less than 0 when one text comes before another by its bytes, 0 when they are equal.
    static func compare(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            return left[index] < right[index] ? -1 : 1
        }
        return left.count - right.count
    }

    /// The high bit of each byte of a word that is `byte`: right for the first such, any after it.
    @inline(__always)
    static func marks(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let others = word.littleEndian ^ UInt64(byte) &* 0x0101_0101_0101_0101
        return (others &- 0x0101_0101_0101_0101) & ~others & 0x8080_8080_8080_8080
    }

    typealias Ends = TextEnds

    /// The eight bytes from `index`, which must lie within `bytes`.
    @inline(__always)
    static func word(_ bytes: Span<UInt8>, _ index: Int) -> UInt64 {
        unsafe bytes.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
    }
}
