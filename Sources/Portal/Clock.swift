internal import Credit

/// Times of UTC as the page writes them.
enum Clock {
    /// `21:54`.
    static func minute(_ time: Instant) -> String {
        let seconds = secondOfDay(time)
        return "\(twoDigits(seconds / 3600)):\(twoDigits(seconds / 60 % 60))"
    }

    /// `21:54:03`.
    static func second(_ time: Instant) -> String {
        "\(minute(time)):\(twoDigits(secondOfDay(time) % 60))"
    }

    /// `20 Nov`.
    static func day(_ time: Instant) -> String {
        let day = time.floor(toSeconds: 86_400).micros / 86_400_000_000
        let date = CivilDate(daysSinceEpoch: day)
        return "\(date.day) \(months[date.month - 1])"
    }

    /// Where the slice at `time` begins, as fine as slices of `sliceSeconds` need it.
    static func slice(_ time: Instant, seconds sliceSeconds: Int64) -> String {
        if sliceSeconds >= 86_400 { return day(time) }
        return sliceSeconds.isMultiple(of: 60) ? minute(time) : second(time)
    }

    /// `5 minutes`, `1 hour`.
    static func length(seconds: Int64) -> String {
        let units: [(Int64, String)] = [
            (86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"),
        ]
        for (size, name) in units where seconds >= size && seconds.isMultiple(of: size) {
            let count = seconds / size
            return count == 1 ? "1 \(name)" : "\(count) \(name)s"
        }
        return "0 seconds"
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func secondOfDay(_ time: Instant) -> Int64 {
        (time.floor(toSeconds: 1).micros - time.floor(toSeconds: 86_400).micros) / 1_000_000
    }

    private static func twoDigits(_ value: Int64) -> String {
        value < 10 ? "0\(value)" : "\(value)"
    }
}
