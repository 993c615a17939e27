internal import Glibc
internal import Synchronization

/// A thread of our own, for work that must not share one.
public struct WorkerThread: ~Copyable, Sendable {
    /// The system gave no thread.
    public struct Unavailable: Error, Hashable {}

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    private let thread: pthread_t

    /// Starts a thread that runs `body` once.
    public init(_ body: @escaping @Sendable () -> Void) throws(Unavailable) {
        let retained = unsafe Unmanaged.passRetained(Body(body))
        var started = pthread_t()
        let code = unsafe pthread_create(
            &started, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                body.run()
                return nil
            }, retained.toOpaque())
        guard code == 0 else {
            unsafe retained.release()
            throw Unavailable()
        }
        thread = started
    }

    /// Has the calling thread give way to others; where it may not, it goes on as it is.
    ///
    /// It is not taken off its core at once, nor starved by a host that is busy with something else, as
    /// `SCHED_IDLE` would have it (docs/performance.md).
    public static func giveWayToOthers() {
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, mostNiceness)
    }

    /// How much less than others a thread can be given (`nice`).
    private static let mostNiceness: Int32 = 19

    /// Waits until the body has returned.
    public consuming func join() {
        pthread_join(thread, nil)
    }
}
