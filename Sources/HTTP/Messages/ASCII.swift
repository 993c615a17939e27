/// The byte classes of RFC 9110 and 9112.
extension UInt8 {
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let tab: UInt8 = 0x09
    static let space: UInt8 = 0x20
    static let colon: UInt8 = 0x3A

    var isDigit: Bool { self >= 0x30 && self <= 0x39 }

    var isUpperCase: Bool { self >= 0x41 && self <= 0x5A }

    var isLetter: Bool { self | 0x20 >= 0x61 && self | 0x20 <= 0x7A }

    /// Whether the byte is neither a control nor DEL; bytes from 0x80 count as text.
    var isText: Bool { self >= 0x20 && self != 0x7F }

    var isVisibleASCII: Bool { self >= 0x21 && self <= 0x7E }

    var isBlank: Bool { self == .space || self == .tab }

    /// Whether the byte may stand in a token, such as a header name.
    var isToken: Bool {
        if isLetter || isDigit { return true }
        switch self {
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: return true
        default: return false
        }
    }

    var lowerCased: UInt8 { isUpperCase ? self | 0x20 : self }

    var hexadecimalValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}
