public import Credit
internal import Digest

/// Makes ids of requests: milliseconds since 1970 in the upper 48 bits, then 80 random ones.
///
/// They tell requests apart and guard nothing, so that a seeded generator is enough.
public struct RequestIDSource: Sendable {
    private var state: UInt64 = RandomBytes.seed()

    public init() {}

    /// The id of a request that came at `now`.
    public mutating func next(at now: Instant) -> RequestID {
        let milliseconds = UInt128(UInt64(bitPattern: now.micros / 1000) & 0xFFFF_FFFF_FFFF)
        let random = UInt128(step() & 0xFFFF) << 64 | UInt128(step())
        return RequestID(rawValue: milliseconds << 80 | random)
    }

    /// SplitMix64 by Sebastiano Vigna (public domain).
    private mutating func step() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}

extension [UInt8] {
    /// Appends an id in the form of a UUID of version 4, for contracts that want one.
    public mutating func append(uuid id: RequestID) {
        let version: UInt128 = 0x4000 << 64
        let variant: UInt128 = 0x8 << 60
        let bits =
            id.rawValue & ~(UInt128(0xF000) << 64) & ~(UInt128(0xC) << 60) | version | variant
        let digits = Array("0123456789abcdef".utf8)
        for place in 0..<32 {
            if [8, 12, 16, 20].contains(place) { append(UInt8(ascii: "-")) }
            let digit = bits >> UInt128((31 - place) * 4) & 0xF
            append(digits[Int(truncatingIfNeeded: digit)])
        }
    }
}
