internal import Dispatch
internal import Engine
internal import Reports
internal import SQLiteStore
internal import Store
internal import Synchronization

/// Archives entries on a thread of its own, part by part behind the journal, and merges what it wrote.
///
/// Nobody waits for it: what it has not archived is listed in memory. The thread gives way to those
/// that answer requests. What cannot be done (a full disk) is tried again after a pause.
final class Archiver: Sendable {
    /// How long after an error it tries again.
    static let retryPause: Duration = .seconds(10)
    /// How often it looks for new work while readers keep the log from being cleared.
    static let readersPause: Duration = .milliseconds(100)

    private struct Status: Sendable {
        var lastError: StoreError?
        var failures: UInt64 = 0
        var isCondemned = false
        var isStopping = false
        /// True when the journal has lost details that the archive may have.
        var hasDeletions = false
    }

    private let readModel: ReadModel
    private let journal: SQLiteJournalReader
    private let pacer: Pacer
    private let failed: @Sendable (StoreError) -> Void
    private let work = DispatchSemaphore(value: 0)
    private let stopping: StopSignal
    private let status = Mutex(Status())
    private let thread = Mutex<WorkerThread?>(nil)
    /// What the thread leaves behind.
    private let ended = Mutex<Handover<SQLiteArchive>?>(nil)

    init(
        _ archive: consuming SQLiteArchive, journal: SQLiteJournalReader, readModel: ReadModel,
        pacer: Pacer, failed: @escaping @Sendable (StoreError) -> Void
    ) throws(StoreError) {
        guard let stopping = StopSignal() else { throw .unavailable("no pipe could be made") }
        self.stopping = stopping
        self.readModel = readModel
        self.journal = journal
        self.pacer = pacer
        self.failed = failed
        let handover = Handover(archive)
        do throws(WorkerThread.Unavailable) {
            let started = try WorkerThread { [self] in
                guard let archive = handover.take() else { return }
                WorkerThread.giveWayToOthers()
                let left = Handover(run(archive))
                ended.withLock { $0 = left }
            }
            let held = Handover(started)
            thread.withLock { $0 = held.take() }
        } catch {
            throw .unavailable("no thread could be started")
        }
        // What a start found may be enough already.
        work.signal()
    }

    /// Says that there is something to archive.
    func wake() { work.signal() }

    /// Has what the journal has lost deleted from the archive too, when nothing waits to be archived.
    func deleteDetails() {
        status.withLock { $0.hasDeletions = true }
        work.signal()
    }

    /// Why entries could not be archived the last time, if so.
    var lastError: StoreError? { status.withLock { $0.lastError } }

    /// How often something could not be archived, merged or deleted since the start.
    var failures: UInt64 { status.withLock { $0.failures } }

    /// Has the file made anew at the next start: something in it is not what was written.
    func condemn() { status.withLock { $0.isCondemned = true } }

    /// Ends the thread and archives all that there is.
    func stop() {
        status.withLock { $0.isStopping = true }
        stopping.stop()
        work.signal()
        let held = thread.withLock { Handover($0.take()) }
        if let running = held.take() { running?.join() }
        guard var archive = ended.withLock({ $0.take()?.take() }) else { return }
        finish(&archive)
    }

    private var isStopping: Bool { status.withLock { $0.isStopping } }

    private func run(_ taken: consuming SQLiteArchive) -> SQLiteArchive {
        var archive = taken
        var retention = RetentionWork(isInLog: archive.hasOldLog)
        while !isStopping {
            if lastError != nil {
                _ = stopping.wait(Self.retryPause)
            } else if retention.waitsForReaders {
                waitForWork(atMost: Self.retryPause)
            } else {
                work.wait()
            }
            do throws(StoreError) {
                try appendParts(to: &archive, retention)
                if takeDeletions() { retention.isAsked = true }
                // Runs must stay as they are while details are deleted from them.
                if try retention.run(in: &archive, from: journal, while: hasTime) {
                    while hasTime(), try archive.mergeStep() {}
                }
                status.withLock { $0.lastError = nil }
            } catch {
                // The file may have changed under what is known of it.
                retention.beginAgain()
                note(error)
            }
        }
        return archive
    }

    /// Waits so long, or until there is something to archive.
    private func waitForWork(atMost pause: Duration) {
        let end = ContinuousClock.now + pause
        while hasTime(), ContinuousClock.now < end {
            if stopping.wait(Self.readersPause) { return }
        }
    }

    /// Archives the rest: on the thread that waits for the end, as the other one gives way to all others.
    private func finish(_ archive: inout SQLiteArchive) {
        do throws(StoreError) {
            while let last = readModel.nextToArchive(all: true) {
                try append(through: last, to: &archive)
            }
        } catch {
            note(error)
        }
        if status.withLock({ $0.isCondemned }) { archive.condemn() }
        archive.finish()
    }

    /// True while nothing waits to be archived.
    private func hasTime() -> Bool { readModel.nextToArchive() == nil && !isStopping }

    private func takeDeletions() -> Bool {
        status.withLock { status in
            defer { status.hasDeletions = false }
            return status.hasDeletions
        }
    }

    private func appendParts(
        to archive: inout SQLiteArchive, _ retention: RetentionWork
    ) throws(StoreError) {
        while !isStopping, let last = readModel.nextToArchive() {
            try append(through: last, to: &archive)
            if archive.isMergeOverdue, !retention.isUnderWay { _ = try archive.mergeStep() }
        }
    }

    private func append(
        through last: UInt64, to archive: inout SQLiteArchive
    ) throws(StoreError) {
        try archive.append(through: last, from: journal)
        readModel.forgetArchived(through: last)
        pacer.goOn()
    }

    private func note(_ error: StoreError) {
        status.withLock { status in
            status.lastError = error
            status.failures += 1
        }
        // A file that is damaged will not get better: the next process makes it anew.
        guard case .corrupt = error else { return }
        condemn()
        failed(error)
    }
}
