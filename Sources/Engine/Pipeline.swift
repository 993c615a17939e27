internal import Credit
internal import Digest
public import Ledger
public import Store
internal import Synchronization

/// A batch whose outcomes are durable, with the segment that they refer to.
public struct AnsweredBatch: Sendable {
    public let batch: CommandBatch
    /// The segment in which the batch was decided.
    public let contents: SegmentContents
}

/// Who is told what a pipeline does; called on its committing thread.
public struct PipelineFollower: Sendable {
    /// A segment is durable; called before its answers are delivered.
    public var fold: @Sendable (SegmentContents) -> Void
    /// Answers may leave; called once a segment with the batches of one origin.
    public var deliver: @Sendable (_ origin: Int, [AnsweredBatch]) -> Void
    /// The accounts as they were after this segment, for a checkpoint.
    public var checkpoint: @Sendable (LedgerImage, _ through: JournalMark) -> Void
    /// A commit failed: the process must stop.
    public var failed: @Sendable (StoreError) -> Void

    public init(
        fold: @escaping @Sendable (SegmentContents) -> Void,
        deliver: @escaping @Sendable (Int, [AnsweredBatch]) -> Void,
        checkpoint: @escaping @Sendable (LedgerImage, JournalMark) -> Void,
        failed: @escaping @Sendable (StoreError) -> Void
    ) {
        self.fold = fold
        self.deliver = deliver
        self.checkpoint = checkpoint
        self.failed = failed
    }
}

/// The two threads of a partition: one decides and encodes the next segment while the other makes
/// the last one durable and releases its answers.
///
/// Whatever arrives while a segment is committed joins the next one (group commit).
public final class Pipeline: Sendable {
    /// Segments decided but not yet durable.
    public static let segmentsUnderWayMax = 4
    private struct Work: Sendable {
        var segment: PendingSegment
        /// The accounts after this segment, when a checkpoint is due.
        let image: LedgerImage?
    }

    private let inbox = Inbox()
    private let segmentItemsMax: Int
    private let commits = WorkQueue<Work>(capacity: segmentsUnderWayMax)
    /// Segments that were answered, on their way back to the writer.
    private let answered = Mutex<[PendingSegment]>([])
    private let threads = Mutex<[Joinable]>([])
    private let counters = Mutex(PipelineCounters())

    private struct Joinable: Sendable {
        let join: @Sendable () -> Void
    }

    /// Starts the threads.
    ///
    /// A segment takes in waiting batches up to `segmentItemsMax` items, or one larger batch.
    public init(
        engine: Engine, stage: consuming CommitStage<some Journal & ~Copyable & Sendable>,
        time: some LedgerTime, follower: PipelineFollower,
        segmentItemsMax: Int = Engine.segmentEventsSoftMax
    ) throws(WorkerThread.Unavailable) {
        self.segmentItemsMax = segmentItemsMax
        let startEngine = Handover(engine)
        let startStage = Handover(stage)
        let writer = try WorkerThread { [self] in
            guard let engine = startEngine.take() else { return }
            write(consume engine, time: time)
        }
        let committer = try WorkerThread { [self] in
            guard var stage = startStage.take() else { return }
            commit(&stage, follower: follower)
        }
        let joins = [Handover(writer), Handover(committer)]
        threads.withLock { threads in
            threads = joins.map { handover in Joinable { handover.take()?.join() } }
        }
    }

    /// Hands a batch to the writer; false when too much is waiting or the pipeline is stopping.
    public func submit(_ batch: CommandBatch) -> Bool {
        inbox.put(batch)
    }

    /// What the pipeline has done so far.
    public var counts: PipelineCounters { counters.withLock { $0 } }

    /// Takes no more batches, finishes those it has, makes a last checkpoint and ends the threads.
    public func stop() {
        inbox.close()
        let joins = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in joins { thread.join() }
    }
}

extension Pipeline {
    private func write(_ engine: consuming Engine, time: some LedgerTime) {
        var encoder = SegmentEncoder()
        var schedule = CheckpointSchedule(now: time.now())
        while true {
            commits.waitForRoom()
            for var segment in takeAnswered() {
                if let encoded = segment.takeEncoded() { encoder.recycle(encoded) }
                engine.recycle(segment.contents)
            }
            guard let batches = inbox.take(limit: segmentItemsMax) else { break }
            let now = time.now()
            for batch in batches { engine.submit(batch, at: now) }
            engine.sweep(at: now)
            guard var segment = engine.nextSegment(salt: Self.salt()) else {
                commits.finish()
                continue
            }
            // Encoding is a third of all work: it goes to whichever thread is ahead.
            if commits.waitingCount > 0 { segment.encode(with: &encoder) }
            let isDue = schedule.isDue(after: segment, at: now)
            commits.put(Work(segment: segment, image: isDue ? engine.ledger.image : nil))
        }
        if schedule.hasEvents { commits.put(Work(segment: .nothing, image: engine.ledger.image)) }
        commits.close()
    }

    private static func salt() -> [UInt8] { RandomBytes.take(SegmentFormat.saltBytes) }

    private func commit(
        _ stage: inout CommitStage<some Journal & ~Copyable & Sendable>,
        follower: PipelineFollower
    ) {
        while var work = commits.take() {
            let wasFailed = stage.failure != nil
            let batches = stage.commit(&work.segment)
            if let failure = stage.failure {
                if !wasFailed { follower.failed(failure) }
            } else {
                settle(work, after: stage.last, follower)
            }
            work.segment.batches = []
            deliver(consume batches, of: work.segment.contents, to: follower)
            if !work.segment.isEncodedEarly, let encoded = work.segment.takeEncoded() {
                stage.recycle(encoded)
            }
            answered.withLock { $0.append(work.segment) }
            commits.finish()
        }
    }

    private func takeAnswered() -> [PendingSegment] {
        answered.withLock { answered in
            defer { answered.removeAll() }
            return answered
        }
    }

    private func settle(_ work: Work, after last: JournalMark, _ follower: PipelineFollower) {
        if let encoded = work.segment.encoded {
            follower.fold(work.segment.contents)
            counters.withLock { $0.add(work.segment.contents, encoded) }
        }
        if let image = work.image { follower.checkpoint(image, last) }
    }

    private func deliver(
        _ batches: [CommandBatch], of contents: SegmentContents, to follower: PipelineFollower
    ) {
        var byOrigin: [Int: [AnsweredBatch]] = [:]
        for batch in batches {
            let answered = AnsweredBatch(batch: batch, contents: contents)
            byOrigin[batch.origin, default: []].append(answered)
        }
        for (origin, answered) in byOrigin { follower.deliver(origin, answered) }
    }
}

/// Says when a checkpoint is due.
struct CheckpointSchedule {
    /// A checkpoint is due after this many events.
    static let eventsMax = 2_000_000
    /// A checkpoint is due after this long when there was any event.
    static let ageMaxMicros: Int64 = 60_000_000

    private var events = 0
    private var last: Instant

    init(now: Instant) {
        last = now
    }

    /// True when there are events that no checkpoint asked for so far includes.
    var hasEvents: Bool { events > 0 }

    /// True when a checkpoint is due with this segment, which then counts as asked for.
    mutating func isDue(after segment: PendingSegment, at now: Instant) -> Bool {
        events += segment.contents.count
        guard events > 0 else { return false }
        guard events >= Self.eventsMax || now.micros - last.micros >= Self.ageMaxMicros else {
            return false
        }
        events = 0
        last = now
        return true
    }
}

/// What a pipeline has made durable, for metrics.
public struct PipelineCounters: Hashable, Sendable {
    public private(set) var segments: UInt64 = 0
    public private(set) var charges: UInt64 = 0
    public private(set) var otherEvents: UInt64 = 0
    /// Bytes of the segments' money and details parts.
    public private(set) var bytes: UInt64 = 0
    /// The last durable segment.
    public private(set) var lastSegment: UInt64 = 0

    mutating func add(_ contents: SegmentContents, _ encoded: EncodedSegment) {
        segments += 1
        charges += UInt64(contents.charges.count)
        otherEvents += UInt64(contents.events.count)
        bytes += UInt64(encoded.money.count + encoded.details.count)
        lastSegment = contents.number
    }
}
