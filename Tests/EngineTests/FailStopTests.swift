import Credit
import Engine
import Ledger
import Store
import TestKit
import Testing

struct FailStopTests {
    private static func batch(_ operations: [Operation]) throws -> CommandBatch {
        var batch = CommandBatch(origin: 0)
        for operation in operations { try batch.append(operation) }
        return batch
    }

    private static func charge(_ number: Int) -> Operation {
        .move(Move(.charge(0, collects: false), on: "a", key: "key-\(number)"))
    }

    @Test(arguments: [true, false])
    func `after a failed commit everybody is told that nobody knows`(isStored: Bool) throws {
        let journal = MemoryJournal()
        var engine = try Engine(ledger: Ledger(seed: 1), after: .start)
        var stage = CommitStage(journal: journal, after: .start)
        engine.submit(try Self.batch([.createAccount("a", overdraft: 0)]), at: .epoch)
        let ended = engine.nextSegment(salt: [])
        var first = try #require(ended)
        #expect(stage.commit(&first).flatMap(\.outcomes).map { ModelReply($0) != nil } == [true])
        journal.fail(after: 0, storing: isStored)
        for round in 0..<3 {
            let operations = [Self.charge(round), Self.charge(round), .look("a"), .look("b")]
            engine.submit(try Self.batch(operations), at: .epoch)
            let ended = engine.nextSegment(salt: [])
            var pending = try #require(ended)
            let outcomes = stage.commit(&pending).flatMap(\.outcomes)
            #expect(outcomes.count == 4)
            for outcome in outcomes {
                guard case .unknown = outcome else {
                    Issue.record("\(outcome) after a failed commit")
                    continue
                }
            }
            journal.fail(after: .max)
        }
        #expect(stage.failure != nil)
        #expect(journal.segments.count == (isStored ? 2 : 1))
    }

    @Test func `a query waits for the events that it saw`() throws {
        let journal = MemoryJournal()
        var engine = try Engine(ledger: Ledger(seed: 1), after: .start)
        var stage = CommitStage(journal: journal, after: .start)
        engine.submit(try Self.batch([.look("a"), .createAccount("a", overdraft: 5)]), at: .epoch)
        engine.submit(try Self.batch([.look("a")]), at: .epoch)
        let ended = engine.nextSegment(salt: [])
        var pending = try #require(ended)
        #expect(journal.segments.isEmpty)
        let replies = stage.commit(&pending).flatMap(\.outcomes).map { ModelReply($0) }
        #expect(journal.segments.count == 1)
        #expect(replies.first == .view(nil))
        #expect(replies.dropFirst().first == .recorded(Spot(1, 0)))
        guard case .view(let view) = replies.last else {
            Issue.record("the second query was not answered")
            return
        }
        #expect(view?.overdraft == 5)
    }

    @Test func `a segment without events is answered and not stored`() throws {
        let journal = MemoryJournal()
        var engine = try Engine(ledger: Ledger(seed: 1), after: .start)
        var stage = CommitStage(journal: journal, after: .start)
        engine.submit(try Self.batch([Self.charge(1), .look("a")]), at: .epoch)
        let ended = engine.nextSegment(salt: [])
        var pending = try #require(ended)
        let replies = stage.commit(&pending).flatMap(\.outcomes).map { ModelReply($0) }
        #expect(replies == [.rejected("not_found"), .view(nil)])
        #expect(journal.segments.isEmpty)
        let isIdle = engine.nextSegment(salt: []) == nil
        #expect(isIdle)
    }

    @Test func `repeated requests leave nothing behind`() throws {
        var engine = try Engine(ledger: Ledger(seed: 1), after: .start)
        let batch = try Self.batch([.createAccount("a", overdraft: 0), Self.charge(1)])
        engine.submit(batch, at: .epoch)
        _ = engine.nextSegment(salt: [])
        for _ in 0..<100 {
            engine.submit(try Self.batch([Self.charge(1)]), at: .epoch)
            let ended = engine.nextSegment(salt: [])
            let pending = try #require(ended)
            #expect(pending.contents.bytes.count < 100)
        }
    }

    @Test func `texts of a batch are read where they lie, whatever came before`() throws {
        var engine = try Engine(ledger: Ledger(seed: 1), after: .start)
        engine.submit(try Self.batch([.createAccount("a", overdraft: 0)]), at: .epoch)
        engine.submit(try Self.batch([Self.charge(1), Self.charge(1), Self.charge(2)]), at: .epoch)
        engine.submit(try Self.batch([Self.charge(3)]), at: .epoch)
        let ended = engine.nextSegment(salt: [UInt8](repeating: 0, count: 16))
        let pending = try #require(ended)
        var encoder = SegmentEncoder()
        let encoded = encoder.encode(
            pending.contents, previous: SegmentFormat.firstHash,
            salt: [UInt8](repeating: 0, count: SegmentFormat.saltBytes))
        let stored = try encoded.contents(after: nil)
        var names: [String] = []
        let keys = stored.modelEvents(names: &names).map(\.key)
        #expect(keys == ["", "key-1", "key-2", "key-3"])
    }
}
