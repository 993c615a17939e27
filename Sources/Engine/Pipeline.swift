internal import Credit
internal import Digest
internal import Ledger
public import Store
internal import Synchronization

/// The two threads of a partition: one decides the next segment while the other makes the last one
/// durable and releases its answers; whichever is ahead encodes (docs/adr/0015-two-threads.md).
///
/// Whatever arrives while a segment is committed joins the next one (group commit).
public final class Pipeline: Sendable {
    /// Segments decided but not yet durable.
    public static let segmentsUnderWayMax = 4
    /// A segment of at most this many events is committed by the thread that decided it, when the
    /// other has nothing to do: waking that one would take longer than deciding did.
    public static let ownCommitEventsMax = 64

    private let inbox = Inbox()
    private let segmentItemsMax: Int
    private let commits = WorkQueue<DecidedSegment>(capacity: segmentsUnderWayMax)
    private let threads = Mutex<[Joinable]>([])
    private let durable: @Sendable () -> PipelineCounters
    private let finish: @Sendable () -> Void
    private let keys: KeyArchive?
    private let pruning: @Sendable (RetentionStep) -> StoreError?
    private let clearing: @Sendable () -> Bool

    private struct Joinable: Sendable {
        let join: @Sendable () -> Void
    }

    /// Starts the threads.
    ///
    /// A segment takes in waiting batches up to `segmentItemsMax` items, or one larger batch. Without
    /// `keys` the ledger keeps all idempotency keys in memory. The last checkpoint lacks
    /// `unwrittenEvents`.
    public init(
        engine: Engine, stage: consuming CommitStage<some Journal & ~Copyable & Sendable>,
        time: some LedgerTime, follower: PipelineFollower, keys: KeyArchive? = nil,
        segmentItemsMax: Int = Engine.segmentEventsSoftMax, unwrittenEvents: Int = 0
    ) throws(WorkerThread.Unavailable) {
        self.segmentItemsMax = segmentItemsMax
        self.keys = keys
        let startEngine = Handover(engine)
        let committing = Committer(stage: stage, follower: follower)
        durable = { committing.counts }
        finish = { committing.finish() }
        pruning = { committing.prune($0) }
        clearing = { committing.clearLog() }
        let writer = try WorkerThread { [self] in
            guard let engine = startEngine.take() else { return }
            write(
                consume engine, time: time, committing: committing, follower, unwrittenEvents)
        }
        let committer = try WorkerThread { [self] in
            while let segment = commits.take() {
                committing.commit(segment)
                commits.finish()
            }
        }
        let lookUp = try WorkerThread { [self] in lookUpKeys(committing: committing, follower) }
        let joins = [Handover(writer), Handover(committer), Handover(lookUp)]
        threads.withLock { threads in
            threads = joins.map { handover in Joinable { handover.take()?.join() } }
        }
    }

    /// Hands a batch to the writer; false when too much is waiting or the pipeline is stopping.
    ///
    /// Its idempotency keys are looked up first: in memory here, or on disk by a thread of its own.
    public func submit(_ batch: CommandBatch) -> Bool {
        guard let keys else { return inbox.put(batch) }
        var batch = batch
        let isChecked = keys.check(&batch)
        return inbox.put(batch, isChecked: isChecked)
    }

    /// Deletes details between two commits, on the thread that asks; not to be called after ``stop()``.
    ///
    /// Throws when nothing is stored any more, because this or a commit failed.
    public func prune(_ step: RetentionStep) throws(StoreError) {
        if let failure = pruning(step) { throw failure }
    }

    /// Takes what was deleted out of the journal's log; false when that must be tried again.
    public func clearLog() -> Bool { clearing() }

    /// What the pipeline has done so far.
    public var counts: PipelineCounters { durable() }

    /// How many commands wait for the writer.
    public var waitingCount: Int { inbox.waitingCount }

    /// Takes no more batches, finishes those it has, makes a last checkpoint and ends the threads.
    public func stop() {
        inbox.close()
        let joins = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in joins { thread.join() }
        finish()
    }
}

extension Pipeline {
    private func write(
        _ engine: consuming Engine, time: some LedgerTime,
        committing: Committer<some Journal & ~Copyable & Sendable>, _ follower: PipelineFollower,
        _ unwrittenEvents: Int
    ) {
        var encoder = SegmentEncoder()
        var schedule = CheckpointSchedule(now: time.now(), events: unwrittenEvents)
        while true {
            follower.pace()
            commits.waitForRoom()
            for var segment in committing.takeAnswered() {
                if let encoded = segment.takeEncoded() { encoder.recycle(encoded) }
                engine.recycle(segment.contents)
            }
            guard let batches = inbox.take(limit: segmentItemsMax) else { break }
            let now = time.now()
            if let keys { engine.dropKeys(storedThrough: keys.through) }
            for batch in batches where !engine.submit(batch, at: now) { inbox.putBack(batch) }
            engine.sweep(at: now)
            guard var segment = engine.nextSegment(salt: Self.salt()) else {
                if isDue(schedule, engine, at: now, follower) {
                    let image = Self.image(of: &engine, at: now, &schedule)
                    commits.put(DecidedSegment(segment: .nothing, image: image))
                } else {
                    commits.giveBackRoom()
                }
                continue
            }
            // Encoding is a third of all work: it goes to whichever thread is ahead.
            if commits.waitingCount > 0 { segment.encode(with: &encoder) }
            schedule.add(segment)
            var decided = DecidedSegment(segment: segment, image: nil)
            if isDue(schedule, engine, at: now, follower) {
                decided.image = Self.image(of: &engine, at: now, &schedule)
            }
            if segment.contents.count <= Self.ownCommitEventsMax, commits.isIdle {
                committing.commit(decided)
                commits.giveBackRoom()
            } else {
                commits.put(decided)
            }
        }
        if schedule.hasEvents {
            let image = Self.image(of: &engine, at: time.now(), &schedule)
            commits.put(DecidedSegment(segment: .nothing, image: image))
        }
        commits.close()
    }

    private func isDue(
        _ schedule: CheckpointSchedule, _ engine: borrowing Engine, at now: Instant,
        _ follower: PipelineFollower
    ) -> Bool {
        schedule.isDue(at: now, accounts: engine.ledger.accountCount)
            && !follower.isCheckpointing()
    }

    /// What a checkpoint that is asked for now has to hold.
    private static func image(
        of engine: inout Engine, at now: Instant, _ schedule: inout CheckpointSchedule
    ) -> LedgerImage {
        schedule.begin(at: now)
        engine.sealKeys()
        return engine.ledger.image
    }

    private func lookUpKeys(
        committing: Committer<some Journal & ~Copyable & Sendable>, _ follower: PipelineFollower
    ) {
        while var batch = inbox.takeUnchecked() {
            do throws(StoreError) {
                if let keys, !keys.check(&batch) {
                    try keys.lookUp(&batch, accountID: follower.accountID)
                }
                inbox.putChecked(batch)
            } catch {
                inbox.giveUp(batch)
                committing.giveUp(batch, because: error)
            }
        }
    }

    private static func salt() -> [UInt8] { RandomBytes.take(SegmentFormat.saltBytes) }
}
