import Ledger
import Store
import TestKit
import Testing

/// Merged runs have what the runs had, in cells as wide as their age allows.
struct UsageMergeTests {
    /// What a run has: by account, cell and texts.
    private typealias Sums = [[String]: UsageSums]

    private static func page(
        _ cells: [AccountCell], _ names: NameTable
    ) throws -> UsagePage {
        var encoder = UsagePageEncoder()
        return try UsagePage(from: encoder.encode(cells, names, under: [1]), under: [1])
    }

    private static func add(
        _ cell: AccountCell, _ names: NameTable, to sums: inout Sums, aged by: UsageAging?
    ) {
        let key = by?.widened(cell.cell.key) ?? cell.cell.key
        let texts = [key.action, key.team, key.scenario].map(names.text)
        let place =
            ["\(cell.account.number) \(key.start) \(key.quarters) \(key.key) \(key.status)"] + texts
        sums[place, default: UsageSums()].add(cell.cell.sums)
    }

    private static func run(
        _ random: inout SeededRandom, around quarter: Int64
    ) -> (cells: [AccountCell], names: NameTable) {
        var usage: [AccountSlot?: UsageCells] = [:]
        for _ in 0..<random.below(60) {
            var names = NameTable()
            let text = { (random: inout SeededRandom) in "name-\(random.below(4))" }
            let age = Int64(random.below(random.pick([3, 96 * 40, 96 * 900])))
            var key = UsageKey(
                start: quarter - age, action: names.number(of: text(&random).utf8.span),
                team: random.chance(50) ? 0 : names.number(of: text(&random).utf8.span),
                scenario: 0, key: random.pick([ChargeCommand.noKey, 1]), status: .succeeded)
            if random.chance(10) {
                key.quarters = 4
                key.start = UsageCells.floor(key.start, 4)
            }
            var sums = UsageSums()
            (sums.credits, sums.calls) = (Int128(random.below(100)) - 10, 1)
            usage[random.pick([nil, 0, 1, 900_000]), default: UsageCells()].add(
                UsageCells([UsageCell(key: key, sums: sums)], names: names))
        }
        var listed = ListedUsage()
        for (account, cells) in usage { listed.add(cells, of: account) }
        var all: [AccountCell] = []
        try? listed.visit(atMost: .max) { all = $0 }
        return (all, listed.names)
    }

    @Test(arguments: UInt64(1)...80)
    func `nothing is lost, doubled or left apart`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let newest: Int64 = random.pick([0, 1_960_000, 96 * 384 * 50])
        let aging = UsageAging(newest: newest)
        var expected = Sums()
        var pages: [[UsagePage]] = []
        for _ in 0..<random.below(6) {
            let (cells, names) = Self.run(&random, around: newest)
            for cell in cells { Self.add(cell, names, to: &expected, aged: aging) }
            let size = random.pick([1, 5, 1000])
            pages.append(
                try stride(from: 0, to: cells.count, by: size).map {
                    try Self.page(Array(cells[$0..<min(cells.count, $0 + size)]), names)
                })
        }
        var merge = UsageMerge(
            runs: pages.count, newest: newest, pageCells: random.pick([1, 7, 500]))
        var places = pages.map { _ in 0 }
        var found = Sums()
        var count = 0
        var last: (UsageAccount, Int64)?
        while true {
            let next = try merge.next { run throws(StoreError) in
                defer { places[run] += 1 }
                return places[run] < pages[run].count ? pages[run][places[run]] : nil
            }
            guard let (cells, names) = next else { break }
            for cell in cells {
                let place = (cell.account, cell.cell.key.start)
                #expect(last.map { $0 <= place } ?? true)
                last = place
                Self.add(cell, names, to: &found, aged: nil)
            }
            count += cells.count
        }
        #expect(found == expected)
        #expect(count == expected.count)
    }

    @Test func `what a damaged file says of the newest cell overflows nothing`() {
        for newest in [Int64.min, .max] {
            let aging = UsageAging(newest: newest)
            #expect(aging.overdueEnd(of: 1) < newest || newest == .min)
        }
    }

    @Test func `a quarter of an hour has no more cells than it may`() throws {
        var merge = UsageMerge(runs: 3, newest: 0, pageCells: 10)
        var pages: [UsagePage?] = []
        for run in 0..<3 {
            var cells = UsageCells()
            for number in 0..<900 {
                var names = NameTable()
                let key = UsageKey(
                    start: 0, action: names.number(of: "a\(run * 300 + number)".utf8.span), team: 0,
                    scenario: 0, key: ChargeCommand.noKey, status: .unsaid)
                var sums = UsageSums()
                sums.calls = 1
                cells.add(UsageCells([UsageCell(key: key, sums: sums)], names: names))
            }
            pages.append(
                try Self.page(
                    cells.cells.map { AccountCell(UsageAccount(0), $0) }, cells.names))
        }
        var merged: [AccountCell] = []
        var others: Int64 = 0
        while let (cells, names) = try merge.next({ run throws(StoreError) in pages[run].take() }) {
            merged += cells
            for cell in cells where names.text(cell.cell.key.action) == UsageCells.otherName {
                others += cell.cell.sums.calls
            }
        }
        #expect(merged.count == UsageCells.quarterCellsMax + 1)
        #expect(merged.reduce(0) { $0 + $1.cell.sums.calls } == 2700)
        // 200 of the second run and 500 of the third.
        #expect(others == 700)
    }
}
