import Credit
import Ledger
import Reports
import Store
import Synchronization

/// Checkpoints of usage and events in memory.
final class MemoryState: UsageReader {
    /// All entries that checkpoints can come to hold.
    private let all: EntrySummaries

    /// What is kept of some segments, once checkpoints reach them.
    init(of segments: [EncodedSegment] = []) throws {
        var all = EntrySummaries()
        for segment in segments { try SegmentView(segment).summarize(to: &all) }
        self.all = all
    }

    private struct Stored: Sendable {
        var through: UInt64 = 0
        var usage: [AccountSlot?: UsageCells] = [:]
    }

    private let stored = Mutex(Stored())

    /// Adds what a checkpoint has to write, all at once.
    func write(_ frozen: ReadModel.Frozen) {
        stored.withLock { stored in
            stored.through = frozen.through
            for row in frozen.usage {
                stored.usage[row.account, default: UsageCells()].add(row.cells)
            }
        }
    }

    func usage(
        of account: AccountSlot?, quarters: Range<Int64>
    ) throws(StoreError) -> (through: UInt64, cells: UsageCells) {
        stored.withLock { stored in
            (stored.through, (stored.usage[account] ?? UsageCells()).touching(quarters))
        }
    }

    func entries(
        of account: AccountSlot, before end: Position?, limit: Int, parameters: Bool
    ) throws(StoreError) -> (through: UInt64, entries: EntrySummaries) {
        let through = stored.withLock { $0.through }
        let entries = all.entries.filter { entry in
            entry.account == account && entry.position.segment <= through
                && end.map { entry.position < $0 } ?? true
        }
        return (through, EntrySummaries(entries: entries.suffix(limit), bytes: all.bytes))
    }
}
