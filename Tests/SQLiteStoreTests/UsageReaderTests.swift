import Credit
import Ledger
import SQLiteStore
import Store
import TestKit
import Testing

struct UsageReaderTests {
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

    /// Two checkpoints of these rows.
    private static func fill(_ folder: borrowing DataFolder) throws -> UInt64 {
        var builder = try JournalBuilder(seed: 1)
        var state = try SQLiteState(in: folder, seed: 1)
        try state.write(
            Checkpoint(
                through: builder.mark, image: builder.image,
                usage: [usage(0, 10, 100), usage(1, 10, 7)], actions: ["call"]), from: builder)
        try builder.grow(by: 1)
        try state.write(
            Checkpoint(
                through: builder.mark, image: builder.image,
                usage: [usage(0, 10, 1), usage(0, 11, 50)], actions: []), from: builder)
        return builder.mark.number
    }

    @Test func `usage comes in rows of each checkpoint, through the last one`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        let last = try Self.fill(folder)
        let reader = try SQLiteUsageReader(folder: temporary.path)
        let (through, rows) = try reader.usage(of: 0, quarters: 10..<12)
        #expect(through == last)
        #expect(rows.flatMap(\.cells).map(\.credits) == [100, 1, 50])
        #expect(try reader.usage(of: 0, quarters: 11..<12).rows.flatMap(\.cells).count == 1)
        let first = try reader.usage(of: 0, quarters: 10..<11).rows
        #expect(first.flatMap(\.cells).map(\.credits) == [100, 1])
        #expect(try reader.usage(of: 0, quarters: 12..<99).rows.isEmpty)
        let all = try reader.usage(of: nil, quarters: .min..<Int64.max).rows
        #expect(all.flatMap(\.cells).reduce(0) { $0 + $1.credits } == 158)
        #expect(try reader.usage(of: 7, quarters: 0..<99).rows.isEmpty)
    }
}
