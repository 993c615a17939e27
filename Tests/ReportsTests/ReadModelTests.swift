import Credit
import Ledger
import Reports
import Store
import TestKit
import Testing

struct ReadModelTests {
    @Test(arguments: UInt64(1)...60)
    func `memory and checkpoints together miss nothing and count nothing twice`(
        seed: UInt64
    ) throws {
        var run = try ReadModelRun(seed: seed)
        for step in 0..<120 {
            try run.step()
            let events = run.events
            for slot in 0..<AccountSlot(4) {
                let own = events.filter { $0.account == "account-\(slot + 1)" }
                try Self.checkPositions(&run, slot, own, step: step)
                let cells = try run.model.usage(of: slot, quarters: .min ..< .max).cells.cells
                #expect(
                    cells.reduce(0) { $0 + $1.sums.credits } == own.reduce(0) { $0 + $1.used },
                    "seed \(seed), step \(step)")
                #expect(cells.reduce(0) { $0 + $1.sums.calls } == Int64(own.count(where: \.isCall)))
            }
            let all = try run.model.usage(of: nil, quarters: .min ..< .max).cells.cells
            #expect(
                all.reduce(0) { $0 + $1.sums.calls } == Int64(events.count(where: \.isCall)))
        }
    }

    private static func checkPositions(
        _ run: inout ReadModelRun, _ slot: AccountSlot, _ events: [ModelEvent], step: Int
    ) throws {
        let limit = run.random.pick([1, 2, 7, 1000])
        let end = run.random.chance(50) ? nil : events.randomElement(using: &run.random)?.spot
        let found = try run.model.positions(
            of: slot, before: end.map { Position($0) }, limit: limit)
        let expected = events.map(\.spot).filter { spot in end.map { spot < $0 } ?? true }
        #expect(found.map { Spot($0) } == Array(expected.reversed().prefix(limit)), "step \(step)")
        let entries = AccountEntries(of: slot, run.model, SegmentCache(journal: run.builder))
        var visited: [Spot] = []
        try entries.visit(before: end.map { Position($0) }, limit: limit) { entry, _ in
            visited.append(Spot(entry.position))
            return true
        }
        #expect(visited == Array(expected.reversed().prefix(limit)), "step \(step)")
        if step % 10 == 0 { try checkTimes(of: slot, entries, &run) }
    }

    /// A place in time parts the entries that are earlier from the others, but for one segment's.
    private static func checkTimes(
        of slot: AccountSlot, _ entries: AccountEntries, _ run: inout ReadModelRun
    ) throws {
        guard let time = run.contents.randomElement(using: &run.random)?.time else { return }
        var all: [EntrySummary] = []
        try entries.visit(before: nil, limit: 10_000) { entry, _ in
            if entry.kind.isEntry { all.append(entry) }
            return true
        }
        let end = try entries.end(before: time)
        let behind = all.filter { entry in end.map { entry.position >= $0 } ?? false }
        #expect(behind.allSatisfy { $0.time >= time })
        let before = all.filter { entry in end.map { entry.position < $0 } ?? true }
        let late = before.filter { $0.time >= time }
        #expect(Set(late.map(\.position.segment)).count <= 1)
    }

    private static func emptyModel() throws -> ReadModel {
        let memory = try MemoryUsage(of: JournalBuilder(seed: 1))
        return ReadModel(
            stored: memory, through: 0, archive: memory, tail: EntryTail(after: 0, partEvents: 9))
    }

    @Test func `usage falls into the quarter of an hour that holds its time`() throws {
        var builder = try JournalBuilder(seed: 2, accounts: 1)
        let charge = Operation.move(Move(.charge(0, collects: true), on: "account-1", key: "k"))
        try builder.add([charge])
        let model = try Self.emptyModel()
        for contents in builder.contents { model.fold(contents) }
        let time = try #require(builder.contents.last?.time.micros)
        let quarter = time / 900_000_000
        #expect(try model.usage(of: 0, quarters: quarter..<quarter + 1).cells.cells.count == 1)
        #expect(try model.usage(of: 0, quarters: quarter + 1..<quarter + 9).cells.cells.isEmpty)
        #expect(try model.usage(of: 0, quarters: quarter - 9..<quarter).cells.cells.isEmpty)
    }

    @Test func `a second checkpoint waits for the first`() throws {
        let model = try Self.emptyModel()
        let first = try #require(model.freeze())
        let isSecond = model.freeze() != nil
        #expect(!isSecond)
        model.thaw(first)
        let isThird = model.freeze() != nil
        #expect(isThird)
    }

    @Test(arguments: UInt64(1)...20)
    func `a model opened on a checkpoint goes on from it`(seed: UInt64) throws {
        var run = try ReadModelRun(seed: seed)
        for _ in 0..<60 { try run.step() }
        if let frozen = run.frozen, !run.isWritten {
            try run.state.write(frozen.usage, through: frozen.through)
        }
        let through = try run.state.usage(of: nil, quarters: 0..<1).through
        var tail = EntryTail(
            after: try run.state.runs([], of: 0).through, partEvents: run.random.pick([1, 30]))
        for segment in run.builder.segments[..<run.folded] where segment.number > tail.through {
            try tail.add(try SegmentView(segment), number: segment.number)
        }
        let reopened = ReadModel(
            stored: run.state, through: through, archive: run.state, tail: tail)
        for contents in run.contents[..<run.folded] where contents.number > through {
            reopened.fold(contents)
        }
        for slot in 0..<AccountSlot(4) {
            let was = try run.model.positions(of: slot, before: nil, limit: 1000)
            #expect(try reopened.positions(of: slot, before: nil, limit: 1000) == was)
            let usage = try reopened.usage(of: slot, quarters: .min ..< .max).cells
            let actions = usage.cells.map { usage.names.text($0.key.action) }
            #expect(Set(actions).isSubset(of: ["call"]))
        }
    }
}
