internal import Credit
internal import Ledger
internal import Store
internal import Synchronization

/// A segment to be made durable, and the accounts after it when a checkpoint is due.
struct DecidedSegment: Sendable {
    var segment: PendingSegment
    var image: LedgerImage?
}

/// Makes decided segments durable in order and releases their answers.
///
/// One at a time, on whichever thread of the pipeline has the segment; the pipeline keeps the order.
final class Committer<Storage: Journal & ~Copyable & Sendable>: Sendable {
    private let stage: Mutex<CommitStage<Storage>>
    private let follower: PipelineFollower
    /// Segments that were answered, on their way back to the writer.
    private let answered = Mutex<[PendingSegment]>([])
    private let counters = Mutex(PipelineCounters())

    init(stage: consuming CommitStage<Storage>, follower: PipelineFollower) {
        self.stage = Mutex(stage)
        self.follower = follower
    }

    /// What has been made durable so far.
    var counts: PipelineCounters { counters.withLock { $0 } }

    /// The segments that were answered since the last call, for the memory that they hold.
    func takeAnswered() -> [PendingSegment] {
        answered.withLock { answered in
            defer { answered.removeAll() }
            return answered
        }
    }

    /// Commits a segment and tells the follower.
    func commit(_ decided: DecidedSegment) {
        stage.withLock { stage in
            var segment = decided.segment
            let wasFailed = stage.failure != nil
            let start = ContinuousClock.now
            let batches = stage.commit(&segment)
            let time = ContinuousClock.now - start
            if let failure = stage.failure {
                if !wasFailed { follower.failed(failure) }
            } else {
                settle(segment, decided.image, after: stage.last, time)
            }
            segment.batches = []
            deliver(batches, of: segment.contents)
            if !segment.isEncodedEarly, let encoded = segment.takeEncoded() {
                stage.recycle(encoded)
            }
            answered.withLock { $0.append(segment) }
        }
    }

    /// Deletes details between two commits; why nothing is stored any more, if so.
    ///
    /// A deletion that failed is a commit that failed: the connection is in doubt.
    func prune(_ step: RetentionStep) -> StoreError? {
        stage.withLock { stage in
            let wasFailed = stage.failure != nil
            stage.prune(step)
            if let failure = stage.failure, !wasFailed { follower.failed(failure) }
            return stage.failure
        }
    }

    /// Takes what was deleted out of the log; false when that must be tried again.
    func clearLog() -> Bool {
        stage.withLock { stage in
            let wasFailed = stage.failure != nil
            let isDone = stage.clearLog()
            if let failure = stage.failure, !wasFailed { follower.failed(failure) }
            return isDone
        }
    }

    /// Tidies storage up, after the last segment.
    func finish() {
        stage.withLock { $0.finish() }
    }

    /// Answers a batch that cannot be decided, because disk cannot be read; the process must stop.
    func giveUp(_ batch: CommandBatch, because error: StoreError) {
        stage.withLock { stage in
            if stage.failure == nil { follower.failed(error) }
            let nothing = SegmentContents(number: 0, time: .epoch)
            deliver([batch.withUnknownOutcomes], of: nothing)
        }
    }

    private func settle(
        _ segment: PendingSegment, _ image: LedgerImage?, after last: JournalMark,
        _ time: Duration
    ) {
        if let encoded = segment.encoded {
            follower.fold(segment.contents)
            counters.withLock { $0.add(segment.contents, encoded, in: time) }
        }
        if let image { follower.checkpoint(image, last) }
    }

    private func deliver(_ batches: [CommandBatch], of contents: SegmentContents) {
        var byOrigin: [Int: [AnsweredBatch]] = [:]
        for batch in batches {
            let answered = AnsweredBatch(batch: batch, contents: contents)
            byOrigin[batch.origin, default: []].append(answered)
        }
        for (origin, answered) in byOrigin { follower.deliver(origin, answered) }
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
    /// How many events the segments had.
    public private(set) var commitEvents = Histogram(
        bounds: [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536])
    /// How long it took to chain, write and sync them, in microseconds.
    public private(set) var commitMicros = Histogram(
        bounds: [
            100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
            10_000_000,
        ])

    mutating func add(
        _ contents: SegmentContents, _ encoded: EncodedSegment, in time: Duration
    ) {
        let (seconds, attoseconds) = time.components
        commitEvents.add(UInt64(contents.charges.count + contents.events.count))
        commitMicros.add(
            UInt64(clamping: seconds) &* 1_000_000
                &+ UInt64(clamping: attoseconds / 1_000_000_000_000))
        segments += 1
        charges += UInt64(contents.charges.count)
        otherEvents += UInt64(contents.events.count)
        bytes += UInt64(encoded.money.count + encoded.details.count)
        lastSegment = contents.number
    }
}
