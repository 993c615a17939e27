internal import Credit
internal import Engine
internal import Ledger
internal import Partition
internal import Reports
internal import SQLiteStore
internal import SimulatedDisk
internal import Store

/// One process: what ``Partition`` and ``Pipeline`` do on their threads, one step at a time.
final class Server {
    private struct Work {
        var segment: PendingSegment
        let image: LedgerImage?
    }

    private struct Job {
        let image: LedgerImage
        let mark: JournalMark
        let frozen: ReadModel.Frozen
    }

    private(set) var engine: Engine
    private var stage: CommitStage<SQLiteJournal>
    private var state: SQLiteState
    private var archive: SQLiteArchive
    let reader: SQLiteJournalReader
    let readModel: ReadModel
    let recovered: JournalMark
    let keys: KeyArchive
    private var decided: [Work] = []
    private var job: Job?
    private var encoder = SegmentEncoder()

    /// Recovers what the folder holds.
    init(in folder: SimulatedFolder, seed: UInt64, tuning: StoreTuning) throws(StoreError) {
        let files = try OpenFiles(in: folder, seed: seed, tuning: tuning)
        engine = try Engine(ledger: files.recovered.ledger, after: files.recovered.last)
        reader = files.reader
        readModel = files.readModel
        keys = files.keys
        recovered = files.recovered.last
        stage = CommitStage(journal: files.journal, after: recovered)
        state = files.state
        archive = files.archive
    }

    /// Segments decided and not yet committed.
    var decidedCount: Int { decided.count }
    var hasFailed: Bool { stage.failure != nil || hasGivenUp }
    /// True once it must end because keys could not be looked up.
    private var hasGivenUp = false
    /// The journal up to the last segment that was committed.
    var committed: UInt64 { stage.last.number }
    var isCheckpointing: Bool { job != nil }

    /// Looks the keys of a batch up, in memory and on disk.
    func lookUpKeys(of batch: inout CommandBatch) throws(StoreError) {
        guard !keys.check(&batch) else { return }
        let accounts = engine.ledger.catalogue.accounts
        try keys.lookUp(&batch) { slot in accounts[Int(slot)].id }
    }

    /// Notes that the process must end.
    func giveUp() {
        hasGivenUp = true
    }

    /// Decides a batch; false when its keys must be looked up again.
    func submit(_ batch: CommandBatch, at now: Int64) -> Bool {
        engine.dropKeys(storedThrough: keys.through)
        return engine.submit(batch, at: Instant(micros: now))
    }

    func sweep(at now: Int64) {
        engine.sweep(at: Instant(micros: now))
    }

    /// Ends the segment at hand, encoded by the writer or later by the committer; nil when there is
    /// nothing to end.
    func endSegment(salt: [UInt8], encodesEarly: Bool, withImage: Bool) -> PendingSegment? {
        guard var segment = engine.nextSegment(salt: salt) else { return nil }
        if encodesEarly { segment.encode(with: &encoder) }
        if withImage { engine.sealKeys() }
        decided.append(Work(segment: segment, image: withImage ? engine.ledger.image : nil))
        return segment
    }

    /// Commits the oldest decided segment as the pipeline does; gives the batches answered.
    func commit() -> [CommandBatch] {
        var work = decided.removeFirst()
        let batches = stage.commit(&work.segment)
        guard stage.failure == nil else { return batches }
        if work.segment.encoded != nil { readModel.fold(work.segment.contents) }
        if let image = work.image, job == nil, let frozen = readModel.freeze() {
            job = Job(image: image, mark: stage.last, frozen: frozen)
        }
        engine.recycle(work.segment.contents)
        return batches
    }

    /// Writes the checkpoint that is under way; one that fails is kept to be tried again.
    ///
    /// True when it merged runs of keys afterwards.
    func writeCheckpoint() throws(StoreError) -> Bool {
        guard let job else { return false }
        try state.write(Checkpoint(job.frozen, job.image, through: job.mark))
        readModel.thaw(job.frozen)
        self.job = nil
        keys.publish(state.keyRuns, through: state.through)
        let runs = state.keyRuns.count
        // A few steps at most, so that checkpoints come while a merge is under way.
        var steps = 3
        while steps > 0, try state.mergeKeysStep() != nil { steps -= 1 }
        steps = 3
        while steps > 0, try state.mergeUsageStep() != nil { steps -= 1 }
        let hasMergedKeys = state.keyRuns.count < runs
        if hasMergedKeys { keys.publish(state.keyRuns, through: state.through) }
        return hasMergedKeys
    }

    /// Archives the parts of entries that are full, or all there are, and merges what it can.
    func archiveEntries(all: Bool) throws(StoreError) {
        while let last = readModel.nextToArchive(all: all) {
            try archive.append(through: last, from: reader)
            readModel.forgetArchived(through: last)
        }
        var steps = 4
        while steps > 0, try archive.mergeStep() { steps -= 1 }
    }
}
