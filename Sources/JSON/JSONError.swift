/// Why a text was refused, and where.
public struct JSONError: Error, Hashable {
    /// What was wrong.
    public enum Reason: Hashable, Sendable {
        /// The text ends within a value.
        case unexpectedEnd
        /// A byte that RFC 8259 does not allow there, such as a byte order mark or a comment.
        case unexpectedByte
        /// A value of another kind than the one asked for; the text may be good JSON.
        case unexpectedKind
        /// Bytes in a string that are not UTF-8, overlong forms and surrogates included.
        case invalidUTF8
        /// An escape that JSON does not have, or half of a surrogate pair.
        case invalidEscape
        /// A byte below 0x20 in a string.
        case controlCharacter
        /// More than ``JSONCursor/depthMax`` objects and arrays within each other.
        case tooDeep
        /// More than ``JSONCursor/keysMax`` keys in one object.
        case tooManyKeys
        /// A key that its object has already, however either is spelled.
        case duplicateKey
        /// Anything but white space after the value.
        case trailingBytes
        /// A number with a point or an exponent, or `-0`, where an integer was asked for.
        case notAnInteger
        /// A number outside what the integer asked for, or the canonical form, can hold.
        case outOfRange
    }

    /// What was wrong.
    public let reason: Reason
    /// The byte at which it was noticed, from 0.
    public let offset: Int

    /// An error noticed at byte `offset`.
    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// True when the text is good JSON as far as it was read, and only not what was asked for.
    public var isMismatch: Bool {
        switch reason {
        case .unexpectedKind, .notAnInteger, .outOfRange: true
        case .unexpectedEnd, .unexpectedByte, .invalidUTF8, .invalidEscape, .controlCharacter,
            .tooDeep, .tooManyKeys, .duplicateKey, .trailingBytes:
            false
        }
    }
}
