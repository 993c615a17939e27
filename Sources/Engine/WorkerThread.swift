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

    /// Waits until the body has returned.
    public consuming func join() {
        pthread_join(thread, nil)
    }
}
