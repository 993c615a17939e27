public import Engine
internal import Ledger
public import Reports
public import SQLiteStore
public import Store

/// The files of a folder, opened, and what they hold, recovered: the last checkpoint, then every
/// later segment.
///
/// It starts no thread and reads no clock, so that the simulator opens its folders in the same way.
@frozen
public struct OpenFiles: ~Copyable, Sendable {
    public let journal: SQLiteJournal
    public let reader: SQLiteJournalReader
    public let state: SQLiteState
    public let readModel: ReadModel
    public let recovered: RecoveredLedger
    /// The segment at which the checkpoint stood; 0 when there was none.
    public let checkpoint: UInt64

    /// Opens what lies in `folder`; `seed` makes the ledger's hash tables unforeseeable.
    public init(
        in folder: borrowing some StoreFolder & ~Copyable, seed: UInt64
    ) throws(StoreError) {
        let journal = try SQLiteJournal(in: folder)
        let reader = try SQLiteJournalReader(folder: folder.path, vfs: folder.vfs)
        var state = try SQLiteState(in: folder, lastSegment: try reader.lastNumber())
        let restored = try Self.restore(state, journal: reader)
        if restored == nil {
            // Closed before it is removed: SQLite would delete the new log by its name.
            _ = consume state
            state = try SQLiteState.rebuilt(in: folder)
        }
        let readModel = ReadModel(
            stored: try SQLiteUsageReader(folder: folder.path, vfs: folder.vfs),
            through: restored?.through.number ?? 0, actions: restored?.actions ?? [])
        recovered = try Recovery.recover(
            from: reader, checkpoint: restored, seed: seed, fold: readModel.fold)
        self.journal = journal
        self.state = state
        self.reader = reader
        self.readModel = readModel
        checkpoint = restored?.through.number ?? 0
    }

    /// What the state file gives back; nil when it is empty, damaged or not of this journal.
    private static func restore(
        _ state: borrowing SQLiteState, journal: SQLiteJournalReader
    ) throws(StoreError) -> RestoredState? {
        guard let restored = try? state.restored(),
            try Recovery.isPart(restored.through, of: journal)
        else { return nil }
        return restored
    }
}
