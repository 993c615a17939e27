internal import Engine
internal import Ledger
internal import Reports
internal import SQLiteStore
internal import Store
internal import Synchronization

/// Writes checkpoints on a thread of its own, so that they never hold up a commit.
///
/// One is written at a time, and none is asked for meanwhile. One that cannot be written (a full disk) is
/// tried again after a pause, and at the end: until then memory goes on holding what it would have stored.
final class Checkpointer: Sendable {
    /// After a checkpoint so many times as many keys and cells of usage are merged as it brought, if there
    /// are: each is merged about as often in all.
    private static let mergedShare = 4
    /// How long after a checkpoint could not be written it is tried again.
    static let retryPause: Duration = .seconds(10)

    private struct Job: Sendable {
        let image: LedgerImage
        let mark: JournalMark
        let frozen: ReadModel.Frozen
    }

    private struct Status: Sendable {
        /// What was asked for last while another one was being written.
        var missed: (image: LedgerImage, mark: JournalMark)?
        var lastWritten: UInt64 = 0
        var lastError: StoreError?
        var isCondemned = false
        var counters = CheckpointCounters()
    }

    private let readModel: ReadModel
    private let keys: KeyArchive
    private let pacer: Pacer
    private let failed: @Sendable (StoreError) -> Void
    private let retryPause: Duration
    private let stopping: StopSignal
    private let jobs = WorkQueue<Job>(capacity: 1)
    private let status = Mutex(Status())
    private let thread: Mutex<WorkerThread?>

    init(
        state: consuming SQLiteState, readModel: ReadModel, keys: KeyArchive, pacer: Pacer,
        retryPause: Duration = Checkpointer.retryPause,
        failed: @escaping @Sendable (StoreError) -> Void
    ) throws(StoreError) {
        guard let stopping = StopSignal() else { throw .unavailable("no pipe could be made") }
        self.stopping = stopping
        self.retryPause = retryPause
        self.readModel = readModel
        self.keys = keys
        self.pacer = pacer
        self.failed = failed
        thread = Mutex(nil)
        let handover = Handover(state)
        do throws(WorkerThread.Unavailable) {
            let started = try WorkerThread { [self] in
                guard var state = handover.take() else { return }
                run(&state)
            }
            let held = Handover(started)
            thread.withLock { $0 = held.take() }
        } catch {
            throw .unavailable("no thread could be started")
        }
    }

    /// Asks for a checkpoint through a segment that the read model has just folded.
    func request(_ image: LedgerImage, through mark: JournalMark) {
        guard let frozen = readModel.freeze() else {
            return status.withLock { $0.missed = (image, mark) }
        }
        status.withLock { $0.missed = nil }
        jobs.put(Job(image: image, mark: mark, frozen: frozen))
    }

    /// What has been written since the start.
    var counters: CheckpointCounters { status.withLock { $0.counters } }

    /// Why the last checkpoint could not be written, if so.
    var lastError: StoreError? { status.withLock { $0.lastError } }

    /// Finishes what was asked for and ends the thread.
    func stop() {
        stopping.stop()
        jobs.close()
        let held = thread.withLock { Handover($0.take()) }
        if let running = held.take() { running?.join() }
    }

    private func run(_ state: inout SQLiteState) {
        while let job = jobs.take() {
            guard writeAtLast(job, to: &state) else { continue }
            merge(&state)
        }
        if let last = lastJob { _ = write(last, to: &state) }
        if isCondemned { state.condemn() }
        state.finish()
    }

    /// What is left to be written at the end, when another checkpoint was under way before.
    private var lastJob: Job? {
        guard let (image, mark) = status.withLock({ $0.missed }), readModel.last == mark.number,
            let frozen = readModel.freeze()
        else { return nil }
        return Job(image: image, mark: mark, frozen: frozen)
    }

    /// Writes it as soon as that can be; false when it could not until the end, or never will.
    private func writeAtLast(_ job: Job, to state: inout SQLiteState) -> Bool {
        while !write(job, to: &state) {
            guard !isCondemned else { return false }
            if stopping.wait(retryPause) { return write(job, to: &state) }
        }
        return true
    }

    /// False when it could not be written.
    private func write(_ job: Job, to state: inout SQLiteState) -> Bool {
        let start = ContinuousClock.now
        do throws(StoreError) {
            try state.write(Checkpoint(job.frozen, job.image, through: job.mark))
            readModel.thaw(job.frozen)
            pacer.goOn()
            keys.publish(state.keyRuns, through: state.through)
            let end = ContinuousClock.now
            status.withLock { status in
                status.lastError = nil
                status.counters.written += 1
                status.counters.lastEnd = end
                status.counters.lastDuration = end - start
            }
            return true
        } catch {
            status.withLock { status in
                status.lastError = error
                status.counters.failed += 1
            }
            stopIfDamaged(error)
            return false
        }
    }

    /// Merges runs of keys and of usage step by step.
    ///
    /// It merges a few times as much as a checkpoint brings, then goes on while no other waits. What cannot
    /// be merged now is tried again after the next checkpoint.
    private func merge(_ state: inout SQLiteState) {
        do throws(StoreError) {
            try merge(atLeast: state.newestUsageCount) { () throws(StoreError) in
                try state.mergeUsageStep()
            }
            try merge(atLeast: state.keyRuns.last?.count ?? 0) { () throws(StoreError) in
                let runCount = state.keyRuns.count
                let written = try state.mergeKeysStep()
                if state.keyRuns.count != runCount {
                    keys.publish(state.keyRuns, through: state.through)
                }
                return written
            }
        } catch {
            stopIfDamaged(error)
        }
    }

    private func merge(
        atLeast count: Int, _ step: () throws(StoreError) -> Int?
    ) throws(StoreError) {
        var due = Self.mergedShare * count
        while due > 0 || jobs.isQuiet, let written = try step() { due -= written }
    }

    /// A file that is damaged will not get better: the next process makes it anew.
    private func stopIfDamaged(_ error: StoreError) {
        guard case .corrupt = error else { return }
        condemn()
        failed(error)
    }

    /// Has the file made anew at the next start: something in it is not what was written.
    func condemn() {
        status.withLock { $0.isCondemned = true }
    }

    private var isCondemned: Bool { status.withLock { $0.isCondemned } }
}

/// What has become of checkpoints since the start, for metrics.
public struct CheckpointCounters: Hashable, Sendable {
    public internal(set) var written: UInt64 = 0
    public internal(set) var failed: UInt64 = 0
    /// How long the last one took to write.
    public internal(set) var lastDuration: Duration = .zero
    var lastEnd = ContinuousClock.now

    /// How long ago the last one was written, or the start when none was.
    public var age: Duration { ContinuousClock.now - lastEnd }
}
