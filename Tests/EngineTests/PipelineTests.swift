import Credit
import Dispatch
import Engine
import Glibc
import Ledger
import Store
import Synchronization
import TestKit
import Testing

struct PipelineTests {
    /// What a pipeline has said, in order.
    private final class Witness: Sendable {
        struct Seen: Sendable {
            var folded: [UInt64] = []
            var answered: [UInt64: Int] = [:]
            var unknown = 0
            var failures = 0
            var checkpoints: [UInt64] = []
            var wrongs: [String] = []
        }

        let seen = Mutex(Seen())
        let hasCheckpoint = DispatchSemaphore(value: 0)
        let journal = MemoryJournal()

        var follower: PipelineFollower {
            PipelineFollower(
                fold: { contents in self.fold(contents) },
                deliver: { _, answers in self.deliver(answers) },
                checkpoint: { _, mark in
                    self.seen.withLock { $0.checkpoints.append(mark.number) }
                    self.hasCheckpoint.signal()
                },
                failed: { _ in self.seen.withLock { $0.failures += 1 } })
        }

        private func fold(_ contents: SegmentContents) {
            let stored = UInt64(journal.segments.count)
            seen.withLock { seen in
                if stored < contents.number { seen.wrongs.append("folded before stored") }
                seen.folded.append(contents.number)
            }
        }

        private func deliver(_ answers: [AnsweredBatch]) {
            let stored = UInt64(journal.segments.count)
            seen.withLock { seen in
                for answer in answers {
                    for (tag, outcome) in zip(answer.batch.tags, answer.batch.outcomes) {
                        seen.answered[tag, default: 0] += 1
                        if case .unknown = outcome {
                            seen.unknown += 1
                        } else if answer.contents.count > 0, stored < answer.contents.number {
                            seen.wrongs.append("answered before stored")
                        } else if answer.contents.count > 0,
                            seen.folded.last ?? 0 < answer.contents.number
                        {
                            seen.wrongs.append("answered before folded")
                        }
                    }
                }
            }
        }
    }

    private static func start(
        _ witness: Witness, _ time: ManualTime = ManualTime()
    ) throws -> Pipeline {
        try Pipeline(
            engine: try Engine(ledger: Ledger(seed: 1), after: .start),
            stage: CommitStage(journal: witness.journal, after: .start), time: time,
            follower: witness.follower)
    }

    private static func batch(_ first: Int, _ count: Int) throws -> CommandBatch {
        var batch = CommandBatch(origin: first % 3)
        for number in first..<first + count {
            let move = Move(.charge(0, collects: false), on: "a", key: "key-\(number / 2)")
            try batch.append(
                number == 0 ? .createAccount("a", overdraft: 0) : .move(move), tag: UInt64(number))
        }
        return batch
    }

    /// Batches that the writer commits itself, and larger ones that the other thread does.
    @Test(arguments: [10, 150, 1000])
    func `every request is answered once, after its segment is stored and folded`(
        size: Int
    ) throws {
        let witness = Witness()
        let pipeline = try Self.start(witness)
        for first in stride(from: 0, to: 3000, by: size) {
            #expect(pipeline.submit(try Self.batch(first, size)))
        }
        pipeline.stop()
        var previous = SegmentFormat.firstHash
        for segment in witness.journal.segments {
            #expect(throws: Never.self) { try segment.contents(after: previous) }
            previous = segment.hash
        }
        let seen = witness.seen.withLock { $0 }
        #expect(seen.wrongs.isEmpty)
        #expect(seen.answered.count == 3000)
        #expect(seen.answered.values.allSatisfy { $0 == 1 })
        #expect(seen.folded == witness.journal.segments.map(\.number))
        #expect(seen.unknown == 0)
        #expect(pipeline.counts.lastSegment == witness.journal.segments.last?.number)
        #expect(seen.checkpoints == [pipeline.counts.lastSegment])
        #expect(!pipeline.submit(try Self.batch(5000, 1)))
    }

    @Test func `what arrives during a commit shares the next one`() throws {
        let witness = Witness()
        let pipeline = try Self.start(witness)
        for first in stride(from: 0, to: 4000, by: 1) {
            #expect(pipeline.submit(try Self.batch(first, 1)))
        }
        pipeline.stop()
        #expect(witness.seen.withLock { $0.answered.count } == 4000)
        #expect(witness.journal.segments.count < 4000)
    }

    @Test(arguments: [10, 200])
    func `a failed commit is told once and ends all commits`(size: Int) throws {
        let witness = Witness()
        witness.journal.fail(after: 1)
        let pipeline = try Self.start(witness)
        for first in stride(from: 0, to: 2000, by: size) {
            #expect(pipeline.submit(try Self.batch(first, size)))
        }
        pipeline.stop()
        let seen = witness.seen.withLock { $0 }
        #expect(seen.wrongs.isEmpty)
        #expect(seen.answered.count == 2000)
        #expect(seen.answered.values.allSatisfy { $0 == 1 })
        #expect(witness.journal.segments.count == 1)
        #expect(seen.folded == [1])
        if seen.unknown > 0 {
            #expect(seen.failures == 1)
            #expect(seen.checkpoints.isEmpty)
        }
    }

    @Test func `a checkpoint comes after a minute though nothing else happens`() throws {
        let witness = Witness()
        let time = ManualTime()
        let pipeline = try Self.start(witness, time)
        #expect(pipeline.submit(try Self.batch(0, 10)))
        while witness.seen.withLock({ $0.answered.count }) < 10 { sched_yield() }
        time.advance(micros: 61_000_000)
        witness.hasCheckpoint.wait()
        #expect(witness.seen.withLock { $0.checkpoints } == [1])
        pipeline.stop()
        #expect(witness.seen.withLock { $0.checkpoints } == [1])
        #expect(witness.journal.segments.count == 1)
    }

    @Test func `a pipeline without work stops at once`() throws {
        let witness = Witness()
        let pipeline = try Self.start(witness)
        pipeline.stop()
        pipeline.stop()
        #expect(witness.journal.segments.isEmpty)
        #expect(witness.seen.withLock { $0.checkpoints.isEmpty })
    }
}
