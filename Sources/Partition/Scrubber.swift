internal import Engine
internal import SQLiteStore
internal import Store
internal import Synchronization

/// Reads all of the state file once after a start, on a thread of its own (``StateScrub``).
final class Scrubber: Sendable {
    private let isStopped = Atomic<Bool>(false)
    private let thread: Mutex<WorkerThread?>

    /// Begins; `failed` is called when something is not what was written or cannot be read.
    init(
        _ scrub: consuming StateScrub?, failed: @escaping @Sendable (StoreError) -> Void
    ) throws(StoreError) {
        thread = Mutex(nil)
        guard let scrub else { return }
        let handover = Handover(scrub)
        do throws(WorkerThread.Unavailable) {
            let started = try WorkerThread { [self] in
                guard let scrub = handover.take() else { return }
                run(scrub, failed)
            }
            let held = Handover(started)
            thread.withLock { $0 = held.take() }
        } catch {
            throw .unavailable("no thread could be started")
        }
    }

    private func run(_ taken: consuming StateScrub, _ failed: @Sendable (StoreError) -> Void) {
        var scrub = taken
        do throws(StoreError) {
            while !isStopped.load(ordering: .relaxed), try !scrub.step() {}
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
