internal import CNettle

/// SHA-256 (FIPS 180-4) of bytes given in pieces, by Nettle, which uses the processor's SHA
/// instructions where there are any.
public struct SHA256: ~Copyable, Sendable {
    /// How many bytes a digest has.
    public static let byteCount = 32

    private var context = sha256_ctx()

    /// A digest of nothing yet.
    public init() {
        unsafe nettle_sha256_init(&context)
    }

    /// Adds bytes to what is hashed.
    public mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { pointer in
            unsafe nettle_sha256_update(&context, pointer.count, pointer.baseAddress)
        }
    }

    /// The 32 bytes of the digest.
    public consuming func finish() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
            unsafe nettle_sha256_digest(&context, Self.byteCount, buffer.baseAddress)
            count = Self.byteCount
        }
    }

    /// The first 128 bits of the digest, the first byte highest.
    public consuming func finishPrefix() -> UInt128 {
        var value: UInt128 = 0
        let digest = finish()
        for byte in digest[..<16] { value = value << 8 | UInt128(byte) }
        return value
    }

    /// The digest of `bytes`.
    public static func digest(of bytes: Span<UInt8>) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }
}
