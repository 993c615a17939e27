public import Credit

extension TimeZoneRules {
    /// The local date and second of the day at a time.
    public func local(_ time: Instant) -> (date: CivilDate, second: Int64) {
        let seconds = time.floor(toSeconds: 1).micros / 1_000_000
        let local = seconds + offset(at: seconds)
        let day = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
        return (CivilDate(daysSinceEpoch: day), local - day * 86_400)
    }

    /// The first time at which the clocks show this local second of this day, or a later one.
    ///
    /// A second that the clocks skip is the time at which they skip it; of one that they show twice it
    /// is the first. The day may lie beyond its month.
    public func instant(day: Int64, second: Int64) -> Instant {
        let local = day * 86_400 + second
        // No zone is further than a day from UTC, so this is before the second looked for.
        var time = local - 86_400 - 3600
        while true {
            let candidate = local - offset(at: time)
            guard let change = transition(after: time), change.time <= candidate else {
                return Instant(micros: candidate * 1_000_000)
            }
            // The change skips the second, or shows it at once.
            if change.time + change.offset >= local {
                return Instant(micros: change.time * 1_000_000)
            }
            time = change.time
        }
    }
}

/// A stretch of time in which use is counted: half-open, in local time.
public enum TimeWindow: Hashable, Sendable {
    /// An hour of the clock; one that a change of the clocks begins or ends is shorter.
    case hour
    case day
    /// From Monday.
    case week
    case month

    /// The window that holds `time` in a zone.
    public func range(holding time: Instant, in zone: TimeZoneRules) -> Range<Instant> {
        let (date, second) = zone.local(time)
        let day = date.daysSinceEpoch
        switch self {
        case .hour: return zone.hour(holding: time, day: day, second: second)
        case .day: return zone.days(day, day + 1)
        case .week:
            let monday = day - ((day + 3) % 7 + 7) % 7
            return zone.days(monday, monday + 7)
        case .month:
            let first = day - Int64(date.day) + 1
            return zone.days(
                first, first + Int64(CivilDate.days(inMonth: date.month, of: date.year)))
        }
    }
}

extension TimeZoneRules {
    fileprivate func days(_ first: Int64, _ end: Int64) -> Range<Instant> {
        let start = instant(day: first, second: 0)
        return start..<max(start, instant(day: end, second: 0))
    }

    /// The hour ends where the next bucket of a report begins; so does the one before it.
    fileprivate func hour(holding time: Instant, day: Int64, second: Int64) -> Range<Instant> {
        let seconds = time.floor(toSeconds: 1).micros / 1_000_000
        var start = seconds - second % 3600
        while true {
            let next = boundary(of: .hour, after: start)
            if next > seconds {
                return Instant(micros: start * 1_000_000)..<Instant(micros: next * 1_000_000)
            }
            start = next
        }
    }
}
