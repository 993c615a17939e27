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

    /// Has the calling thread run only while no other wants its core; where it may not, it goes on as it is.
    ///
    /// `SCHED_IDLE` of sched(7): unlike with a nice value, who wakes up gets the core at once.
    public static func giveWayToOthers() {
        var parameters = sched_param()
        parameters.sched_priority = 0
        _ = unsafe pthread_setschedparam(pthread_self(), idlePolicy, &parameters)
    }

    /// `SCHED_IDLE`, which Glibc's module does not show.
    private static let idlePolicy: Int32 = 5

    /// Waits until the body has returned.
    public consuming func join() {
        pthread_join(thread, nil)
    }
}
