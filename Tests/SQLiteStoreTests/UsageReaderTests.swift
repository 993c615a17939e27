import Credit
import Ledger
import SQLiteStore
import Store
import TestKit
import Testing

struct UsageReaderTests {
    private static func rows(
        _ account: AccountSlot, _ positions: [(UInt64, UInt32)]
    ) -> EventRow {
        EventRow(
            account: account,
            positions: positions.map { Position(segment: $0.0, index: $0.1) })
    }

    private static func usage(_ account: AccountSlot, _ quarter: Int64, _ credits: Int128)
        -> UsageRow
    {
        UsageRow(
            account: account, quarter: quarter,
            cells: [
                UsageRow.Cell(
                    action: 0, key: 1, credits: credits, calls: 1, units: 2, bytes: 3)
            ])
    }

    /// Two checkpoints: through segment 2, then through segment 5.
    private static func fill(_ folder: borrowing DataFolder) throws {
        var builder = try JournalBuilder(seed: 1)
        var state = try SQLiteState(in: folder, seed: 1)
        let first = JournalMark(number: 2, hash: [2], time: .epoch)
        let second = JournalMark(number: 5, hash: [5], time: .epoch)
        try state.write(
            Checkpoint(
                through: first, image: builder.image,
                usage: [usage(0, 10, 100), usage(1, 10, 7)],
                events: [rows(0, [(1, 0), (2, 0), (2, 3)]), rows(1, [(1, 1)])],
                actions: ["call"]))
        try builder.grow(by: 1)
        try state.write(
            Checkpoint(
                through: second, image: builder.image,
                usage: [usage(0, 10, 1), usage(0, 11, 50)],
                events: [rows(0, [(3, 0), (5, 9)])], actions: []))
    }

    @Test func `usage comes in rows of each checkpoint, through the last one`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        try Self.fill(folder)
        let reader = try SQLiteUsageReader(folder: temporary.path)
        let (through, rows) = try reader.usage(of: 0, quarters: 10..<12)
        #expect(through == 5)
        #expect(rows.flatMap(\.cells).map(\.credits) == [100, 1, 50])
        #expect(try reader.usage(of: 0, quarters: 11..<12).rows.flatMap(\.cells).count == 1)
        let first = try reader.usage(of: 0, quarters: 10..<11).rows
        #expect(first.flatMap(\.cells).map(\.credits) == [100, 1])
        #expect(try reader.usage(of: 0, quarters: 12..<99).rows.isEmpty)
        let all = try reader.usage(of: nil, quarters: .min..<Int64.max).rows
        #expect(all.flatMap(\.cells).reduce(0) { $0 + $1.credits } == 158)
        #expect(try reader.usage(of: 7, quarters: 0..<99).rows.isEmpty)
    }

    struct Fact: Sendable {
        let end: Position?
        let limit: Int
        let places: [[UInt64]]
    }

    @Test(arguments: [
        Fact(end: nil, limit: 9, places: [[5, 9], [3, 0], [2, 3], [2, 0], [1, 0]]),
        Fact(end: nil, limit: 2, places: [[5, 9], [3, 0]]),
        Fact(
            end: Position(segment: 5, index: 9), limit: 9,
            places: [[3, 0], [2, 3], [2, 0], [1, 0]]),
        Fact(
            end: Position(segment: 4, index: 0), limit: 9,
            places: [[3, 0], [2, 3], [2, 0], [1, 0]]),
        Fact(end: Position(segment: 2, index: 3), limit: 1, places: [[2, 0]]),
        Fact(end: Position(segment: 1, index: 0), limit: 9, places: []),
        Fact(end: Position(segment: .max, index: 0), limit: 1, places: [[5, 9]]),
    ])
    func `events come newest first, before a position, up to a limit`(fact: Fact) throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        try Self.fill(folder)
        let reader = try SQLiteUsageReader(folder: temporary.path)
        let (through, rows) = try reader.events(of: 0, before: fact.end, limit: fact.limit)
        #expect(through == 5)
        #expect(rows.map { [$0.segment, UInt64($0.index)] } == fact.places)
    }
}
