internal import Engine
internal import SQLiteStore
internal import Store
internal import Synchronization

/// Reads all that is derived once after a start, on a thread of its own (``StateScrub``,
/// ``ArchiveScrub``).
final class Scrubber: Sendable {
    private let isStopped = Atomic<Bool>(false)
    private let thread: Mutex<WorkerThread?>

    /// Begins; `failed` is called when something is not what was written or cannot be read.
    init(
        _ state: consuming StateScrub?, _ archive: consuming ArchiveScrub,
        failed: @escaping @Sendable (StoreError) -> Void
    ) throws(StoreError) {
        thread = Mutex(nil)
        let (first, second) = (Handover(state), Handover(archive))
        do throws(WorkerThread.Unavailable) {
            let started = try WorkerThread { [self] in
                guard let state = first.take(), let archive = second.take() else { return }
                WorkerThread.giveWayToOthers()
                run(state, archive, failed)
            }
            let held = Handover(started)
            thread.withLock { $0 = held.take() }
        } catch {
            throw .unavailable("no thread could be started")
        }
    }

    private func run(
        _ taken: consuming StateScrub?, _ takenArchive: consuming ArchiveScrub,
        _ failed: @Sendable (StoreError) -> Void
    ) {
        var archive = takenArchive
        do throws(StoreError) {
            if var state = taken {
                while !isStopped.load(ordering: .relaxed), try !state.step() {}
            }
            while !isStopped.load(ordering: .relaxed), try !archive.step() {}
        } catch {
            failed(error)
        }
    }

    /// Ends it, finished or not.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        let held = thread.withLock { Handover($0.take()) }
        if let running = held.take() { running?.join() }
    }
}
