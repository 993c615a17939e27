internal import Dispatch
internal import Engine
internal import Synchronization

/// A few threads for what may read storage or take long, so that no loop ever does.
final class ReportWorkers: Sendable {
    private struct State: Sendable {
        var waiting: [@Sendable () -> Void] = []
        var isStopped = false
    }

    private let waitingMax: Int
    private let state = Mutex(State())
    private let filled = DispatchSemaphore(value: 0)
    private let threads = Mutex<[Joinable]>([])

    private struct Joinable: Sendable {
        let join: @Sendable () -> Void
    }

    init(threads count: Int, waitingMax: Int) throws(WorkerThread.Unavailable) {
        self.waitingMax = waitingMax
        for _ in 0..<max(count, 1) {
            let ended = DispatchSemaphore(value: 0)
            _ = try WorkerThread { [self] in
                run()
                ended.signal()
            }
            threads.withLock { $0.append(Joinable { ended.wait() }) }
        }
    }

    /// Has a thread do `work` soon; false when too much is waiting.
    func submit(_ work: @escaping @Sendable () -> Void) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isStopped, state.waiting.count < waitingMax else { return false }
            state.waiting.append(work)
            return true
        }
        if isTaken { filled.signal() }
        return isTaken
    }

    /// Finishes what is waiting and ends the threads.
    func stop() {
        state.withLock { $0.isStopped = true }
        let running = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for _ in running { filled.signal() }
        for thread in running { thread.join() }
    }

    private func run() {
        while true {
            filled.wait()
            let work = state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
            guard let work else {
                if state.withLock({ $0.isStopped }) { return }
                continue
            }
            work()
        }
    }
}
