public import Engine
public import Ledger
public import Reports
public import SQLiteStore
public import Store

/// The files of a folder, opened, and what they hold, recovered: the last checkpoint, then every
/// later segment.
///
/// It reads no clock, and starts no thread unless told to, so that the simulator opens its folders
/// in the same way.
@frozen
public struct OpenFiles: ~Copyable, Sendable {
    public let journal: SQLiteJournal
    public let reader: SQLiteJournalReader
    public let state: SQLiteState
    public let archive: SQLiteArchive
    public let readModel: ReadModel
    public let recovered: RecoveredLedger
    /// The idempotency keys that only disk has.
    public let keys: KeyArchive
    /// The segment at which the checkpoint stood; 0 when there was none.
    public let checkpoint: UInt64

    /// Opens what lies in `folder`; `seed` makes the ledger's hash tables unforeseeable.
    ///
    /// With `besides` the entries that are not archived are listed on a thread of their own.
    public init(
        in folder: borrowing some StoreFolder & ~Copyable, seed: UInt64,
        tuning: StoreTuning = StoreTuning(), besides: Bool = false
    ) throws(StoreError) {
        let journal = try SQLiteJournal(in: folder, tuning: tuning)
        let reader = try SQLiteJournalReader(folder: folder.path, vfs: folder.vfs)
        var state = try SQLiteState(
            in: folder, seed: seed, tuning: tuning)
        let restored = try Self.restore(state, journal: reader)
        if restored == nil {
            // Closed before it is removed: SQLite would delete the new log by its name.
            _ = consume state
            state = try SQLiteState.rebuilt(in: folder, seed: seed, tuning: tuning)
        }
        let listing = TailListing(
            try SQLiteArchive(in: folder, of: reader, tuning: tuning),
            journal: besides
                ? try SQLiteJournalReader(folder: folder.path, vfs: folder.vfs) : reader, tuning)
        let readModel = ReadModel(
            stored: try SQLiteUsageReader(folder: folder.path, vfs: folder.vfs),
            through: restored?.through.number ?? 0,
            archive: try SQLiteArchiveReader(folder: folder.path, vfs: folder.vfs),
            tail: .elsewhere)
        if besides { try listing.start() }
        let recovered = try Self.recover(
            reader, restored, readModel, &state, interimEvents: tuning.interimEvents,
            besides: besides)
        let archive = try listing.finish()
        readModel.adopt(listing.tail)
        let keys = KeyArchive(
            seed: state.keySeed, runs: state.keyRuns, through: state.through,
            keys: try SQLiteKeyReader(folder: folder.path, vfs: folder.vfs), journal: reader)
        self.recovered = recovered
        self.keys = keys
        self.journal = journal
        self.state = state
        self.archive = archive
        self.reader = reader
        self.readModel = readModel
        checkpoint = restored?.through.number ?? 0
    }

    private static func recover(
        _ journal: SQLiteJournalReader, _ restored: RestoredState?, _ readModel: ReadModel,
        _ state: inout SQLiteState, interimEvents: Int, besides: Bool
    ) throws(StoreError) -> RecoveredLedger {
        let seed = state.keySeed
        guard besides else {
            return try Recovery.recover(
                from: journal, checkpoint: restored, seed: seed, interimEvents: interimEvents,
                details: .forFolding, fold: { readModel.fold($0) },
                interim: { (image, mark) throws(StoreError) in
                    try store(image, mark, readModel, in: &state)
                })
        }
        return try Recovery.recoverReadingAhead(
            from: journal, checkpoint: restored, seed: seed, interimEvents: interimEvents,
            fold: { readModel.fold($0) },
            interim: { (image, mark) throws(StoreError) in
                try store(image, mark, readModel, in: &state)
            })
    }

    /// Writes what was read back so far as a checkpoint; gives the segment that it reaches.
    private static func store(
        _ image: LedgerImage, _ mark: JournalMark, _ readModel: ReadModel,
        in state: inout SQLiteState
    ) throws(StoreError) -> UInt64 {
        guard let frozen = readModel.freeze() else { return state.through }
        do throws(StoreError) {
            try state.write(Checkpoint(frozen, image, through: mark))
            readModel.thaw(frozen)
            _ = try state.mergeKeysStep()
            _ = try state.mergeUsageStep()
        } catch {
            if case .corrupt = error { state.condemn() }
            throw error
        }
        return state.through
    }

    /// What the state file gives back; nil when it is empty or damaged.
    ///
    /// Throws what may pass, such as a lock or a full disk: only damage makes the file anew. Throws too when
    /// it is sound and was made from segments that the journal does not have: those were durable once, and
    /// starting without them would forget what somebody was told.
    private static func restore(
        _ state: borrowing SQLiteState, journal: SQLiteJournalReader
    ) throws(StoreError) -> RestoredState? {
        let through = state.through
        let found: RestoredState?
        do throws(StoreError) {
            found = try state.restored()
        } catch {
            guard case .corrupt = error else { throw error }
            return nil
        }
        guard let restored = found else { return nil }
        guard try Recovery.isPart(restored.through, of: journal) else {
            throw .corrupt(
                """
                state.db was made from segment \(through), which the journal has lost or has with \
                another hash (it ends at segment \(try journal.lastNumber())): bring back the \
                journal's files; or remove state.db to accept what is left of it
                """)
        }
        return restored
    }
}

extension Checkpoint {
    /// What the read model set aside, with the accounts as they were then.
    public init(_ frozen: ReadModel.Frozen, _ image: LedgerImage, through mark: JournalMark) {
        self.init(
            through: mark, image: image, usage: frozen.usage)
    }
}
