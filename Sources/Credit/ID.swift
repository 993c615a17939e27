/// A kind of thing that Tally names itself; gives the ids of that kind their prefix.
public protocol IDKind: Sendable {
    /// What stands before the `_`.
    static var prefix: String { get }
}

/// The 128-bit name of one thing of a kind, sortable by the order of creation.
///
/// On the wire it is the prefix, `_` and 26 digits of Crockford's base32, the highest first. Ids
/// of entries, grants and holds are derived from a ``Position`` and so are not stored beside it.
public struct ID<Kind: IDKind>: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// The text is no id of this kind.
    public struct InvalidText: Error, Hashable {}

    /// The 128 bits that order ids.
    public let rawValue: UInt128

    /// The id with these bits.
    @inlinable
    public init(rawValue: UInt128) {
        self.rawValue = rawValue
    }

    /// Reads `prefix_` and 26 base32 digits, upper case only, so that an id has one spelling.
    public init(text: Span<UInt8>) throws(InvalidText) {
        let prefix = Kind.prefix.utf8
        guard text.count == prefix.count + 1 + CrockfordBase32.digitCount else { throw .init() }
        var index = 0
        for byte in prefix {
            guard text[index] == byte else { throw .init() }
            index += 1
        }
        guard text[index] == UInt8(ascii: "_") else { throw .init() }
        guard let value = CrockfordBase32.value(of: text, from: index + 1) else { throw .init() }
        rawValue = value
    }

    /// The text on the wire, such as `ent_00000000000G0000000000001G`.
    public var text: String {
        var bytes: [UInt8] = []
        bytes.append(id: self)
        return String(decoding: bytes, as: UTF8.self)
    }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Marks ids of ledger entries, `ent_`.
public enum EntryKind: IDKind {
    public static let prefix = "ent"
}
/// Marks ids of grants, `grt_`.
public enum GrantKind: IDKind {
    public static let prefix = "grt"
}
/// Marks ids of holds, `hld_`.
public enum HoldKind: IDKind {
    public static let prefix = "hld"
}
/// Marks ids of API keys, `key_`.
public enum APIKeyKind: IDKind {
    public static let prefix = "key"
}
/// Marks ids of requests, `req_`.
public enum RequestKind: IDKind {
    public static let prefix = "req"
}

/// The id of a ledger entry.
public typealias EntryID = ID<EntryKind>
/// The id of a grant.
public typealias GrantID = ID<GrantKind>
/// The id of a hold.
public typealias HoldID = ID<HoldKind>
/// The id of an API key (not its secret).
public typealias APIKeyID = ID<APIKeyKind>
/// The id of one request and its answer.
public typealias RequestID = ID<RequestKind>

/// Crockford's base32: 26 digits hold 130 bits, of which the first two are zero.
enum CrockfordBase32 {
    static let digitCount = 26

    static func value(of text: Span<UInt8>, from first: Int) -> UInt128? {
        var value: UInt128 = 0
        for index in first..<first + digitCount {
            guard let digit = digit(text[index]) else { return nil }
            guard index > first || digit < 8 else { return nil }
            value = value << 5 | UInt128(digit)
        }
        return value
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case UInt8(ascii: "A")...UInt8(ascii: "H"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "J"), UInt8(ascii: "K"): byte - UInt8(ascii: "J") + 18
        case UInt8(ascii: "M"), UInt8(ascii: "N"): byte - UInt8(ascii: "M") + 20
        case UInt8(ascii: "P")...UInt8(ascii: "T"): byte - UInt8(ascii: "P") + 22
        case UInt8(ascii: "V")...UInt8(ascii: "Z"): byte - UInt8(ascii: "V") + 27
        default: nil
        }
    }
}

extension CrockfordBase32 {
    /// The 8 digits of the lower 40 bits, the highest digit in the lowest byte.
    @inline(__always)
    static func digits(_ bits: UInt64) -> UInt64 {
        let fours = (bits & 0xF_FFFF) &<< 32 | bits &>> 20 & 0xF_FFFF
        let pairs = (fours & 0x3FF_0000_03FF) &<< 16 | fours &>> 10 & 0x3FF_0000_03FF
        let ones = (pairs & 0x1F_001F_001F_001F) &<< 8 | pairs &>> 5 & 0x1F_001F_001F_001F
        // Letters follow 9 by a gap of 7; I, L, O and U are left out.
        return ones &+ each(0x30) &+ 7 &* atLeast(10, ones) &+ atLeast(18, ones)
            &+ atLeast(20, ones) &+ atLeast(22, ones) &+ atLeast(27, ones)
    }

    /// 1 in each byte that is `least` or more; all are below 0x80.
    @inline(__always)
    private static func atLeast(_ least: UInt64, _ bytes: UInt64) -> UInt64 {
        (bytes &+ each(0x80 &- least)) &>> 7 & each(1)
    }

    @inline(__always)
    private static func each(_ byte: UInt64) -> UInt64 { byte &* 0x0101_0101_0101_0101 }
}

extension [UInt8] {
    /// Appends an id as its prefix, `_` and 26 base32 digits.
    @inlinable
    public mutating func append<Kind>(id: ID<Kind>) {
        append(contentsOf: Kind.prefix.utf8)
        append(base32: id.rawValue)
    }

    /// Appends `_` and 26 digits: the last 27 bytes of four words.
    @usableFromInline
    mutating func append(base32 value: UInt128) {
        let high = UInt64(truncatingIfNeeded: value &>> 64)
        let low = UInt64(truncatingIfNeeded: value)
        let underscore = UInt64(UInt8(ascii: "_")) &<< 40
        let words: [4 of UInt64] = [
            (CrockfordBase32.digits(high &>> 56) & 0xFFFF &<< 48 | underscore).littleEndian,
            CrockfordBase32.digits(high &>> 16).littleEndian,
            CrockfordBase32.digits(high &<< 24 | low &>> 40).littleEndian,
            CrockfordBase32.digits(low).littleEndian,
        ]
        unsafe words.span.withUnsafeBytes {
            unsafe append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[5...]))
        }
    }
}
