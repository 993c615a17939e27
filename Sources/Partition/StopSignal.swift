internal import Glibc

/// Ends the waiting of a thread.
///
/// A semaphore would do, but waits for a time of the wall clock, which can be set back by years.
final class StopSignal: Sendable {
    private let readEnd: Int32
    private let writeEnd: Int32

    /// Nil when the system gives no pipe.
    init?() {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// Ends the waiting of whoever waits now or later.
    func stop() {
        var byte: UInt8 = 1
        _ = unsafe write(writeEnd, &byte, 1)
    }

    /// Waits so long, or until it is told to stop; true when it was.
    func wait(_ duration: Duration) -> Bool {
        let end = ContinuousClock.now + duration
        while true {
            let left = max(.zero, end - ContinuousClock.now)
            let (seconds, attoseconds) = left.components
            let millis =
                seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
            var asked = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
            let found = unsafe poll(&asked, 1, Int32(clamping: millis))
            if found > 0 { return true }
            if found == 0, left == .zero || ContinuousClock.now >= end { return false }
        }
    }
}
