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
        let micros = Int(instant.micros - seconds.micros)
        var text = InstantDigits()
        text.set(date.year / 100, at: 0)
        text.set(date.year, at: 2)
        text.set(date.month, at: 5)
        text.set(date.day, at: 8)
        text.set(Int(time / 3600), at: 11)
        text.set(Int(time / 60 % 60), at: 14)
        text.set(Int(time % 60), at: 17)
        guard micros != 0 else {
            text.bytes[19] = UInt8(ascii: "Z")
            unsafe text.bytes.span.extracting(..<20).withUnsafeBufferPointer {
                unsafe append(contentsOf: $0)
            }
            return
        }
        text.set(micros / 10_000, at: 20)
        text.set(micros / 100, at: 22)
        text.set(micros, at: 24)
        unsafe text.bytes.span.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}

/// The text of a time in whose places the digits are put two by two.
private struct InstantDigits {
    var bytes: [27 of UInt8] = [
        0x30, 0x30, 0x30, 0x30, 0x2D, 0x30, 0x30, 0x2D, 0x30, 0x30, 0x54,  // 0000-00-00T
        0x30, 0x30, 0x3A, 0x30, 0x30, 0x3A, 0x30, 0x30, 0x2E,  // 00:00:00.
        0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0x5A,  // 000000Z
    ]

    /// Puts the last two digits of `value` at `place` and behind it.
    @inline(__always)
    mutating func set(_ value: Int, at place: Int) {
        let pair = value % 100
        bytes[place] = 0x30 &+ UInt8(truncatingIfNeeded: pair / 10)
        bytes[place + 1] = 0x30 &+ UInt8(truncatingIfNeeded: pair % 10)
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
