import Credit
import Ledger
import TestKit
import Testing

@testable import Store

struct RetentionSweepTests {
    private static let day: Int64 = 86_400_000_000
    private static let start: Int64 = 1_795_253_400_000_000

    /// A journal of calls of some accounts, and what is known of its sweeps.
    private struct Play {
        let journal = MemoryJournal()
        var progress = RetentionProgress()
        var days: [UInt16] = []
        /// When each account was created; at first of all unless said.
        var createdAt: [Int64] = []
        var now = RetentionSweepTests.start
        private var mark = JournalMark.start
        private var encoder = SegmentEncoder()
        /// By account and time of each call, in order.
        private(set) var calls: [(account: Int, time: Int64)] = []
        private(set) var steps: [RetentionStep] = []

        /// Adds a segment with a call of each account at the time beside it.
        mutating func append(_ added: [(account: Int, time: Int64)]) throws {
            var contents = SegmentContents(number: mark.number + 1, time: Instant(micros: now))
            for (account, time) in added {
                var charge = ChargeEvent.blank
                charge.head = EntryHead(
                    account: AccountSlot(account), sequence: 1, time: Instant(micros: time),
                    balance: charge.head.balance)
                charge.details.module = contents.bytes.appending("m\(calls.count)".utf8.span)
                contents.append(charge)
                calls.append((account, time))
            }
            let segment = encoder.encode(contents, previous: mark.hash, salt: .salt)
            try journal.append(segment)
            mark = JournalMark(number: segment.number, hash: segment.hash, time: contents.time)
        }

        private var retention: AccountRetention {
            let times = days.indices.map {
                Instant(micros: $0 < createdAt.count ? createdAt[$0] : RetentionSweepTests.start)
            }
            return AccountRetention(days: days, createdAt: times)
        }

        /// Sweeps once; gives how many calls lost their details.
        @discardableResult
        mutating func sweep() throws -> Int {
            var sweep = RetentionSweep(
                progress, of: retention, now: Instant(micros: now), last: mark.number)
            steps = []
            while let step = try sweep.next(from: journal) {
                #expect(!step.isEmpty)
                #expect(Set(step.segments.map(\.number)).count == step.segments.count)
                journal.prune(step)
                steps.append(step)
            }
            // What is stored says what is known, but for what is only a help.
            var stored = progress
            for step in steps { stored.take(step) }
            progress = sweep.progress
            stored.nextDue = progress.nextDue
            #expect(stored == progress)
            return steps.reduce(0) { $0 + $1.deletedCount }
        }

        /// For each call for how many days it was kept, or nil while it is.
        var deletions: [Int?] {
            get throws {
                try journal.segments.flatMap { segment in
                    let contents = try segment.contents(after: nil)
                    return contents.charges.indices.map {
                        contents.deletion(ofCharge: $0)?.retentionDays
                    }
                }
            }
        }
    }

    @Test func `details go when they are older than the plan of their account keeps them`() throws {
        var play = Play()
        play.days = [0, 1, 30]
        for _ in 0..<40 {
            try play.append((0...2).map { ($0, play.now) })
            play.now += Self.day / 2
        }
        #expect(try play.sweep() == 38)
        let expected = (0..<40).flatMap { [nil, $0 < 38 ? 1 : nil, nil] as [Int?] }
        #expect(try play.deletions == expected)
        #expect(play.progress.through == [1: 38])
        #expect(try play.sweep() == 0)
        #expect(play.steps.isEmpty)
        play.now += 20 * Self.day
        #expect(try play.sweep() == 2 + 20)
        #expect(play.progress.through == [1: 40, 30: 20])
    }

    @Test func `calls that are older than their segment are found`() throws {
        var play = Play()
        play.days = [2, 40]
        try play.append([
            (0, play.now - 10 * Self.day), (0, play.now), (1, play.now - 39 * Self.day),
        ])
        #expect(try play.sweep() == 1)
        #expect(try play.deletions == [2, nil, nil])
        #expect(play.progress.early.count == 1)
        #expect(try play.sweep() == 0)
        play.now += Self.day + 1
        #expect(try play.sweep() == 1)
        #expect(try play.deletions == [2, nil, 40])
    }

    @Test func `a plan that keeps them for shorter reaches back, one for longer does not`() throws {
        var play = Play()
        play.days = [30, 7]
        for _ in 0..<50 {
            try play.append([(0, play.now), (1, play.now)])
            play.now += Self.day
        }
        #expect(try play.sweep() == 20 + 43)
        play.days = [7, 30]
        #expect(try play.sweep() == 43 - 20)
        #expect(play.progress.through == [7: 43, 30: 20])
        play.now += Self.day
        play.days = [0, 30]
        #expect(try play.sweep() == 0)
        play.days = [7, 30]
        #expect(try play.sweep() == 1)
    }

    @Test func `for an account that gets its plan late only what came since it began is read`()
        throws
    {
        var play = Play()
        play.days = [7]
        for _ in 0..<50 {
            try play.append([(0, play.now)])
            play.now += Self.day
        }
        #expect(try play.sweep() == 43)
        play.days = [7, 0]
        play.createdAt = [Self.start, play.now]
        for _ in 0..<3 {
            try play.append([(1, play.now)])
            play.now += Self.day
        }
        #expect(try play.sweep() == 3)
        play.days = [7, 7]
        #expect(try play.sweep() == 0)
        #expect(play.progress.through == [7: 46])
        play.now += 20 * Self.day
        play.days = [7, 0]
        #expect(try play.sweep() == 4)
        play.days = [7, 7]
        #expect(try play.sweep() == 3)
        #expect(play.steps.map(\.through) == [[7: 49], [7: 53]])
    }

    @Test func `steps are bounded, and an account without a plan costs none`() throws {
        var play = Play()
        play.days = [1, 0]
        for _ in 0..<2500 {
            try play.append([(0, play.now), (1, play.now)])
            play.now += 1_000_000
        }
        play.now += 2 * Self.day
        #expect(try play.sweep() == 2500)
        #expect(play.steps.count > 3)
        #expect(play.steps.allSatisfy { $0.segments.count <= RetentionSweep.stepSegmentsMax })
    }

    @Test(arguments: UInt64(1)...20)
    func `after any history exactly what was too old at a sweep is gone`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var play = Play()
        play.days = [0, 1, 3, 9]
        var gone: Set<Int> = []
        for _ in 0..<60 {
            var added: [(account: Int, time: Int64)] = []
            for _ in 0..<1 + random.below(4) {
                let isEarly = random.chance(20)
                let age = isEarly ? Self.day / 12 + Int64(random.below(240)) * Self.day / 20 : 0
                added.append((random.below(play.days.count), play.now - age))
            }
            try play.append(added)
            play.now += Int64(random.below(24)) * Self.day / 12
            if random.chance(10) {
                play.createdAt = play.days.indices.map {
                    $0 < play.createdAt.count ? play.createdAt[$0] : Self.start
                }
                play.days.append(random.pick([0, 1, 3, 9]))
                play.createdAt.append(play.now)
            }
            if random.chance(20) {
                play.days[random.below(play.days.count)] = random.pick([0, 1, 3, 9])
            }
            guard random.chance(50) else { continue }
            // A new process knows what is stored.
            if random.chance(30) { play.progress.nextDue = [:] }
            try play.sweep()
            for (place, call) in play.calls.enumerated() {
                let days = play.days[call.account]
                if days > 0, call.time < play.now - Int64(days) * Self.day { gone.insert(place) }
            }
            let deleted = Set(try play.deletions.enumerated().filter { $1 != nil }.map(\.offset))
            #expect(deleted == gone, "seed \(seed)")
        }
    }
}
