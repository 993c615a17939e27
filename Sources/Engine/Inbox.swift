internal import Dispatch
internal import Synchronization

/// Batches on their way to the writer, at most ``itemsMax`` items and ``bytesMax`` bytes in all.
final class Inbox: Sendable {
    /// More items than this are refused with `overloaded`.
    static let itemsMax = 131_072
    /// More bytes of charges' texts than this are refused with `overloaded`.
    static let bytesMax = 256 << 20

    fileprivate struct State: Sendable {
        var batches: [CommandBatch] = []
        var itemCount = 0
        var byteCount = 0
        var isClosed = false
        var isSignalled = false
    }

    private let state = Mutex(State())
    private let signal = DispatchSemaphore(value: 0)

    /// Puts a batch; false when there is too much waiting or the inbox is closed.
    func put(_ batch: CommandBatch) -> Bool {
        let (isTaken, mustSignal) = state.withLock { state in
            guard !state.isClosed, state.itemCount + batch.count <= Self.itemsMax,
                state.byteCount + batch.bytes.count <= Self.bytesMax,
                batch.count <= CommandBatch.itemsMax
            else { return (false, false) }
            state.batches.append(batch)
            state.itemCount += batch.count
            state.byteCount += batch.bytes.count
            defer { state.isSignalled = true }
            return (true, !state.isSignalled)
        }
        if mustSignal { signal.signal() }
        return isTaken
    }

    /// Takes no more batches; wakes the taker.
    func close() {
        state.withLock { $0.isClosed = true }
        signal.signal()
    }

    /// Waits up to a second for batches; what is taken stays within `limit` items unless a single
    /// batch is larger.
    ///
    /// Gives an empty list when nothing came, nil once the inbox is closed and empty.
    func take(limit: Int) -> [CommandBatch]? {
        if state.withLock({ $0.batches.isEmpty && !$0.isClosed }) {
            _ = signal.wait(timeout: .now() + .seconds(1))
        }
        return state.withLock { state in
            state.isSignalled = false
            guard !state.batches.isEmpty else { return state.isClosed ? nil : [] }
            let end = state.endOfFirst(limit)
            if end == state.batches.count {
                state.itemCount = 0
                state.byteCount = 0
                let taken = state.batches
                state.batches = []
                return taken
            }
            let taken = Array(state.batches[..<end])
            state.batches.removeFirst(end)
            for batch in taken {
                state.itemCount -= batch.count
                state.byteCount -= batch.bytes.count
            }
            return taken
        }
    }
}

extension Inbox.State {
    /// How many batches from the front stay within `limit` items; at least one.
    fileprivate func endOfFirst(_ limit: Int) -> Int {
        var items = 0
        for (index, batch) in batches.enumerated() {
            items += batch.count
            if items > limit { return max(1, index) }
        }
        return batches.count
    }
}
