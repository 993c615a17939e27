internal import Credit
internal import Glibc

/// The `Date` line of answers, made anew when the second changes.
struct DateText {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private(set) var line: [UInt8] = []
    private var second: Int64 = -1

    init() {
        refresh()
    }

    mutating func refresh() {
        let now = Int64(time(nil))
        guard now != second else { return }
        second = now
        line = Self.line(second: now)
    }

    /// The line for a time in seconds since 1970, such as `Date: Sun, 06 Nov 1994 08:49:37 GMT`.
    static func line(second: Int64) -> [UInt8] {
        let days = second / 86_400
        let date = CivilDate(daysSinceEpoch: days)
        let time = second % 86_400
        let clock = [time / 3600, time / 60 % 60, time % 60].map { padded(Int($0)) }
        let text =
            "Date: \(weekdays[Int(days % 7)]), \(padded(date.day)) \(months[date.month - 1]) "
            + "\(date.year) \(clock.joined(separator: ":")) GMT\r\n"
        return Array(text.utf8)
    }

    private static func padded(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
