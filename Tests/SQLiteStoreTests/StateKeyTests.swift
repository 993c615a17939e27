import Ledger
import Store
import TestKit
import Testing

@testable import SQLiteStore

struct StateKeyTests {
    /// A state with several runs of keys.
    private static func filled(
        _ folder: borrowing DataFolder, seed: UInt64, _ records: inout [KeyRecord],
        merging least: Int = 4, stepKeys: Int = 1 << 18
    ) throws -> SQLiteState {
        var builder = try JournalBuilder(seed: seed)
        var tuning = StoreTuning()
        tuning.mergedRuns = least
        (tuning.mergeStepKeys, tuning.mergeStepPages) = (stepKeys, 1)
        tuning.pageKeysUsual = min(tuning.pageKeysUsual, stepKeys)
        var state = try SQLiteState(in: folder, seed: seed, tuning: tuning)
        for _ in 0..<6 {
            try builder.grow(by: 10)
            try state.write(builder.checkpoint)
        }
        records = builder.image.sealedKeys.flatMap(\.keys.records)
        return state
    }

    private static func expectAll(
        _ records: [KeyRecord], of state: borrowing SQLiteState, in path: String
    ) throws {
        let reader = try SQLiteKeyReader(folder: path)
        let filters = [SegmentRange: KeyFilter](
            uniqueKeysWithValues: state.keyRuns.compactMap { run in
                run.filter.map { (run.range, $0) }
            })
        let hashes = records.map(\.hash)
        for filters in [filters, [:]] {
            let found = try reader.segments(of: hashes, filters: filters)
            for (record, segments) in zip(records, found) {
                #expect(segments == [record.segment])
            }
            let others = hashes.map { $0 ^ 1 }
            #expect(try reader.segments(of: others, filters: filters).allSatisfy(\.isEmpty))
        }
    }

    @Test(arguments: [2, 4, 100])
    func `every key is found on disk, merged or not`(least: Int) throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var records: [KeyRecord] = []
        var state = try Self.filled(folder, seed: 4, &records, merging: least)
        #expect(records.count > 50)
        let runCount = state.keyRuns.count
        while try state.mergeKeysStep() != nil {}
        #expect((state.keyRuns.count < runCount) == (least <= runCount))
        try Self.expectAll(records, of: state, in: temporary.path)
        let runs = state.keyRuns
        try state.close()
        let again = try SQLiteState(in: folder, seed: 99)
        #expect(again.keySeed == 4)
        #expect(again.keyRuns.map(\.range) == runs.map(\.range))
        #expect(again.keyRuns.map(\.filter) == runs.map(\.filter))
        try Self.expectAll(records, of: again, in: temporary.path)
    }

    @Test func `keys are found while runs are merged, and after one was broken off`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var records: [KeyRecord] = []
        var state = try Self.filled(folder, seed: 4, &records, merging: 4, stepKeys: 10)
        for _ in 0..<4 {
            #expect(try state.mergeKeysStep() == 10)
            try Self.expectAll(records, of: state, in: temporary.path)
        }
        let count = state.keyRuns.count
        try state.close()
        var tuning = StoreTuning()
        (tuning.mergeStepKeys, tuning.mergeStepPages) = (10, 1)
        state = try SQLiteState(in: folder, seed: 4, tuning: tuning)
        #expect(state.keyRuns.count == count)
        #expect(state.keys.leftovers == [Int64(count) + 1])
        while try state.mergeKeysStep() != nil {
            try Self.expectAll(records, of: state, in: temporary.path)
        }
        #expect(state.keyRuns.count < count)
        #expect(state.keys.leftovers.isEmpty)
    }

    @Test(arguments: [
        "DELETE FROM key_page WHERE id = (SELECT max(id) FROM key_page)",
        "UPDATE key_page SET body = (SELECT body FROM key_page LIMIT 1)",
        "UPDATE key_page SET body = zeroblob(9)",
        "DELETE FROM key_run WHERE number = 2", "DELETE FROM key_run WHERE number = 6",
        "UPDATE key_run SET count = count + 1 WHERE number = 1",
    ])
    func `keys that are missing on disk are not called new`(damage: String) throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var records: [KeyRecord] = []
        do {
            let state = try Self.filled(folder, seed: 4, &records)
            try state.close()
        }
        do {
            let file = try Database(
                path: "\(temporary.path)/state.db", access: .writing, vfs: nil)
            try file.run(damage)
        }
        let reader = try SQLiteKeyReader(folder: temporary.path)
        let hashes = records.map(\.hash)
        #expect(throws: StoreError.self) { try reader.segments(of: hashes, filters: [:]) }
    }

    @Test func `a condemned file is made anew`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        do {
            var records: [KeyRecord] = []
            let state = try Self.filled(folder, seed: 4, &records)
            state.condemn()
        }
        let again = try SQLiteState(in: folder, seed: 5)
        #expect(again.through == 0)
        #expect(again.keySeed == 5)
        #expect(again.keyRuns.isEmpty)
    }
}
