internal import Credit
internal import Store

/// Says when a checkpoint is due.
struct CheckpointSchedule {
    /// A checkpoint is due after this many events.
    static let eventsMax = 500_000
    /// A checkpoint is due after this long when there was any event.
    static let ageMaxMicros: Int64 = 60_000_000

    /// How many events there are that no checkpoint asked for so far includes.
    private var events: Int
    private var last: Instant

    /// A schedule after a start that found `events` behind the last checkpoint.
    init(now: Instant, events: Int) {
        last = now
        self.events = events
    }

    /// True when there are events that no checkpoint asked for so far includes.
    var hasEvents: Bool { events > 0 }

    mutating func add(_ segment: PendingSegment) { events += segment.contents.count }

    /// True when a checkpoint is due.
    func isDue(at now: Instant) -> Bool {
        guard events > 0 else { return false }
        return events >= Self.eventsMax || now.micros - last.micros >= Self.ageMaxMicros
    }

    /// A checkpoint was asked for.
    mutating func begin(at now: Instant) {
        events = 0
        last = now
    }
}
