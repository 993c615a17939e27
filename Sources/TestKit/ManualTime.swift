public import Credit
public import Engine
internal import Synchronization

/// Ledger time that stands still until a test moves it.
public final class ManualTime: LedgerTime {
    private let current: Mutex<Instant>

    /// A clock that stands at `start`.
    public init(_ start: Instant = Instant(micros: 0)) {
        current = Mutex(start)
    }

    public func now() -> Instant { current.withLock { $0 } }

    /// Moves the clock on by so many microseconds.
    public func advance(micros: Int64) {
        current.withLock { $0 = Instant(micros: $0.micros + micros) }
    }
}
