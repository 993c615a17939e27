internal import Digest
public import Engine
internal import Ledger
public import Reports
public import SQLiteStore
public import Store

/// One partition open on a data folder: its writer, what may be read, and its checkpoints.
///
/// Opening recovers: the last checkpoint, then every later segment. Closing makes a checkpoint, so
/// that the next opening is quick.
public final class Partition: Sendable {
    /// What is called when things happen; on the committing thread.
    public struct Handlers: Sendable {
        /// Answers to the batches of one origin are durable.
        public var deliver: @Sendable (_ origin: Int, [AnsweredBatch]) -> Void
        /// A commit failed; the process must stop (docs/adr/0005-fail-stop.md).
        public var failed: @Sendable (StoreError) -> Void

        public init(
            deliver: @escaping @Sendable (Int, [AnsweredBatch]) -> Void,
            failed: @escaping @Sendable (StoreError) -> Void
        ) {
            self.deliver = deliver
            self.failed = failed
        }
    }

    /// What opening found.
    public struct Opening: Sendable {
        /// The segment at which the checkpoint stood; 0 when there was none.
        public let checkpoint: UInt64
        /// The last segment of the journal.
        public let last: UInt64
        /// How far the wall clock stands behind the journal's last segment, in microseconds.
        public let clockBehindMicros: Int64
    }

    public let directory: Directory
    public let readModel: ReadModel
    public let segments: SegmentCache
    public let time: LedgerClock
    public let opening: Opening
    private let pipeline: Pipeline
    private let checkpointer: Checkpointer
    private let archiver: Archiver
    private let scrubber: Scrubber
    private let retention: RetentionSweeper
    private let folder: DataFolder

    /// Opens a locked folder and recovers what it holds.
    public init(
        folder: consuming DataFolder, handlers: Handlers,
        segmentItemsMax: Int = Engine.segmentEventsSoftMax
    ) throws(StoreError) {
        let files = try OpenFiles(in: folder, seed: RandomBytes.seed(), besides: true)
        let recovered = files.recovered
        let time = LedgerClock(notBefore: recovered.last.time)
        let directory = try Directory(recovered.ledger.catalogue)
        let readModel = files.readModel
        let reader = files.reader
        let hasOldLog = files.journal.hasOldLog
        opening = Opening(
            checkpoint: files.checkpoint, last: recovered.last.number,
            clockBehindMicros: time.behindMicros)
        let pacer = Pacer(readModel)
        let checkpointer = try Checkpointer(
            state: files.state, readModel: readModel, keys: files.keys, pacer: pacer,
            failed: handlers.failed)
        let archiver = try Archiver(
            files.archive, journal: try SQLiteJournalReader(folder: folder.path),
            readModel: readModel, pacer: pacer, failed: handlers.failed)
        let engine = try Engine(ledger: recovered.ledger, after: recovered.last)
        pipeline = try Self.start(
            engine, CommitStage(journal: files.journal, after: recovered.last), time,
            Self.follower(handlers, readModel, directory, checkpointer, archiver, pacer),
            files.keys, segmentItemsMax: segmentItemsMax,
            unwrittenEvents: readModel.unwrittenCount)
        self.time = time
        self.directory = directory
        self.readModel = readModel
        self.checkpointer = checkpointer
        self.archiver = archiver
        scrubber = try Scrubber(
            try StateScrub(folder: folder.path), try ArchiveScrub(folder: folder.path),
            failed: Self.failure(handlers, checkpointer, archiver))
        self.folder = folder
        segments = SegmentCache(journal: reader)
        retention = try RetentionSweeper(
            RetentionSweeper.Parts(
                folder: self.folder.path, pipeline: pipeline, directory: directory,
                segments: segments, time: time, hasOldLog: hasOldLog,
                pruned: { archiver.deleteDetails() }))
        FreeMemory.giveBack()
    }

    /// Hands a batch to the writer; false when too much is waiting or the partition is closing.
    public func submit(_ batch: CommandBatch) -> Bool {
        pipeline.submit(batch)
    }

    /// What has been made durable since the opening.
    public var counts: PipelineCounters { pipeline.counts }

    /// How many commands wait for the writer.
    public var waitingCount: Int { pipeline.waitingCount }

    /// What has become of checkpoints since the opening.
    public var checkpoints: CheckpointCounters { checkpointer.counters }

    /// Why the last checkpoint could not be written, if so.
    public var checkpointError: StoreError? { checkpointer.lastError }

    /// How often something could not be archived, merged or deleted since the opening.
    public var archiveFailures: UInt64 { archiver.failures }

    /// How many events came since the last checkpoint was begun.
    public var unwrittenCount: Int { readModel.unwrittenCount }

    /// How many events the archive does not hold yet.
    public var unarchivedCount: Int { readModel.unarchivedCount }

    /// What has become of details that plans keep no longer since the opening.
    public var deletions: RetentionCounters { retention.counters }

    /// How many bytes the files take, with their logs, by name without what follows the point.
    public var fileSizes: (journal: UInt64, state: UInt64, archive: UInt64) { folder.fileSizes }

    /// Finishes what was submitted, makes a last checkpoint and ends the threads.
    public func close() {
        scrubber.stop()
        retention.stop()
        pipeline.stop()
        checkpointer.stop()
        archiver.stop()
    }
}

extension Partition {
    private static func start(
        _ engine: Engine, _ stage: consuming CommitStage<SQLiteJournal>, _ time: LedgerClock,
        _ follower: PipelineFollower, _ keys: KeyArchive, segmentItemsMax: Int,
        unwrittenEvents: Int
    ) throws(StoreError) -> Pipeline {
        do throws(WorkerThread.Unavailable) {
            return try Pipeline(
                engine: engine, stage: stage, time: time, follower: follower, keys: keys,
                segmentItemsMax: segmentItemsMax, unwrittenEvents: unwrittenEvents)
        } catch {
            throw .unavailable("no thread could be started")
        }
    }

    /// Tells the process to stop; what is damaged beside the journal is made anew by the next one.
    private static func failure(
        _ handlers: Handlers, _ checkpointer: Checkpointer, _ archiver: Archiver
    ) -> @Sendable (StoreError) -> Void {
        { error in
            if case .corrupt = error {
                checkpointer.condemn()
                archiver.condemn()
            }
            handlers.failed(error)
        }
    }

    private static func follower(
        _ handlers: Handlers, _ readModel: ReadModel, _ directory: Directory,
        _ checkpointer: Checkpointer, _ archiver: Archiver, _ pacer: Pacer
    ) -> PipelineFollower {
        PipelineFollower(
            fold: { contents in
                directory.fold(contents)
                if readModel.fold(contents) { archiver.wake() }
            },
            deliver: handlers.deliver,
            checkpoint: { image, mark in checkpointer.request(image, through: mark) },
            failed: failure(handlers, checkpointer, archiver),
            isCheckpointing: { readModel.isFrozen },
            pace: { pacer.wait { checkpointer.lastError != nil || archiver.lastError != nil } },
            accountID: { slot in directory.profile(slot)?.id })
    }
}
