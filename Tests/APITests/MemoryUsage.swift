import Credit
import Ledger
import Reports
import Store
import Synchronization

/// Checkpoints of usage in memory, of cells as wide as is asked for; entries come from the journal.
final class MemoryUsage: UsageReader {
    private struct Stored: Sendable {
        var through: UInt64 = 0
        var rows: [AccountSlot?: UsageCells] = [:]
    }

    private let storage: MemoryStorage
    private let stored = Mutex(Stored())

    init(_ storage: MemoryStorage) {
        self.storage = storage
    }

    /// Takes over what the read model holds, in cells of so many quarters of an hour.
    func checkpoint(_ model: ReadModel, cellQuarters: Int32) {
        guard let frozen = model.freeze() else { return }
        stored.withLock { stored in
            stored.through = frozen.through
            for row in frozen.usage {
                let cells = row.cells.coarsened(to: cellQuarters)
                stored.rows[row.account, default: UsageCells()].add(cells)
            }
        }
        model.thaw(frozen)
    }

    func usage(
        of account: AccountSlot?, quarters: Range<Int64>
    ) throws(StoreError) -> (through: UInt64, cells: UsageCells) {
        stored.withLock { stored in
            (stored.through, (stored.rows[account] ?? UsageCells()).touching(quarters))
        }
    }

    func entries(
        of account: AccountSlot, before end: Position?, limit: Int, parameters: Bool
    ) throws(StoreError) -> (through: UInt64, entries: EntrySummaries) {
        let through = stored.withLock { $0.through }
        var all = EntrySummaries()
        for number in stride(from: 1, through: through, by: 1) {
            guard let segment = try storage.segment(number) else { continue }
            do throws(SegmentError) {
                try SegmentView(segment).summarize(to: &all)
            } catch {
                throw .corrupt("\(error)")
            }
        }
        let entries = all.entries.filter { entry in
            entry.account == account && end.map { entry.position < $0 } ?? true
        }
        return (through, EntrySummaries(entries: entries.suffix(limit), bytes: all.bytes))
    }
}
