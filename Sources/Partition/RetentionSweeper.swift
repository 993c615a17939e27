internal import Engine
internal import Reports
internal import SQLiteStore
internal import Store
internal import Synchronization

/// Deletes the details that plans keep no longer, on a thread of its own
/// (docs/adr/0028-retention.md).
///
/// It reads and encodes by itself; the connection that commits is given steps that are ready.
final class RetentionSweeper: Sendable {
    /// How long after the end of a sweep the next one begins.
    static let interval: Duration = .seconds(3600)
    /// After a step it waits so many times as long as the step took, so that commits come first.
    static let pauseFactor = 9
    /// How often it tries to take what was deleted out of the log, and how long it waits between.
    static let clearAttemptsMax = 100
    static let clearPause: Duration = .milliseconds(50)
    /// How long it waits after so many attempts before the next ones.
    static let retryPause: Duration = .seconds(30)

    /// What the thread works with.
    struct Parts: Sendable {
        let folder: String
        let pipeline: Pipeline
        let directory: Directory
        let segments: SegmentCache
        let time: LedgerClock
        /// True when the log of before the start, with what was deleted, could not be emptied.
        let hasOldLog: Bool
        /// Tells whoever keeps the archive that the journal has lost details.
        let pruned: @Sendable () -> Void
    }

    private let parts: Parts
    private let stopping: StopSignal
    private let state: Mutex<RetentionCounters>
    private let thread: Mutex<WorkerThread?>

    init(_ parts: Parts) throws(StoreError) {
        guard let stopping = StopSignal() else { throw .unavailable("no pipe could be made") }
        self.parts = parts
        self.stopping = stopping
        state = Mutex(RetentionCounters(isInLog: parts.hasOldLog))
        thread = Mutex(nil)
        do throws(WorkerThread.Unavailable) {
            let held = Handover(try WorkerThread { [self] in run() })
            thread.withLock { $0 = held.take() }
        } catch {
            throw .unavailable("no thread could be started")
        }
    }

    /// What has been deleted since the start.
    var counters: RetentionCounters { state.withLock { $0 } }

    /// Ends it after the step at hand.
    func stop() {
        stopping.stop()
        let held = thread.withLock { Handover($0.take()) }
        if let running = held.take() { running?.join() }
    }

    private func run() {
        var reader: SQLiteJournalReader?
        var progress: RetentionProgress?
        repeat {
            if hasDeletedInLog { clearLog() }
            guard let accounts = parts.directory.retention() else { continue }
            do throws(StoreError) {
                if reader == nil { reader = try SQLiteJournalReader(folder: parts.folder) }
                guard let reader else { continue }
                if progress == nil { progress = try reader.retentionProgress() }
                guard let known = progress else { continue }
                progress = nil
                let sweep = RetentionSweep(
                    known, of: accounts, now: parts.time.now(), last: try reader.lastNumber())
                progress = try finish(sweep, reader)
            } catch {
                // What cannot be read is looked at again by the next sweep, from what is stored.
                state.withLock { $0.failures += 1 }
            }
        } while !waitForSweep()
    }

    /// Waits for the next sweep, and clears the log meanwhile if somebody kept it from that; true when
    /// told to stop.
    private func waitForSweep() -> Bool {
        let next = ContinuousClock.now + Self.interval
        while hasDeletedInLog, ContinuousClock.now < next {
            if stopping.wait(Self.retryPause) { return true }
            clearLog()
        }
        return stopping.wait(max(.zero, next - ContinuousClock.now))
    }

    /// Does all steps of a sweep; gives how far it came, nil when it was told to stop.
    private func finish(
        _ begun: RetentionSweep, _ journal: SQLiteJournalReader
    ) throws(StoreError) -> RetentionProgress? {
        var sweep = begun
        while let step = try sweep.next(from: journal) {
            let start = ContinuousClock.now
            try parts.pipeline.prune(step)
            let duration = ContinuousClock.now - start
            parts.segments.forget(step.segments.map(\.number))
            state.withLock { $0.add(step) }
            guard !stopping.wait(duration * Self.pauseFactor) else { return nil }
        }
        state.withLock { $0.end(sweep.progress) }
        if hasDeletedInLog { clearLog() }
        // At a start the archive may lack deletions of the process before.
        parts.pruned()
        return sweep.progress
    }

    /// True while what was deleted may still stand in the journal's log.
    private var hasDeletedInLog: Bool { state.withLock { $0.isInLog } }

    private func clearLog() {
        for _ in 0..<Self.clearAttemptsMax {
            if parts.pipeline.clearLog() { return state.withLock { $0.isInLog = false } }
            if stopping.wait(Self.clearPause) { return }
        }
    }
}

/// What has become of details that plans keep no longer since the start, for metrics.
public struct RetentionCounters: Hashable, Sendable {
    /// Calls whose details were deleted.
    public private(set) var calls: UInt64 = 0
    /// How often segments lost some of theirs.
    public private(set) var segments: UInt64 = 0
    /// Sweeps that were finished, and that were broken off because something could not be read.
    public private(set) var sweeps: UInt64 = 0
    public internal(set) var failures: UInt64 = 0
    /// Up to which segment nothing was left to delete, by days of retention, as of the last sweep.
    public private(set) var through: [UInt16: UInt64] = [:]
    fileprivate(set) var isInLog = false
    private var lastEnd = ContinuousClock.now

    fileprivate init(isInLog: Bool) {
        self.isInLog = isInLog
    }

    /// How long ago the last sweep was finished, or the start when none was.
    public var age: Duration { ContinuousClock.now - lastEnd }

    mutating func add(_ step: RetentionStep) {
        calls += UInt64(step.deletedCount)
        segments += UInt64(step.segments.count)
        isInLog = isInLog || !step.segments.isEmpty
    }

    mutating func end(_ progress: RetentionProgress) {
        sweeps += 1
        through = progress.through
        lastEnd = ContinuousClock.now
    }
}
