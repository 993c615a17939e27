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
        var usage: [UsageRow] = []
        var actions: [String] = []
    }

    private let stored = Mutex(Stored())

    var actions: [String] { stored.withLock { $0.actions } }

    /// Adds what a checkpoint has to write, all at once.
    func write(_ frozen: ReadModel.Frozen) {
        stored.withLock { stored in
            stored.through = frozen.through
            stored.usage += frozen.usage
            stored.actions += frozen.actions
        }
    }

    func usage(
        of account: AccountSlot?, quarters: Range<Int64>
    ) throws(StoreError) -> (through: UInt64, rows: [UsageRow]) {
        stored.withLock { stored in
            let rows = stored.usage.filter { row in
                quarters.contains(row.quarter) && (account.map { $0 == row.account } ?? true)
            }
            return (stored.through, rows)
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
