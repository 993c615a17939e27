internal import Digest

/// Checksums of what is stored beside bodies that carry their own.
public enum Checksum: Sendable {
    /// The CRC-32 of numbers, of eight bytes each.
    public static func crc32(of numbers: [Int64]) -> UInt32 {
        var bytes: [UInt8] = []
        for number in numbers { bytes.append(fixed: number) }
        return CRC32.checksum(of: bytes.span)
    }
}

extension [UInt8] {
    /// The same with a CRC-32 at its end, of it and of the numbers that it is stored under.
    consuming func withChecksum(under key: [Int64] = []) -> [UInt8] {
        var bytes = self
        bytes.append(fixed: bytes.checksum(under: key))
        return bytes
    }

    /// The bytes before the CRC-32 at the end, which must be theirs.
    func checked(under key: [Int64] = []) throws(SegmentError) -> [UInt8] {
        guard count >= 4 else { throw .malformed(at: count) }
        let body = Array(dropLast(4))
        var reader = ByteReader()
        _ = try reader.take(body.count, in: span)
        guard try reader.fixed(UInt32.self, in: span) == body.checksum(under: key) else {
            throw .badChecksum
        }
        return body
    }

    private func checksum(under key: [Int64]) -> UInt32 {
        guard !key.isEmpty else { return CRC32.checksum(of: span) }
        var bytes = self
        for number in key { bytes.append(fixed: number) }
        return CRC32.checksum(of: bytes.span)
    }
}
