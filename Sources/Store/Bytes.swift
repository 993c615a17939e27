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

    /// The first and the last eight bytes of a string, which overlap in a shorter one: together with
    /// its length they are all of a string of at most ``count`` bytes.
    struct Ends: Equatable, BitwiseCopyable {
        static let count = 16

        private var first: UInt64 = 0
        private var last: UInt64 = 0

        init() {}

        @inline(__always)
        init(of range: ByteRange, in bytes: Span<UInt8>) {
            let start = Int(range.start)
            let end = start + Int(range.count)
            guard end <= bytes.count else { return }
            if range.count >= 8 {
                first = Bytes.word(bytes, start)
                last = Bytes.word(bytes, end - 8)
            } else {
                for index in start..<end { first = first << 8 | UInt64(bytes[index]) }
            }
        }

        /// A hash of the string, for tables that live for one segment.
        @inline(__always)
        func hash(_ range: ByteRange, _ bytes: Span<UInt8>) -> UInt64 {
            var hash = mix(first ^ UInt64(range.count), last)
            guard range.count > Self.count else { return hash }
            var index = Int(range.start) + 8
            let end = Int(range.start) + Int(range.count) - 8
            guard end + 8 <= bytes.count else { return hash }
            while index < end {
                hash = mix(hash, Bytes.word(bytes, index))
                index += 8
            }
            return hash
        }

        @inline(__always)
        private func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
            let factors = (left ^ 0x9E37_79B9_7F4A_7C15, right ^ 0xE703_7ED1_A0B4_28DB)
            let product = factors.0.multipliedFullWidth(by: factors.1)
            return product.high ^ product.low
        }
    }

    /// The eight bytes from `index`, which must lie within `bytes`.
    @inline(__always)
    fileprivate static func word(_ bytes: Span<UInt8>, _ index: Int) -> UInt64 {
        unsafe bytes.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
    }
}
