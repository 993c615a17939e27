internal import Credit
internal import Store

/// Says when a checkpoint is due.
struct CheckpointSchedule {
    /// A checkpoint is due after this many events.
    static let eventsMax = 2_000_000
    /// A checkpoint is due after this long when there was any event.
    static let ageMaxMicros: Int64 = 60_000_000

    private var events = 0
    private var last: Instant

    init(now: Instant) {
        last = now
    }

    /// True when there are events that no checkpoint asked for so far includes.
    var hasEvents: Bool { events > 0 }

    /// True when a checkpoint is due with this segment, which then counts as asked for.
    mutating func isDue(after segment: PendingSegment, at now: Instant) -> Bool {
        events += segment.contents.count
        guard events > 0 else { return false }
        guard events >= Self.eventsMax || now.micros - last.micros >= Self.ageMaxMicros else {
            return false
        }
        events = 0
        last = now
        return true
    }
}
