import Credit
import Ledger
import SQLiteStore
import Store
import TestKit
import Testing

/// Usage written in any number of checkpoints adds up, however old rows have been merged.
struct UsageReaderTests {
    private static let dayQuarters = 96

    private static func row(
        _ account: AccountSlot?, _ quarter: Int64, _ action: String, _ credits: Int128
    ) -> UsageRow {
        var names = NameTable()
        let key = UsageKey(
            start: quarter, action: names.number(of: action.utf8.span), team: 0, scenario: 0,
            key: 1, status: .succeeded)
        var sums = UsageSums()
        (sums.credits, sums.calls) = (credits, 1)
        return UsageRow(
            account: account, quarter: quarter,
            cells: UsageCells([UsageCell(key: key, sums: sums)], names: names))
    }

    private typealias Written = (account: AccountSlot?, quarter: Int64, credits: Int128)

    private static func checkCells(
        _ cells: [UsageCell], _ own: [Written], of account: AccountSlot?,
        _ reader: SQLiteUsageReader
    ) throws {
        // Each cell has exactly what was used in its time.
        for range in Set(cells.map { [$0.key.start, $0.key.end] }) {
            let inside = own.filter { range[0] <= $0.quarter && $0.quarter < range[1] }
            let found = cells.filter { [$0.key.start, $0.key.end] == range }
            #expect(
                found.reduce(0) { $0 + $1.sums.credits }
                    == inside.reduce(0) { $0 + $1.credits })
            let part = try reader.usage(of: account, quarters: range[0]..<range[1]).cells
            #expect(Set(part.cells.map(\.key.start)).isSubset(of: [range[0]]))
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
        var state = try SQLiteState(in: folder, seed: 1)
        var quarter: Int64 = random.pick([-5000, 0, 1_960_000])
        var written: [Written] = []
        for _ in 0..<30 {
            try builder.grow(by: 1)
            var rows: [UsageRow] = []
            for _ in 0..<random.below(20) {
                quarter += Int64(random.below(random.pick([2, 30, 3000])))
                for account in [0, 1, nil] as [AccountSlot?] where random.chance(60) {
                    let credits = Int128(random.below(1000))
                    rows.append(
                        Self.row(account, quarter, random.pick(["a", "b"]), credits))
                    written.append((account, quarter, credits))
                }
            }
            rows.sort {
                ($0.account.map { Int($0) } ?? 9, $0.quarter)
                    < ($1.account.map { Int($0) } ?? 9, $1.quarter)
            }
            try state.write(
                Checkpoint(through: builder.mark, image: builder.image, usage: rows))
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
        guard var scrub = try StateScrub(folder: temporary.path) else { return }
        while try !scrub.step() {}
    }

    @Test func `years of quarters become days`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var builder = try JournalBuilder(seed: 1)
        var state = try SQLiteState(in: folder, seed: 1)
        let days: Int64 = 384 * 3
        for day in stride(from: Int64(0), to: days, by: 32) {
            try builder.grow(by: 1)
            let rows = (day * 96..<(day + 32) * 96).filter { $0 % 8 == 0 }.map {
                Self.row(0, $0, "a", 1)
            }
            try state.write(
                Checkpoint(through: builder.mark, image: builder.image, usage: rows))
        }
        let reader = try SQLiteUsageReader(folder: temporary.path)
        let cells = try reader.usage(of: 0, quarters: .min ..< .max).cells.cells
        #expect(cells.reduce(0) { $0 + $1.sums.credits } == Int128(days * 12))
        let byWidth = Dictionary(grouping: cells, by: \.key.quarters).mapValues(\.count)
        #expect(byWidth[96] == 384)
        #expect(byWidth[4] == 12 * (384 * 2 - 64))
        #expect(byWidth[1] == 12 * 64)
    }
}
