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
        /// Batches whose keys are still to be looked up on disk.
        var unchecked: [CommandBatch] = []
        /// Batches whose keys are being looked up.
        var checkingCount = 0
        var itemCount = 0
        var byteCount = 0
        var isClosed = false
        var isSignalled = false

        /// True when no batch can come any more.
        var isFinished: Bool {
            isClosed && batches.isEmpty && unchecked.isEmpty && checkingCount == 0
        }
    }

    private let state = Mutex(State())
    private let signal = DispatchSemaphore(value: 0)
    private let uncheckedSignal = DispatchSemaphore(value: 0)

    /// How many commands wait for the writer.
    var waitingCount: Int { state.withLock { $0.itemCount } }

    /// Puts a batch, whose keys have been looked up or are yet to be; false when there is too much
    /// waiting or the inbox is closed.
    func put(_ batch: CommandBatch, isChecked: Bool = true) -> Bool {
        let (isTaken, mustSignal) = state.withLock { state in
            guard !state.isClosed, state.itemCount + batch.count <= Self.itemsMax,
                state.byteCount + batch.bytes.count <= Self.bytesMax,
                batch.count <= CommandBatch.itemsMax
            else { return (false, false) }
            state.itemCount += batch.count
            state.byteCount += batch.bytes.count
            guard isChecked else {
                state.unchecked.append(batch)
                return (true, false)
            }
            return (true, state.add(batch))
        }
        if mustSignal { signal.signal() }
        if isTaken, !isChecked { uncheckedSignal.signal() }
        return isTaken
    }

    /// Gives a batch back whose keys must be looked up again.
    func putBack(_ batch: CommandBatch) {
        state.withLock { state in
            state.itemCount += batch.count
            state.byteCount += batch.bytes.count
            state.unchecked.append(batch)
        }
        uncheckedSignal.signal()
    }

    /// Waits for a batch whose keys are to be looked up; nil once there will be none.
    ///
    /// Each one must be put with ``putChecked(_:)`` or given up with ``giveUp(_:)``.
    func takeUnchecked() -> CommandBatch? {
        while true {
            uncheckedSignal.wait()
            let (batch, isFinished) = state.withLock { state -> (CommandBatch?, Bool) in
                guard !state.unchecked.isEmpty else { return (nil, state.isFinished) }
                state.checkingCount += 1
                return (state.unchecked.removeFirst(), false)
            }
            if let batch { return batch }
            if isFinished { return nil }
        }
    }

    /// Puts a batch whose keys have been looked up.
    func putChecked(_ batch: CommandBatch) {
        let mustSignal = state.withLock { state in
            state.checkingCount -= 1
            return state.add(batch)
        }
        if mustSignal { signal.signal() }
    }

    /// Forgets a batch that was taken to be looked up.
    func giveUp(_ batch: CommandBatch) {
        state.withLock { state in
            state.checkingCount -= 1
            state.itemCount -= batch.count
            state.byteCount -= batch.bytes.count
        }
        signal.signal()
    }

    /// Takes no more batches; wakes the takers.
    func close() {
        state.withLock { $0.isClosed = true }
        signal.signal()
        uncheckedSignal.signal()
    }

    /// Waits up to a second for batches; what is taken stays within `limit` items unless a single
    /// batch is larger.
    ///
    /// Gives an empty list when nothing came, nil once the inbox is closed and empty.
    func take(limit: Int) -> [CommandBatch]? {
        if state.withLock({ $0.batches.isEmpty && !$0.isFinished }) {
            _ = signal.wait(timeout: .now() + .seconds(1))
        }
        let taken = state.withLock { state -> [CommandBatch]? in
            state.isSignalled = false
            guard !state.batches.isEmpty else { return state.isFinished ? nil : [] }
            let end = state.endOfFirst(limit)
            let taken: [CommandBatch]
            if end == state.batches.count {
                taken = state.batches
                state.batches = []
            } else {
                taken = Array(state.batches[..<end])
                state.batches.removeFirst(end)
            }
            for batch in taken {
                state.itemCount -= batch.count
                state.byteCount -= batch.bytes.count
            }
            return taken
        }
        if taken == nil { uncheckedSignal.signal() }
        return taken
    }
}

extension Inbox.State {
    /// Adds a batch for the writer; true when it must be woken.
    fileprivate mutating func add(_ batch: CommandBatch) -> Bool {
        batches.append(batch)
        defer { isSignalled = true }
        return !isSignalled
    }

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
