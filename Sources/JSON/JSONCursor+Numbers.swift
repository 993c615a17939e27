extension JSONCursor {
    /// Reads the digits of a number at ``offset``; what follows it is left to be checked.
    mutating func digits(in text: Span<UInt8>) throws(JSONError) -> JSONNumber {
        let first = offset
        var index = first
        if text[index] == UInt8(ascii: "-") { index += 1 }
        let whole = index
        try Self.passDigits(in: text, at: &index)
        if text[whole] == UInt8(ascii: "0"), index > whole + 1 {
            throw JSONError(.unexpectedByte, at: whole + 1)
        }
        var isInteger = true
        if index < text.count, text[index] == UInt8(ascii: ".") {
            isInteger = false
            index += 1
            try Self.passDigits(in: text, at: &index)
        }
        if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            index += 1
            if index < text.count, Self.isSign(text[index]) { index += 1 }
            try Self.passDigits(in: text, at: &index)
        }
        offset = index
        return JSONNumber(range: first..<index, isInteger: isInteger)
    }

    private static func isSign(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
    }

    private static func passDigits(
        in text: Span<UInt8>, at index: inout Int
    ) throws(JSONError) {
        let first = index
        while index < text.count, case 0x30...0x39 = text[index] { index += 1 }
        guard index == first else { return }
        throw JSONError(index < text.count ? .unexpectedByte : .unexpectedEnd, at: index)
    }

    /// A plain integer, such as `12` or `-7`: no point, no exponent, no `-0`.
    ///
    /// Throws ``JSONError/Reason/notAnInteger`` for other numbers and
    /// ``JSONError/Reason/outOfRange`` for integers that `Value` cannot hold.
    @inlinable
    public mutating func integer<Value: FixedWidthInteger>(
        as type: Value.Type = Value.self, in text: Span<UInt8>
    ) throws(JSONError) -> Value {
        let number = try number(in: text)
        let first = number.range.lowerBound
        guard number.isInteger else { throw JSONError(.notAnInteger, at: first) }
        let isNegative = text[first] == UInt8(ascii: "-")
        var value: Value = 0
        for index in number.range.dropFirst(isNegative ? 1 : 0) {
            let digit = Value(truncatingIfNeeded: text[index] - 0x30)
            let (tens, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) =
                isNegative
                ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
            guard !tooLarge, !overflow else { throw JSONError(.outOfRange, at: first) }
            value = sum
        }
        guard !isNegative || value != 0 else { throw JSONError(.notAnInteger, at: first) }
        return value
    }
}
