internal import Credit

/// How far local time in one zone is from UTC, at any time.
public struct TimeZoneRules: Hashable, Sendable {
    /// A time from which on another offset holds.
    struct Transition: Hashable, Sendable {
        /// Seconds since 1970-01-01T00:00:00Z.
        var time: Int64
        /// Seconds east of UTC.
        var offset: Int64
    }

    /// The offset before the first transition.
    let firstOffset: Int64
    /// In the order of time.
    let transitions: [Transition]

    /// Coordinated Universal Time.
    public static let utc = Self(firstOffset: 0, transitions: [])

    /// Seconds east of UTC at `time`, in seconds since 1970.
    public func offset(at time: Int64) -> Int64 {
        let index = firstTransition(after: time)
        return index > 0 ? transitions[index - 1].offset : firstOffset
    }

    /// The place of the first transition later than `time`.
    private func firstTransition(after time: Int64) -> Int {
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle].time <= time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The first transition later than `time`.
    func transition(after time: Int64) -> Transition? {
        let index = firstTransition(after: time)
        return index < transitions.count ? transitions[index] : nil
    }
}

/// What a report's buckets are.
public enum BucketUnit: Hashable, Sendable {
    case minute
    case hour
    /// A day of local time: 23, 24 or 25 hours, mostly.
    case day
    /// All the days of local time that have its month.
    case month

    /// How long it is; of a month, a day, by which its end is found.
    var seconds: Int64 {
        switch self {
        case .minute: 60
        case .hour: 3600
        case .day, .month: 86_400
        }
    }
}

extension TimeZoneRules {
    /// Where buckets of `unit` begin from `start` to before `end`, the first at `start` itself.
    ///
    /// Nil when there are more than `limit`. An hour also begins where a change of the clocks
    /// begins or ends one, so that a repeated hour is two and no bucket is longer than an hour; a
    /// day is all the time that has its date.
    public func bucketStarts(
        of unit: BucketUnit, from start: Int64, to end: Int64, limit: Int
    ) -> [Int64]? {
        let longest = unit == .month ? unit.seconds * 62 : unit.seconds * 2
        guard (end - start) / longest < Int64(limit) else { return nil }
        var starts: [Int64] = []
        var next = start
        while next < end {
            guard starts.count < limit else { return nil }
            starts.append(next)
            next = unit == .month ? monthEnd(of: next) : boundary(of: unit, after: next)
        }
        return starts
    }

    private func monthEnd(of time: Int64) -> Int64 {
        let range = TimeWindow.month.range(
            holding: Instant(micros: time * 1_000_000), in: self)
        return max(range.upperBound.micros / 1_000_000, time + 1)
    }

    /// The first time later than `time` at which a bucket begins.
    func boundary(of unit: BucketUnit, after time: Int64) -> Int64 {
        var place = time
        while true {
            let offset = offset(at: place)
            let candidate = (floor(place + offset, unit) + 1) * unit.seconds - offset
            guard let change = transition(after: place), change.time <= candidate else {
                return candidate
            }
            if begins(unit, at: change, before: offset) { return change.time }
            place = change.time
        }
    }

    private func begins(_ unit: BucketUnit, at change: Transition, before: Int64) -> Bool {
        switch unit {
        case .minute, .hour:
            (change.time + before) % unit.seconds == 0
                || (change.time + change.offset) % unit.seconds == 0
        case .day, .month:
            // The date is another one than in the second before.
            floor(change.time + change.offset, unit) != floor(change.time - 1 + before, unit)
        }
    }

    private func floor(_ local: Int64, _ unit: BucketUnit) -> Int64 {
        let (whole, rest) = local.quotientAndRemainder(dividingBy: unit.seconds)
        return rest < 0 ? whole - 1 : whole
    }
}
