extension Instant {
    /// The text is not an RFC 3339 date-time that Tally can hold.
    public struct InvalidText: Error, Hashable {}

    /// Reads an RFC 3339 date-time with an offset, such as `2026-11-21T09:30:00.25Z`.
    ///
    /// Up to six decimals count and any further ones are cut; a leap second `:60` reads as the
    /// second after it.
    public init(rfc3339 text: Span<UInt8>) throws(InvalidText) {
        var reader = DateTimeText()
        self = try reader.instant(in: text)
    }

    /// The RFC 3339 text in UTC with microseconds only where there are any.
    public var rfc3339: String {
        var bytes: [UInt8] = []
        bytes.append(instant: self)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension [UInt8] {
    /// Appends a time as RFC 3339 text in UTC, with six decimals where it has a fraction.
    public mutating func append(instant: Instant) {
        let seconds = instant.floor(toSeconds: 1)
        let day = instant.floor(toSeconds: 86_400)
        let date = CivilDate(daysSinceEpoch: day.micros / 86_400_000_000)
        let time = (seconds.micros - day.micros) / 1_000_000
        append(date.year, digits: 4)
        append(UInt8(ascii: "-"))
        append(date.month, digits: 2)
        append(UInt8(ascii: "-"))
        append(date.day, digits: 2)
        append(UInt8(ascii: "T"))
        append(Int(time / 3600), digits: 2)
        append(UInt8(ascii: ":"))
        append(Int(time / 60 % 60), digits: 2)
        append(UInt8(ascii: ":"))
        append(Int(time % 60), digits: 2)
        if instant != seconds {
            append(UInt8(ascii: "."))
            append(Int(instant.micros - seconds.micros), digits: 6)
        }
        append(UInt8(ascii: "Z"))
    }

    private mutating func append(_ value: Int, digits: Int) {
        var place = 1
        for _ in 1..<digits { place *= 10 }
        while place > 0 {
            append(0x30 + UInt8(truncatingIfNeeded: value / place % 10))
            place /= 10
        }
    }
}

/// Reads the grammar of RFC 3339 section 5.6 from left to right.
private struct DateTimeText {
    private var index = 0

    mutating func instant(in text: Span<UInt8>) throws(Instant.InvalidText) -> Instant {
        let year = try number(in: text, digits: 4)
        try skip("-", in: text)
        let month = try number(in: text, digits: 2)
        try skip("-", in: text)
        let day = try number(in: text, digits: 2)
        guard let date = CivilDate(year: year, month: month, day: day) else { throw .init() }
        guard index < text.count, text[index] | 0x20 == UInt8(ascii: "t") || text[index] == 0x20
        else { throw .init() }
        index += 1
        let seconds = try timeOfDay(in: text)
        let fraction = try self.fraction(in: text)
        let offset = try self.offset(in: text)
        guard index == text.count else { throw .init() }
        let total = date.daysSinceEpoch * 86_400 + Int64(seconds) - Int64(offset)
        let instant = Instant(micros: total * 1_000_000 + fraction)
        guard instant >= .earliest, instant <= .latest else { throw .init() }
        return instant
    }

    private mutating func timeOfDay(in text: Span<UInt8>) throws(Instant.InvalidText) -> Int {
        let hour = try number(in: text, digits: 2)
        try skip(":", in: text)
        let minute = try number(in: text, digits: 2)
        try skip(":", in: text)
        let second = try number(in: text, digits: 2)
        guard hour < 24, minute < 60, second <= 60 else { throw .init() }
        return hour * 3600 + minute * 60 + second
    }

    private mutating func fraction(in text: Span<UInt8>) throws(Instant.InvalidText) -> Int64 {
        guard index < text.count, text[index] == UInt8(ascii: ".") else { return 0 }
        index += 1
        let first = index
        var micros: Int64 = 0
        var place: Int64 = 100_000
        while index < text.count, case 0x30...0x39 = text[index] {
            micros += Int64(text[index] - 0x30) * place
            place /= 10
            index += 1
        }
        guard index > first else { throw .init() }
        return micros
    }

    /// Seconds east of UTC.
    private mutating func offset(in text: Span<UInt8>) throws(Instant.InvalidText) -> Int {
        guard index < text.count else { throw .init() }
        let sign = text[index]
        index += 1
        if sign | 0x20 == UInt8(ascii: "z") { return 0 }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { throw .init() }
        let hours = try number(in: text, digits: 2)
        try skip(":", in: text)
        let minutes = try number(in: text, digits: 2)
        guard hours < 24, minutes < 60 else { throw .init() }
        let seconds = hours * 3600 + minutes * 60
        return sign == UInt8(ascii: "-") ? -seconds : seconds
    }

    private mutating func number(
        in text: Span<UInt8>, digits: Int
    ) throws(Instant.InvalidText) -> Int {
        var value = 0
        for _ in 0..<digits {
            guard index < text.count, case 0x30...0x39 = text[index] else { throw .init() }
            value = value * 10 + Int(text[index] - 0x30)
            index += 1
        }
        return value
    }

    private mutating func skip(
        _ mark: Unicode.Scalar, in text: Span<UInt8>
    ) throws(Instant.InvalidText) {
        guard index < text.count, text[index] == UInt8(ascii: mark) else { throw .init() }
        index += 1
    }
}
