internal import Credit

/// A rule such as `CET-1CEST,M3.5.0,M10.5.0/3` for all years (POSIX, and RFC 8536 section 3.3.1).
struct PosixTimeZone {
    /// A day of every year.
    private enum Day {
        /// The `weekday` (Sunday is 0) of week 1 to 5 of a month; 5 is the last.
        case weekday(month: Int, week: Int, weekday: Int)
        /// Day 1 to 365, February 29 never counted.
        case julian(Int)
        /// Day 0 to 365, February 29 counted.
        case zeroBased(Int)
    }

    private struct Change {
        var day: Day
        /// Seconds of local time after midnight, -167 to 167 hours.
        var seconds: Int64
        var offset: Int64
    }

    private let changes: [Change]
    /// Seconds east of UTC while no daylight saving holds.
    private let standardOffset: Int64

    init(_ text: [UInt8]) throws(TimeZoneFile.Malformed) {
        var reader = Reader(text: text)
        try reader.passName()
        standardOffset = -(try reader.time(hoursMax: 24))
        guard !reader.isAtEnd else {
            changes = []
            return
        }
        try reader.passName()
        var daylightOffset = standardOffset + 3600
        if reader.peek != UInt8(ascii: ",") { daylightOffset = -(try reader.time(hoursMax: 24)) }
        try reader.pass(",")
        let start = try reader.day()
        let startSeconds = try reader.timeOfDay()
        try reader.pass(",")
        let end = try reader.day()
        let endSeconds = try reader.timeOfDay()
        guard reader.isAtEnd else { throw TimeZoneFile.Malformed() }
        changes = [
            Change(day: start, seconds: startSeconds, offset: daylightOffset),
            Change(day: end, seconds: endSeconds, offset: standardOffset),
        ]
    }

    /// The changes of a year, in the order of time.
    func transitions(in year: Int) -> [TimeZoneRules.Transition] {
        guard changes.count == 2 else { return [] }
        let before = [changes[1].offset, changes[0].offset]
        let found = zip(changes, before).map { change, before in
            TimeZoneRules.Transition(
                time: Self.days(change.day, of: year) * 86_400 + change.seconds - before,
                offset: change.offset)
        }
        return found.sorted { $0.time < $1.time }
    }

    /// Days from 1970-01-01 to the day of a year.
    private static func days(_ day: Day, of year: Int) -> Int64 {
        let first = CivilDate(year: year, month: 1, day: 1)?.daysSinceEpoch ?? 0
        switch day {
        case .zeroBased(let number): return first + Int64(number)
        case .julian(let number):
            let isLeap = CivilDate(year: year, month: 2, day: 29) != nil
            return first + Int64(number - 1) + (isLeap && number >= 60 ? 1 : 0)
        case .weekday(let month, let week, let weekday):
            let start = CivilDate(year: year, month: month, day: 1)?.daysSinceEpoch ?? first
            // 1970-01-01 was a Thursday.
            let startWeekday = Int((start + 4) % 7 + 7) % 7
            var date = 1 + (weekday - startWeekday + 7) % 7 + (week - 1) * 7
            while CivilDate(year: year, month: month, day: date) == nil, date > 7 { date -= 7 }
            return start + Int64(date - 1)
        }
    }
}

extension PosixTimeZone {
    private struct Reader {
        let text: [UInt8]
        var index = 0

        init(text: [UInt8]) {
            self.text = text
        }

        var isAtEnd: Bool { index == text.count }

        var peek: UInt8? { index < text.count ? text[index] : nil }

        /// Passes over `CET` or `<+03>`.
        mutating func passName() throws(TimeZoneFile.Malformed) {
            let start = index
            if peek == UInt8(ascii: "<") {
                while let byte = peek, byte != UInt8(ascii: ">") { index += 1 }
                try pass(">")
                return
            }
            while let byte = peek, 0x61...0x7A ~= byte | 0x20 { index += 1 }
            guard index >= start + 3 else { throw TimeZoneFile.Malformed() }
        }

        mutating func pass(_ mark: Unicode.Scalar) throws(TimeZoneFile.Malformed) {
            guard peek == UInt8(ascii: mark) else { throw TimeZoneFile.Malformed() }
            index += 1
        }

        mutating func number(
            _ range: ClosedRange<Int64>
        ) throws(TimeZoneFile.Malformed) -> Int64 {
            let start = index
            var value: Int64 = 0
            while let byte = peek, 0x30...0x39 ~= byte, index < start + 3 {
                value = value * 10 + Int64(byte - 0x30)
                index += 1
            }
            guard index > start, range ~= value else { throw TimeZoneFile.Malformed() }
            return value
        }

        /// `[+-]hh[:mm[:ss]]` in seconds.
        mutating func time(hoursMax: Int64) throws(TimeZoneFile.Malformed) -> Int64 {
            let isNegative = peek == UInt8(ascii: "-")
            if isNegative || peek == UInt8(ascii: "+") { index += 1 }
            var seconds = try number(0...hoursMax) * 3600
            for unit: Int64 in [60, 1] where peek == UInt8(ascii: ":") {
                index += 1
                seconds += try number(0...59) * unit
            }
            return isNegative ? -seconds : seconds
        }

        /// `/time`, or two o'clock.
        mutating func timeOfDay() throws(TimeZoneFile.Malformed) -> Int64 {
            guard peek == UInt8(ascii: "/") else { return 7200 }
            index += 1
            return try time(hoursMax: 167)
        }

        mutating func day() throws(TimeZoneFile.Malformed) -> Day {
            switch peek {
            case UInt8(ascii: "M"):
                index += 1
                let month = Int(try number(1...12))
                try pass(".")
                let week = Int(try number(1...5))
                try pass(".")
                return .weekday(month: month, week: week, weekday: Int(try number(0...6)))
            case UInt8(ascii: "J"):
                index += 1
                return .julian(Int(try number(1...365)))
            default: return .zeroBased(Int(try number(0...365)))
            }
        }
    }
}
