import Credit
import Ledger
import Store
import TestKit
import Testing

@testable import SQLiteStore

/// Usage written in any number of checkpoints adds up, however old rows have been merged.
struct UsageReaderTests {
    private static let dayQuarters = 96

    private static func cells(
        _ quarter: Int64, _ action: String, _ credits: Int128
    ) -> UsageCells {
        var names = NameTable()
        let key = UsageKey(
            start: quarter, action: names.number(of: action.utf8.span), team: 0, scenario: 0,
            key: 1, status: .succeeded)
        var sums = UsageSums()
        (sums.credits, sums.calls) = (credits, 1)
        return UsageCells([UsageCell(key: key, sums: sums)], names: names)
    }

    private typealias Written = (account: AccountSlot?, quarter: Int64, credits: Int128)

    private static func checkCells(
        _ cells: [UsageCell], _ own: [Written], of account: AccountSlot?,
        _ reader: SQLiteUsageReader
    ) throws {
        // Runs that are not merged yet may have narrower cells within a wider one.
        let ranges = Set(cells.map { $0.key.start..<$0.key.end })
        for range in ranges where !ranges.contains(where: { $0 != range && $0.contains(range) }) {
            let inside = own.filter { range.contains($0.quarter) }
            let found = cells.filter { range.contains($0.key.start..<$0.key.end) }
            #expect(
                found.reduce(0) { $0 + $1.sums.credits }
                    == inside.reduce(0) { $0 + $1.credits })
            let part = try reader.usage(of: account, quarters: range).cells
            #expect(part.cells.allSatisfy { range.contains($0.key.start..<$0.key.end) })
            #expect(
                part.cells.reduce(0) { $0 + $1.sums.credits }
                    == found.reduce(0) { $0 + $1.sums.credits })
        }
    }

    @Test(arguments: UInt64(1)...20)
    func `every range has what is in it, in no more cells than it needs`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var builder = try JournalBuilder(seed: seed, accounts: 3)
        var tuning = StoreTuning()
        tuning.mergedRuns = random.pick([2, 4])
        tuning.usagePageCells = random.pick([512, 7, 1])
        tuning.mergeStepCells = random.pick([1 << 16, 9, 1])
        tuning.mergeStepPages = random.pick([4096, 1])
        var state = try SQLiteState(in: folder, seed: 1, tuning: tuning)
        var quarter: Int64 = random.pick([-5000, 0, 1_960_000])
        var written: [Written] = []
        for _ in 0..<30 {
            let last = builder.mark
            while builder.mark == last { try builder.grow(by: 1) }
            var usage = ListedUsage()
            for _ in 0..<random.below(20) {
                quarter += Int64(random.below(random.pick([2, 30, 3000])))
                for account in [0, 1, nil] as [AccountSlot?] where random.chance(60) {
                    let credits = Int128(random.below(1000))
                    usage.add(
                        Self.cells(quarter, random.pick(["a", "b"]), credits), of: account)
                    written.append((account, quarter, credits))
                }
            }
            try state.write(
                Checkpoint(through: builder.mark, image: builder.image, usage: usage))
            var steps = random.below(20)
            while steps > 0, try state.mergeUsageStep() != nil { steps -= 1 }
        }
        let reader = try SQLiteUsageReader(folder: temporary.path)
        for account in [0, 1, 2, nil] as [AccountSlot?] {
            let own = written.filter { $0.account == account }
            let (through, all) = try reader.usage(of: account, quarters: .min ..< .max)
            #expect(through == builder.mark.number)
            #expect(
                all.cells.reduce(0) { $0 + $1.sums.credits } == own.reduce(0) { $0 + $1.credits })
            #expect(all.cells.reduce(0) { $0 + $1.sums.calls } == Int64(own.count))
            try Self.checkCells(all.cells, own, of: account, reader)
            let widths = Set(all.cells.map(\.key.quarters))
            #expect(widths.isSubset(of: [1, 4, 96]))
        }
        try Self.scrub(temporary.path)
    }

    @Test func `years of quarters become days`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var builder = try JournalBuilder(seed: 1)
        var state = try SQLiteState(in: folder, seed: 1)
        let days: Int64 = 384 * 4
        for day in stride(from: Int64(0), to: days, by: 32) {
            try builder.grow(by: 1)
            var usage = ListedUsage()
            for quarter in stride(from: day * 96, to: (day + 32) * 96, by: 8) {
                usage.add(Self.cells(quarter, "a", 1), of: 0)
            }
            try state.write(
                Checkpoint(through: builder.mark, image: builder.image, usage: usage))
        }
        while try state.mergeUsageStep() != nil {}
        let reader = try SQLiteUsageReader(folder: temporary.path)
        let cells = try reader.usage(of: 0, quarters: .min ..< .max).cells.cells
        #expect(cells.reduce(0) { $0 + $1.sums.credits } == Int128(days * 12))
        let oldest = Dictionary(grouping: cells, by: \.key.quarters).mapValues {
            $0.map { days - $0.key.start / 96 }.max() ?? 0
        }
        // As old as they may become before they are wider, and a period longer until their run is merged.
        #expect(try #require(oldest[1]) <= 64 + 32)
        #expect(try #require(oldest[4]) <= 384 * 2 + 384)
        #expect(oldest[96] == days)
        #expect(cells.count(where: { $0.key.quarters == 96 }) >= 384)
    }

    private static func scrub(_ path: String) throws {
        guard var scrub = try StateScrub(folder: path) else {
            Issue.record("there is no checkpoint")
            return
        }
        while try !scrub.step() {}
    }

    @Test(arguments: [
        "DELETE FROM usage_page WHERE id = (SELECT max(id) FROM usage_page)",
        "DELETE FROM usage_page WHERE id = (SELECT min(id) FROM usage_page)",
        "UPDATE usage_page SET body = (SELECT body FROM usage_page LIMIT 1)",
        "UPDATE usage_page SET body = zeroblob(9)", "DELETE FROM usage_run WHERE number = 2",
        "DELETE FROM usage_run WHERE number = 6", "UPDATE usage_run SET count = count + 1",
        "UPDATE usage_run SET pages = pages - 1 WHERE number = 4",
        "UPDATE usage_run SET after = after + 1 WHERE number = 1",
        "UPDATE usage_run SET newest = newest + 4 WHERE number = 3",
        "UPDATE usage_run SET oldest_quarter = oldest_quarter + 1 WHERE number = 5",
    ])
    func `usage that is damaged or missing is noticed`(damage: String) throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        try Self.fill(folder, runs: 6)
        try Self.scrub(temporary.path)
        try Self.damage(temporary.path, damage)
        #expect {
            try Self.scrub(temporary.path)
        } throws: { error in
            guard case StoreError.corrupt = error else { return false }
            return true
        }
    }

    private static var smallPages: StoreTuning {
        var tuning = StoreTuning()
        tuning.usagePageCells = 10
        return tuning
    }

    /// Makes a state with so many runs of one account's usage, in pages of ten cells.
    private static func fill(_ folder: borrowing DataFolder, runs: Int) throws {
        var builder = try JournalBuilder(seed: 1)
        var state = try SQLiteState(in: folder, seed: 1, tuning: smallPages)
        for _ in 0..<runs {
            try builder.grow(by: 1)
            var usage = ListedUsage()
            for quarter in 0..<Int64(35) { usage.add(cells(quarter, "a", 1), of: 0) }
            try state.write(
                Checkpoint(through: builder.mark, image: builder.image, usage: usage))
        }
        try state.close()
    }

    private static func damage(_ path: String, _ sql: String) throws {
        let file = try Database(path: "\(path)/state.db", access: .writing, vfs: nil)
        try file.run(sql)
    }

    @Test func `runs that lack pages are not merged`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        try Self.fill(folder, runs: 4)
        try Self.damage(
            temporary.path,
            "DELETE FROM usage_page WHERE id = (SELECT max(id) FROM usage_page WHERE run = 2)")
        var state = try SQLiteState(in: folder, seed: 1, tuning: Self.smallPages)
        let error = #expect(throws: StoreError.self) {
            while try state.mergeUsageStep() != nil {}
        }
        #expect("\(try #require(error))".hasSuffix("of usage run 2 is missing"))
    }

    @Test func `an index that leads past pages is noticed`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        try Self.fill(folder, runs: 4)
        try Self.damage(
            temporary.path, "UPDATE usage_page SET start = -200 WHERE run = 3 AND start = 30")
        let reader = try SQLiteUsageReader(folder: temporary.path)
        #expect(throws: StoreError.corrupt("state.db: the index of usage")) {
            try reader.usage(of: 0, quarters: 0..<5)
        }
    }

    @Test func `a scrub goes on while runs are merged`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var tuning = StoreTuning()
        tuning.usagePageCells = 1
        var builder = try JournalBuilder(seed: 1)
        var state = try SQLiteState(in: folder, seed: 1, tuning: tuning)
        for _ in 0..<4 {
            try builder.grow(by: 1)
            var usage = ListedUsage()
            for quarter in 0..<Int64(150) { usage.add(Self.cells(quarter, "a", 1), of: 0) }
            try state.write(
                Checkpoint(through: builder.mark, image: builder.image, usage: usage))
        }
        guard var scrub = try StateScrub(folder: temporary.path) else {
            Issue.record("there is no checkpoint")
            return
        }
        var isDone = try scrub.step()
        #expect(!isDone)
        while try state.mergeUsageStep() != nil {}
        while !isDone { isDone = try scrub.step() }
    }
}
