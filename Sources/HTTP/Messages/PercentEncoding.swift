/// Reading `%41` as `A`.
public enum PercentEncoding: Sendable {
    /// An escape without two hexadecimal digits, or of NUL.
    public struct Invalid: Error, Hashable {}

    /// The bytes that percent-encoded `text` stands for; `+` stays `+`.
    public static func decoded(_ text: Span<UInt8>) throws(Invalid) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            guard text[index] == UInt8(ascii: "%") else {
                bytes.append(text[index])
                index += 1
                continue
            }
            guard index + 2 < text.count, let high = text[index + 1].hexadecimalValue,
                let low = text[index + 2].hexadecimalValue, high | low != 0
            else { throw Invalid() }
            bytes.append(high << 4 | low)
            index += 3
        }
        return bytes
    }
}

extension [UInt8] {
    /// The bytes that this percent-encoded text stands for; `+` stays `+`.
    public func percentDecoded() throws(PercentEncoding.Invalid) -> [UInt8] {
        try PercentEncoding.decoded(span)
    }
}
