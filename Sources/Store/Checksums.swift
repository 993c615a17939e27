internal import Digest

extension [UInt8] {
    /// The same with a CRC-32 at its end.
    consuming func withChecksum() -> [UInt8] {
        var bytes = self
        bytes.append(fixed: CRC32.checksum(of: bytes.span))
        return bytes
    }

    /// The bytes before the CRC-32 at the end, which must be theirs.
    func checked() throws(SegmentError) -> [UInt8] {
        guard count >= 4 else { throw .malformed(at: count) }
        let body = Array(dropLast(4))
        var reader = ByteReader()
        _ = try reader.take(body.count, in: span)
        guard try reader.fixed(UInt32.self, in: span) == CRC32.checksum(of: body.span) else {
            throw .badChecksum
        }
        return body
    }
}
