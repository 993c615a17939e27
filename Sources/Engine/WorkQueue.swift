internal import Dispatch
internal import Synchronization

/// Values handed from one thread to another in order, at most `capacity` under way.
///
/// A value is under way from `waitForRoom` until the taker calls `finish`.
public final class WorkQueue<Element: Sendable>: Sendable {
    private struct State: Sendable {
        var elements: [Element] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let filled = DispatchSemaphore(value: 0)
    private let room: DispatchSemaphore

    /// An open queue.
    public init(capacity: Int) {
        room = DispatchSemaphore(value: 0)
        for _ in 0..<capacity { room.signal() }
    }

    /// Waits until another value may be put.
    public func waitForRoom() {
        room.wait()
    }

    /// Gives back room that was not used.
    public func finish() {
        room.signal()
    }

    /// How many values wait to be taken.
    public var waitingCount: Int { state.withLock { $0.elements.count } }

    /// Puts a value for which room was waited for.
    public func put(_ element: Element) {
        state.withLock { $0.elements.append(element) }
        filled.signal()
    }

    /// No value will be put any more.
    public func close() {
        state.withLock { $0.isClosed = true }
        filled.signal()
    }

    /// The next value; nil once the queue is closed and empty.
    public func take() -> Element? {
        filled.wait()
        return state.withLock { $0.elements.isEmpty ? nil : $0.elements.removeFirst() }
    }
}
