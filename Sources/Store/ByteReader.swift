internal import Credit

/// Why stored bytes are not a segment that this version can read.
public enum SegmentError: Error, Hashable, Sendable {
    /// The bytes at this offset are not what the format says.
    case malformed(at: Int)
    /// The CRC-32 at the end of the money or details part differs from its bytes.
    case badChecksum
    /// The segment was written in another version of the format.
    case unknownVersion(UInt16)
    /// The hash of the segment before is another one.
    case brokenChain
    /// The details part is not the one whose hash the money part holds.
    case detailsDiffer
    /// The hash stored beside the money part is not the one of its bytes.
    case hashDiffers
    /// Another number than the one asked for.
    case wrongNumber(UInt64)
}

/// Reads integers and byte strings from left to right, never past the end.
struct ByteReader {
    private(set) var offset: Int

    /// A reader that begins at `offset`.
    init(at offset: Int = 0) {
        self.offset = offset
    }

    mutating func byte(in bytes: Span<UInt8>) throws(SegmentError) -> UInt8 {
        guard offset < bytes.count else { throw .malformed(at: offset) }
        offset += 1
        return bytes[offset - 1]
    }

    /// An unsigned LEB128 integer of at most ten bytes.
    mutating func varint(in bytes: Span<UInt8>) throws(SegmentError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 70 {
            let next = try byte(in: bytes)
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return value }
            shift += 7
        }
        throw .malformed(at: offset)
    }

    /// A signed LEB128 integer (ZigZag) of at most nineteen bytes.
    mutating func wide(in bytes: Span<UInt8>) throws(SegmentError) -> Int128 {
        var value: UInt128 = 0
        var shift: UInt128 = 0
        while shift < 133 {
            let next = try byte(in: bytes)
            value |= UInt128(next & 0x7F) << shift
            if next < 0x80 { return ZigZag.decode(value) }
            shift += 7
        }
        throw .malformed(at: offset)
    }

    /// A varint that counts something of which there are at most `limit`.
    mutating func count(
        limit: Int, in bytes: Span<UInt8>
    ) throws(SegmentError) -> Int {
        let value = try varint(in: bytes)
        guard value <= UInt64(limit) else { throw .malformed(at: offset) }
        return Int(value)
    }

    /// Passes over `count` bytes and gives where they begin.
    mutating func take(_ count: Int, in bytes: Span<UInt8>) throws(SegmentError) -> Int {
        guard count >= 0, count <= bytes.count - offset else { throw .malformed(at: offset) }
        offset += count
        return offset - count
    }

    /// An integer of `Value`'s width, little-endian.
    mutating func fixed<Value: FixedWidthInteger>(
        _ type: Value.Type, in bytes: Span<UInt8>
    ) throws(SegmentError) -> Value {
        let start = try take(Value.bitWidth / 8, in: bytes)
        var value: Value = 0
        for index in 0..<Value.bitWidth / 8 {
            value |= Value(truncatingIfNeeded: bytes[start + index]) << Value(index * 8)
        }
        return value
    }

    /// A length as a varint and that many bytes.
    mutating func byteString(
        limit: Int = 1 << 24, in bytes: Span<UInt8>
    ) throws(SegmentError) -> [UInt8] {
        let size = try count(limit: limit, in: bytes)
        let start = try take(size, in: bytes)
        return [UInt8](bytes.extracting(start..<start + size))
    }

    /// A byte string that is UTF-8.
    mutating func text(in bytes: Span<UInt8>) throws(SegmentError) -> String {
        let utf8 = try byteString(in: bytes)
        guard let text = String(validating: utf8, as: UTF8.self) else {
            throw .malformed(at: offset)
        }
        return text
    }
}

extension [UInt8] {
    /// Copies the bytes of a span.
    init(_ bytes: Span<UInt8>) {
        self.init()
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Appends an unsigned LEB128 integer.
    mutating func append(varint value: UInt64) {
        var left = value
        while left >= 0x80 {
            append(UInt8(truncatingIfNeeded: left) | 0x80)
            left >>= 7
        }
        append(UInt8(truncatingIfNeeded: left))
    }

    /// Appends a signed LEB128 integer (ZigZag), short for small magnitudes.
    mutating func append(wide value: Int128) {
        var left = ZigZag.encode(value)
        while left >= 0x80 {
            append(UInt8(truncatingIfNeeded: left) | 0x80)
            left >>= 7
        }
        append(UInt8(truncatingIfNeeded: left))
    }

    /// Appends an integer in its own width, little-endian.
    mutating func append<Value: FixedWidthInteger>(fixed value: Value) {
        unsafe Swift.withUnsafeBytes(of: value.littleEndian) { unsafe append(contentsOf: $0) }
    }

    /// Appends a length as a varint and the bytes.
    mutating func append(byteString bytes: [UInt8]) {
        append(varint: UInt64(bytes.count))
        append(contentsOf: bytes)
    }

    /// Appends a text as a byte string of its UTF-8.
    mutating func append(byteString text: String) {
        append(varint: UInt64(text.utf8.count))
        append(contentsOf: text.utf8)
    }
}

/// Maps signed to unsigned integers so that small magnitudes stay small.
enum ZigZag {
    static func encode(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: value << 1 ^ value >> 63)
    }

    static func decode(_ value: UInt64) -> Int64 {
        Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    static func encode(_ value: Int128) -> UInt128 {
        UInt128(bitPattern: value << 1 ^ value >> 127)
    }

    static func decode(_ value: UInt128) -> Int128 {
        Int128(bitPattern: value >> 1) ^ -Int128(bitPattern: value & 1)
    }
}
