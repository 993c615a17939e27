/// Where an event stands in the journal: partition, segment, index.
///
/// Events are ordered by segment, then index. The id of an entry or grant is its position, so an
/// id leads straight to its record: bits 127-72 segment, 71-56 partition, 55-24 index, 23-0 a
/// check of the others, which tells a mistyped id and gives ids ends that people can tell apart.
/// See docs/adr/0011-ids-are-positions.md.
public struct Position: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// The number of the segment, from 1 without gaps.
    public let segment: UInt64
    /// The place of the event in its segment, from 0.
    public let index: UInt32
    /// The partition whose journal it is.
    public let partition: UInt16

    /// A position in the journal of `partition`.
    @inlinable
    public init(segment: UInt64, index: UInt32, partition: UInt16 = 0) {
        self.segment = segment
        self.index = index
        self.partition = partition
    }

    /// The position that an id names; nil when its check is wrong.
    public init?<Kind>(_ id: ID<Kind>) {
        let value = id.rawValue >> Self.checkBits
        guard id.rawValue & Self.checkMask == Self.check(of: value) else { return nil }
        segment = UInt64(truncatingIfNeeded: value >> 48)
        partition = UInt16(truncatingIfNeeded: value >> 32)
        index = UInt32(truncatingIfNeeded: value)
    }

    /// The id, of whichever kind, of what was recorded here.
    public func id<Kind>(as kind: ID<Kind>.Type = ID<Kind>.self) -> ID<Kind> {
        let value = UInt128(segment) << 48 | UInt128(partition) << 32 | UInt128(index)
        return ID(rawValue: value << Self.checkBits | Self.check(of: value))
    }

    private static let checkBits: UInt128 = 24
    private static let checkMask: UInt128 = 0xFF_FFFF

    /// 24 bits that depend on every bit of the value.
    private static func check(of value: UInt128) -> UInt128 {
        let high = UInt64(truncatingIfNeeded: value >> 64) ^ 0x9E37_79B9_7F4A_7C15
        let low = UInt64(truncatingIfNeeded: value) ^ 0xE703_7ED1_A0B4_28DB
        let product = high.multipliedFullWidth(by: low)
        let mixed = (product.high ^ product.low) &* 0x8EBC_6AF0_9C88_C6E3
        return UInt128(mixed >> 40)
    }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool {
        (left.partition, left.segment, left.index) < (right.partition, right.segment, right.index)
    }
}
