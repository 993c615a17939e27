internal import Dispatch
internal import Synchronization

/// What other threads see of a loop.
final class LoopPort: Sendable {
    /// A listening socket that the loop takes over.
    struct Listener {
        let descriptor: Int32
        let isUnixSocket: Bool
    }

    let index: Int
    let waker = LoopWaker()
    let counters = LoopCounters()
    private let drain = Mutex<Duration?>(nil)
    private let isDrainAsked = Atomic<Bool>(false)
    private let started = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let failure = Mutex<HTTPServerError?>(nil)

    init(index: Int) {
        self.index = index
    }

    /// How long a drain may take; nil until one is asked for.
    var drainTime: Duration? {
        guard isDrainAsked.load(ordering: .acquiring) else { return nil }
        return drain.withLock { $0 }
    }

    func askToDrain(within time: Duration) {
        drain.withLock { $0 = time }
        isDrainAsked.store(true, ordering: .releasing)
        waker.wake()
    }

    /// Runs a loop on this thread to its end.
    func run(
        _ listeners: [Listener], limits: HTTPLimits, census: ConnectionCensus,
        makeApplication: (HTTPLoop) -> any Application
    ) {
        defer { ended.signal() }
        do {
            let loop = try HTTPLoop(port: self, limits: limits, census: census)
            try loop.open(listeners, makeApplication: makeApplication)
            started.signal()
            loop.run()
        } catch {
            failed(error)
        }
    }

    /// Tells those who wait that there is no thread for the loop.
    func cannotRun(_ error: HTTPServerError) {
        failed(error)
        ended.signal()
    }

    private func failed(_ error: HTTPServerError) {
        failure.withLock { $0 = error }
        started.signal()
    }

    /// Waits until the loop accepts connections.
    func waitForStart() throws(HTTPServerError) {
        started.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }

    func waitForEnd() {
        ended.wait()
    }
}
