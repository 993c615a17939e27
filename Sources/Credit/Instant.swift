/// A point in time: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
public struct Instant: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// Microseconds since the epoch.
    public let micros: Int64

    /// The point `micros` microseconds after the epoch.
    @inlinable
    public init(micros: Int64) {
        self.micros = micros
    }

    /// 1970-01-01T00:00:00Z.
    public static let epoch = Self(micros: 0)
    /// 0001-01-01T00:00:00Z, the first that RFC 3339 text can name here.
    public static let earliest = Self(micros: -62_135_596_800_000_000)
    /// The last microsecond of the year 9999.
    public static let latest = Self(micros: 253_402_300_799_999_999)
    /// Later than every time that can be written: what never becomes due.
    public static let never = Self(micros: Int64.max)

    /// This time moved by `seconds`, held within ``earliest`` and ``latest``.
    public func advanced(seconds: Int64) -> Self {
        let (step, tooLong) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, overflow) = micros.addingReportingOverflow(step)
        guard !tooLong, !overflow else { return seconds < 0 ? .earliest : .latest }
        return Self(micros: min(max(sum, Self.earliest.micros), Self.latest.micros))
    }

    /// The start of the `seconds`-long slice of UTC that holds this time.
    @inlinable
    public func floor(toSeconds seconds: Int64) -> Self {
        let slice = seconds * 1_000_000
        let rest = micros % slice
        return Self(micros: micros - (rest < 0 ? rest + slice : rest))
    }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool {
        left.micros < right.micros
    }
}
