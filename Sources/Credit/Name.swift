/// A name that a vendor or customer chose: 1-64 of `A-Z a-z 0-9 . _ : -`, compared as bytes.
///
/// Accounts, teams, scenarios, runs, modules, actions, plans and price lists are named so.
public struct Name: Hashable, Comparable, Sendable {
    /// Why a text is not a name.
    public enum Invalid: Error, Hashable {
        case empty
        case tooLong(bytes: Int)
        case badByte(at: Int)
    }

    /// The most bytes of a name.
    public static let bytesMax = 64

    /// The name; ASCII, so that comparing it as text compares its bytes.
    public let text: String

    /// Checks `text` and keeps it.
    public init(_ text: String) throws(Invalid) {
        try Self.check(text.utf8.span)
        self.text = text
    }

    /// Checks `bytes` and keeps them.
    public init(bytes: Span<UInt8>) throws(Invalid) {
        try Self.check(bytes)
        text = String(bytes)
    }

    /// Throws unless `bytes` are a name.
    @inlinable
    public static func check(_ bytes: Span<UInt8>) throws(Invalid) {
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= bytesMax else { throw .tooLong(bytes: bytes.count) }
        for index in bytes.indices where !isAllowed(bytes[index]) { throw .badByte(at: index) }
    }

    @usableFromInline
    static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "-"): true
        default: false
        }
    }

    public static func < (left: Self, right: Self) -> Bool {
        left.text < right.text
    }
}

extension String {
    /// The text whose UTF-8 is `bytes`.
    @inlinable
    public init(_ bytes: Span<UInt8>) {
        self = unsafe bytes.withUnsafeBufferPointer { pointer in
            unsafe String(decoding: pointer, as: UTF8.self)
        }
    }
}
