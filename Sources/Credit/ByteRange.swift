/// A stretch of bytes in a buffer that the holder knows; an empty one stands for an absent field.
public struct ByteRange: Hashable, Sendable, BitwiseCopyable {
    /// Where the stretch begins.
    public let start: UInt32
    /// How many bytes it has.
    public let count: UInt32

    /// The bytes from `start` on.
    @inlinable
    public init(start: Int, count: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.count = UInt32(truncatingIfNeeded: count)
    }

    /// No bytes.
    public static let empty = Self(start: 0, count: 0)

    /// True when there are no bytes.
    @inlinable
    public var isEmpty: Bool { count == 0 }

    /// The indices into the buffer.
    @inlinable
    public var indices: Range<Int> { Int(start)..<Int(start) + Int(count) }

    /// The same stretch in a buffer whose first byte is now at `offset`.
    @inlinable
    public func moved(by offset: Int) -> Self {
        isEmpty ? self : Self(start: Int(start) + offset, count: Int(count))
    }
}

extension [UInt8] {
    /// Appends bytes and gives the stretch that they take.
    @inlinable
    public mutating func appending(_ bytes: Span<UInt8>) -> ByteRange {
        let range = ByteRange(start: count, count: bytes.count)
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
        return range
    }

    /// Copies a stretch of another buffer to the end and gives the stretch that it takes.
    @inlinable
    public mutating func appending(_ range: ByteRange, of source: [UInt8]) -> ByteRange {
        guard !range.isEmpty else { return .empty }
        return appending(source.span.extracting(range.indices))
    }
}

extension Span<UInt8> {
    /// True when both have the same bytes.
    @inlinable
    public func isEqual(to other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }
}
