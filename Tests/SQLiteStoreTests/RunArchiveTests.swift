import Credit
import Ledger
import Store
import TestKit
import Testing

@testable import SQLiteStore

/// What runs add up to, by a fold that knows nothing of how they are stored.
private struct RunTotals: Equatable {
    var scenario = ""
    var positions: [Position] = []
    var times: [Int64] = []
    var start: Int64?
    var end: Int64?
    var status = CallStatus.unsaid
    var credits: Int128 = 0
    var calls: Int64 = 0
    var failures: Int64 = 0
    var bytes: Int128 = 0

    mutating func add(_ entry: PlainEntry) {
        let bare = entry.bare
        positions = [positions.first ?? bare.position, bare.position]
        // A run does not go on until a refund.
        let last = times.last ?? Instant.earliest.micros
        times = [
            min(times.first ?? .max, bare.time.micros),
            bare.kind == .refund ? last : max(last, bare.time.micros),
        ]
        if scenario.isEmpty { scenario = entry.texts[2] }
        switch bare.kind {
        case .runStart: start = start ?? bare.startedAt.micros
        case .runFinish: (end, status) = (bare.time.micros, bare.status)
        case .charge, .capture:
            credits += Int128(bare.credits)
            calls += 1
            bytes += Int128(bare.bytes.value ?? 0)
            if [CallStatus.failed, .timeout].contains(bare.status) || bare.status.rawValue >= 400 {
                failures += 1
            }
        case .refund: credits -= Int128(bare.credits)
        default: break
        }
    }
}

extension RunTotals {
    init(_ run: RunSummary) {
        scenario = String(decoding: run.scenario, as: UTF8.self)
        positions = [run.first, run.last]
        times = [run.firstTime.micros, run.lastTime.micros]
        start = run.startedAt == .never ? nil : run.startedAt.micros
        end = run.finishedAt == .never ? nil : run.finishedAt.micros
        status = run.status
        (credits, calls, failures, bytes) = (run.credits, run.calls, run.failures, run.bytes)
    }
}

struct RunArchiveTests {
    @Test(arguments: UInt64(1)...40)
    func `a run adds up to its entries, however they were stored`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var builder = try JournalBuilder(seed: seed, accounts: random.pick([1, 3, 40]))
        var archive = try SQLiteArchive(
            in: folder, of: builder, tuning: ArchiveTests.tuning(&random))
        for _ in 0..<1 + random.below(6) {
            try builder.grow(by: 1 + random.below(10))
            try archive.append(through: builder.mark.number, from: builder)
            try ArchiveTests.merge(&archive, &random)
        }
        let all = try ArchiveTests.all(of: builder)
        let reader = try SQLiteArchiveReader(folder: temporary.path)
        for slot in 0..<AccountSlot(40) {
            let own = all.filter { $0.bare.account == slot && !$0.texts[3].isEmpty }
            var expected: [String: RunTotals] = [:]
            for entry in own { expected[entry.texts[3], default: RunTotals()].add(entry) }
            let names = ["run-2", "nothing", "run-0", "run-3", "run-1"]
            let (through, parts) = try reader.runs(names.map { Array($0.utf8) }, of: slot)
            #expect(through == builder.mark.number)
            for (name, parts) in zip(names, parts) {
                var sum = parts.first
                for part in parts.dropFirst() { sum?.append(part) }
                #expect(sum.map(RunTotals.init) == expected[name], "seed \(seed), \(name)")
            }
        }
        try ArchiveTests.scrub(temporary.path)
    }

    @Test(arguments: UInt64(1)...60)
    func `a chunk reads back as it was, and only from where it stands`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var runs: [RunSummary] = []
        for number in 0..<1 + random.below(RunChunk.runsMax) {
            var entry = EntrySummary(
                account: AccountSlot(number / 3),
                position: Position(segment: UInt64(random.below(99)), index: 7),
                time: random.pick([.earliest, .latest, .epoch]), kind: .runStart)
            entry.startedAt = random.pick([.never, .earliest, .latest, .epoch])
            var run = RunSummary(entry, of: [])
            run.run = Array("run-\(10_000 + number)".utf8)
            run.scenario = random.bytes(random.below(5))
            run.lastTime = .latest
            run.last = Position(segment: 9_999, index: UInt32(random.below(50)))
            run.finishedAt = random.pick([.never, .earliest, .latest])
            run.status = random.pick([.unsaid, .cancelled, CallStatus(rawValue: 599)])
            run.credits = random.pick([0, .min, .max, -1])
            run.bytes = random.pick([0, .min, .max, 17])
            run.calls = random.pick([0, .max, 3])
            run.failures = random.pick([0, .max])
            runs.append(run)
        }
        let stored = RunChunk.encode(runs[...], under: [3, 0])
        let chunk = try RunChunk(from: stored, under: [3, 0])
        #expect(try chunk.all == runs)
        for run in runs { #expect(try chunk.run(run.run, of: run.account) == run) }
        #expect(try chunk.run(Array("run-1".utf8), of: 0) == nil)
        #expect(try chunk.run(runs[0].run, of: 99_999) == nil)
        #expect(throws: SegmentError.badChecksum) {
            try RunChunk(from: stored, under: [4, 0])
        }
        for length in [0, 1, stored.count / 2, stored.count - 5] {
            let cut = Array(stored[..<length])
            #expect(throws: SegmentError.self) { try RunChunk(from: cut, under: [3, 0]) }
        }
    }
}
