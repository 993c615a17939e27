internal import Credit
internal import Store

/// Says when a checkpoint is due.
struct CheckpointSchedule {
    /// A checkpoint is due after this many events, or as many as there are accounts.
    static let eventsUsual = 500_000
    /// A checkpoint is due after this many events, however many accounts there are: a start reads them back.
    static let eventsMax = 1_000_000
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

    /// True when a checkpoint of so many accounts is due.
    ///
    /// Of very many accounts nearly every event changes another one, and each changed one is a row to
    /// write: the longer it waits, the more events share a row.
    func isDue(at now: Instant, accounts: Int) -> Bool {
        guard events > 0 else { return false }
        let usual = min(max(accounts, Self.eventsUsual), Self.eventsMax)
        return events >= usual || now.micros - last.micros >= Self.ageMaxMicros
    }

    /// A checkpoint was asked for.
    mutating func begin(at now: Instant) {
        events = 0
        last = now
    }
}
