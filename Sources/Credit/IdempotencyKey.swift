/// The rule that an idempotency key keeps: 1-255 visible ASCII bytes, compared as bytes.
public enum IdempotencyKey: Sendable {
    /// Why bytes are not an idempotency key.
    public enum Invalid: Error, Hashable {
        case empty
        case tooLong(bytes: Int)
        case notVisibleASCII
    }

    /// The most bytes of a key.
    public static let bytesMax = 255

    /// Throws unless `bytes` are an idempotency key.
    @inlinable
    public static func check(_ bytes: Span<UInt8>) throws(Invalid) {
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= bytesMax else { throw .tooLong(bytes: bytes.count) }
        for index in bytes.indices {
            guard case 0x21...0x7E = bytes[index] else { throw .notVisibleASCII }
        }
    }
}
