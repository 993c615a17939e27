public import Credit
internal import Glibc

/// Where the writer's time comes from.
public protocol LedgerTime: Sendable {
    /// The ledger time now; never before an earlier answer of the same value.
    func now() -> Instant
}

/// Ledger time: runs on the monotonic clock from the wall clock's reading at the start.
///
/// It never goes back, whatever happens to the wall clock. When the wall clock stands before the
/// journal's last entry at the start, time waits at that entry.
public struct LedgerClock: LedgerTime {
    private let wallAnchor: Int64
    private let monotonicAnchor: Int64
    private let last: Instant

    /// A clock that never reads before `last`, the time of the journal's last segment.
    public init(notBefore last: Instant) {
        wallAnchor = Self.read(CLOCK_REALTIME)
        monotonicAnchor = Self.read(CLOCK_MONOTONIC)
        self.last = last
    }

    /// How far the wall clock stood behind the journal at the start, in microseconds.
    public var behindMicros: Int64 { max(0, last.micros - wallAnchor) }

    public func now() -> Instant {
        let elapsed = Self.read(CLOCK_MONOTONIC) - monotonicAnchor
        return max(last, Instant(micros: wallAnchor + elapsed))
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
