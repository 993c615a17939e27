import Credit
import Testing

@testable import Engine

struct CheckpointScheduleTests {
    private static let start = Instant(micros: 1_790_000_000_000_000)

    @Test(arguments: [
        (0, 10, 3600, false), (1, 10, 59, false), (1, 10, 60, true), (499_999, 10, 0, false),
        (500_000, 10, 0, true), (500_000, 600_000, 0, false), (600_000, 600_000, 0, true),
        (999_999, 9_000_000, 0, false), (1_000_000, 9_000_000, 0, true),
    ])
    func `it is due after as many events as there are accounts, within limits, or a minute`(
        events: Int, accounts: Int, seconds: Int64, isDue: Bool
    ) {
        let schedule = CheckpointSchedule(now: Self.start, events: events)
        let now = Self.start.advanced(seconds: seconds)
        #expect(schedule.isDue(at: now, accounts: accounts) == isDue)
        #expect(schedule.hasEvents == (events > 0))
    }

    @Test func `it counts anew once one was asked for`() {
        var schedule = CheckpointSchedule(now: Self.start, events: 700_000)
        schedule.begin(at: Self.start)
        #expect(!schedule.hasEvents)
        #expect(!schedule.isDue(at: Self.start.advanced(seconds: 3600), accounts: 1))
    }
}
