import Credit
import Ledger
import Reports
import Store
import Synchronization

/// Checkpoints of usage and events in memory.
final class MemoryState: UsageReader {
    private struct Stored: Sendable {
        var through: UInt64 = 0
        var usage: [UsageRow] = []
        var events: [EventRow] = []
        var actions: [String] = []
    }

    private let stored = Mutex(Stored())

    var actions: [String] { stored.withLock { $0.actions } }

    /// Adds what a checkpoint has to write, all at once.
    func write(_ frozen: ReadModel.Frozen) {
        stored.withLock { stored in
            stored.through = frozen.through
            stored.usage += frozen.usage
            stored.events += frozen.events
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

    func events(
        of account: AccountSlot, before end: Position?, limit: Int
    ) throws(StoreError) -> (through: UInt64, rows: [Position]) {
        stored.withLock { stored in
            let all = stored.events.filter { $0.account == account }.flatMap(\.positions)
            let before = all.filter { position in end.map { position < $0 } ?? true }
            return (stored.through, Array(before.reversed().prefix(limit)))
        }
    }
}
