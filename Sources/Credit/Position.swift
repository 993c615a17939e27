/// Where an event stands in the journal: partition, segment, index.
///
/// Events are ordered by segment, then index. The id of an entry or grant is its position, so an
/// id leads straight to its record: bits 127-64 segment, 63-48 partition, 47-16 index, 15-0 zero.
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

    /// The position that an id names; nil when the bits that are always zero are not.
    public init?<Kind>(_ id: ID<Kind>) {
        guard id.rawValue & 0xFFFF == 0 else { return nil }
        segment = UInt64(truncatingIfNeeded: id.rawValue >> 64)
        partition = UInt16(truncatingIfNeeded: id.rawValue >> 48)
        index = UInt32(truncatingIfNeeded: id.rawValue >> 16)
    }

    /// The id, of whichever kind, of what was recorded here.
    @inlinable
    public func id<Kind>(as kind: ID<Kind>.Type = ID<Kind>.self) -> ID<Kind> {
        ID(
            rawValue: UInt128(segment) << 64 | UInt128(partition) << 48 | UInt128(index) << 16
        )
    }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool {
        (left.partition, left.segment, left.index) < (right.partition, right.segment, right.index)
    }
}
