extension CRC32 {
    /// One bit of some bytes.
    public struct Bit: Hashable, Sendable {
        public let byte: Int
        /// From the lowest, 0, to 7.
        public let bit: Int
    }

    /// The one bit of `bytes` whose flip explains that their checksum is not `stored`, if there is
    /// one; a flip in the checksum itself counts as behind the bytes.
    ///
    /// A CRC is linear: flipping a bit changes it by a figure that only depends on how many bytes
    /// follow, so that going back from the end finds it.
    public static func flippedBit(in bytes: Span<UInt8>, stored: UInt32) -> Bit? {
        let difference = checksum(of: bytes) ^ stored
        guard difference != 0 else { return nil }
        if difference.nonzeroBitCount == 1 {
            let place = difference.trailingZeroBitCount
            return Bit(byte: bytes.count + place / 8, bit: place % 8)
        }
        var effects = (0..<8).map { Self.shifted(1 << UInt32($0)) }
        var byte = bytes.count - 1
        while byte >= 0 {
            if let bit = effects.firstIndex(of: difference) { return Bit(byte: byte, bit: bit) }
            for bit in effects.indices {
                effects[bit] = effects[bit] >> 8 ^ Self.shifted(effects[bit] & 0xFF)
            }
            byte -= 1
        }
        return nil
    }

    /// What the lowest byte of a remainder becomes when it is shifted out.
    private static func shifted(_ low: UInt32) -> UInt32 {
        var remainder = low
        for _ in 0..<8 {
            remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1
        }
        return remainder
    }
}
