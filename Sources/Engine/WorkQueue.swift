internal import Dispatch
internal import Synchronization

/// Values handed from one thread to another in order, at most `capacity` under way.
///
/// A value is under way from `waitForRoom` until the taker calls `finish`.
public final class WorkQueue<Element: Sendable>: Sendable {
    private struct State: Sendable {
        var elements: [Element] = []
        /// Values taken and not yet finished.
        var takenCount = 0
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

    /// True when no value waits or is being worked on.
    public var isIdle: Bool { state.withLock { $0.elements.isEmpty && $0.takenCount == 0 } }

    /// Gives back room that was waited for and not used.
    public func giveBackRoom() {
        room.signal()
    }

    /// The value taken before has been dealt with.
    public func finish() {
        state.withLock { $0.takenCount -= 1 }
        room.signal()
    }

    /// How many values wait to be taken.
    public var waitingCount: Int { state.withLock { $0.elements.count } }

    /// True while nothing waits and more may come.
    public var isQuiet: Bool { state.withLock { $0.elements.isEmpty && !$0.isClosed } }

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
        return state.withLock { state in
            guard !state.elements.isEmpty else { return nil }
            state.takenCount += 1
            return state.elements.removeFirst()
        }
    }
}
