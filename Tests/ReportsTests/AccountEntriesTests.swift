import Credit
import Ledger
import Reports
import Store
import TestKit
import Testing

struct AccountEntriesTests {
    /// An archive of one account: a charge, and behind it more refusals than anybody looks through.
    private struct Refused: EntryReader {
        static let count: UInt32 = 70_000
        let charge: Instant

        func entries(
            of account: AccountSlot, before end: Position?, limit: Int, parameters: Bool
        ) throws(StoreError) -> (through: UInt64, entries: EntrySummaries) {
            var found: [EntrySummary] = []
            var index = end?.index ?? Self.count
            while index > 0, found.count < limit {
                index -= 1
                found.append(
                    EntrySummary(
                        account: account, position: Position(segment: 1, index: index),
                        time: charge, kind: index == 0 ? .charge : .refusal))
            }
            return (1, EntrySummaries(entries: found.reversed(), bytes: []))
        }

        func runs(
            _ names: [[UInt8]], of account: AccountSlot
        ) throws(StoreError) -> (through: UInt64, parts: [[RunSummary]]) {
            (1, names.map { _ in [] })
        }
    }

    @Test func `what cannot be told at once is not taken for the end`() throws {
        let journal = try JournalBuilder(seed: 1)
        let charge = Instant(micros: 1_000_000)
        let model = ReadModel(
            stored: MemoryUsage(of: journal), through: 1, archive: Refused(charge: charge),
            tail: EntryTail(after: 1, partEvents: 10))
        let entries = AccountEntries(of: 0, model, SegmentCache(journal: journal))
        // The charge is at this very time, but nobody has come to it.
        #expect(try !entries.endSurely(before: charge))
        #expect(try !entries.endSurely(before: Instant(micros: 2_000_000)))
        #expect(try entries.end(before: charge) == nil)
    }
}
