public import Credit
public import Ledger
public import Store
internal import Synchronization

/// Checkpoints of usage and of a journal's entries in memory.
public final class MemoryUsage: UsageReader, EntryReader {
    private struct Stored: Sendable {
        var through: UInt64 = 0
        var usage: [UsageAccount: UsageCells] = [:]
        var archived: UInt64 = 0
        var entries = EntrySummaries()
    }

    private let journal: any JournalReader & Sendable
    private let stored = Mutex(Stored())

    /// An empty one, whose entries will come from `journal`.
    public init(of journal: any JournalReader & Sendable) {
        self.journal = journal
    }

    /// Adds what a checkpoint has to write, all at once, in cells of so many quarters of an hour.
    public func write(
        _ listing: any UsageListing, through: UInt64, cellQuarters: Int32 = 1
    ) throws(StoreError) {
        try stored.withLock { (stored) throws(StoreError) in
            try listing.visit(atMost: 7) { cells in
                for cell in cells {
                    let one = UsageCells([cell.cell], names: listing.names)
                    stored.usage[cell.account, default: UsageCells()].add(
                        one.coarsened(to: cellQuarters))
                }
            }
            stored.through = through
        }
    }

    /// Archives the entries of the segments up to one.
    public func archive(through: UInt64) throws(StoreError) {
        try stored.withLock { (stored) throws(StoreError) in
            for number in stride(from: stored.archived + 1, through: through, by: 1) {
                guard let segment = try journal.segment(number) else { continue }
                do throws(SegmentError) {
                    try SegmentView(segment).summarize(to: &stored.entries)
                } catch {
                    throw .corrupt("segment \(number): \(error)")
                }
            }
            stored.archived = through
        }
    }

    public func usage(
        of account: AccountSlot?, quarters: Range<Int64>
    ) throws(StoreError) -> (through: UInt64, cells: UsageCells) {
        stored.withLock { stored in
            let cells = stored.usage[UsageAccount(account)] ?? UsageCells()
            return (stored.through, cells.touching(quarters))
        }
    }

    public func runs(
        _ names: [[UInt8]], of account: AccountSlot
    ) throws(StoreError) -> (through: UInt64, parts: [[RunSummary]]) {
        stored.withLock { stored in
            var runs: [[UInt8]: RunSummary] = [:]
            for entry in stored.entries.entries where entry.account == account {
                let name = stored.entries.bytes(entry.run)
                if runs[name] == nil {
                    runs[name] = RunSummary(entry, of: stored.entries.bytes)
                } else {
                    runs[name]?.add(entry, of: stored.entries.bytes)
                }
            }
            return (stored.archived, names.map { runs[$0].map { [$0] } ?? [] })
        }
    }

    public func entries(
        of account: AccountSlot, before end: Position?, limit: Int, parameters: Bool
    ) throws(StoreError) -> (through: UInt64, entries: EntrySummaries) {
        stored.withLock { stored in
            let own = stored.entries.entries.filter { entry in
                entry.account == account && end.map { entry.position < $0 } ?? true
            }
            return (
                stored.archived,
                EntrySummaries(entries: own.suffix(limit), bytes: stored.entries.bytes)
            )
        }
    }
}
