internal import CZlib

/// The CRC-32 of ISO 3309, as in gzip and PNG, by zlib.
public enum CRC32: Sendable {
    /// The checksum of `bytes`.
    public static func checksum(of bytes: Span<UInt8>) -> UInt32 {
        let sum = unsafe bytes.withUnsafeBufferPointer { pointer in
            unsafe crc32_z(0, pointer.baseAddress, pointer.count)
        }
        return UInt32(truncatingIfNeeded: sum)
    }
}
