internal import Credit

/// The first and the last eight bytes of a text, which overlap in a shorter one: together with its
/// length they are all of a text of at most ``count`` bytes.
@frozen
public struct TextEnds: Equatable, Sendable, BitwiseCopyable {
    /// Up to so many bytes a text is told by its ends and its length alone.
    public static let count = 16

    @usableFromInline var first: UInt64 = 0
    @usableFromInline var last: UInt64 = 0

    /// Those of the empty text.
    @inlinable
    public init() {}

    /// Those of a whole text.
    @inlinable @inline(__always)
    public init(_ text: Span<UInt8>) {
        if text.count >= 8 {
            first = Self.word(text, 0)
            last = Self.word(text, text.count - 8)
        } else {
            for index in text.indices { first = first << 8 | UInt64(text[index]) }
        }
    }

    @inline(__always)
    init(of range: ByteRange, in bytes: Span<UInt8>) {
        self.init(
            range.indices.upperBound <= bytes.count
                ? bytes.extracting(range.indices) : bytes.extracting(0..<0))
    }

    /// The eight bytes from `index`, which must lie within `text`.
    @inlinable @inline(__always)
    static func word(_ text: Span<UInt8>, _ index: Int) -> UInt64 {
        unsafe text.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
    }

    /// A hash of the text, for tables that live for one segment or a part of memory.
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
