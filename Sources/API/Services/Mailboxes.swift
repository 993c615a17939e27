public import Engine
internal import HTTP
internal import Synchronization

/// Where the committing thread and the report threads leave what loops have to answer.
///
/// Each loop opens a box of its own; its number is the origin of the loop's batches.
public final class Mailboxes: Sendable {
    private let boxes = Mutex<[Mailbox]>([])

    public init() {}

    /// Leaves the answers to batches of one origin and wakes its loop.
    public func deliver(_ origin: Int, _ answers: [AnsweredBatch]) {
        let box = boxes.withLock { $0.indices.contains(origin) ? $0[origin] : nil }
        box?.put(answers)
    }

    func open(_ waker: LoopWaker) -> Mailbox {
        boxes.withLock { boxes in
            let box = Mailbox(origin: boxes.count, waker: waker)
            boxes.append(box)
            return box
        }
    }
}

/// What one loop has to look at when it is woken.
final class Mailbox: Sendable {
    /// A report that is made, for the request that waits at `slot`.
    struct Report: Sendable {
        let slot: UInt32
        let value: any Sendable
    }

    private struct State: Sendable {
        var answers: [AnsweredBatch] = []
        var reports: [Report] = []
    }

    let origin: Int
    private let waker: LoopWaker
    private let state = Mutex(State())

    init(origin: Int, waker: LoopWaker) {
        self.origin = origin
        self.waker = waker
    }

    func put(_ answers: [AnsweredBatch]) {
        state.withLock { $0.answers += answers }
        waker.wake()
    }

    func put(_ report: Report) {
        state.withLock { $0.reports.append(report) }
        waker.wake()
    }

    func take() -> (answers: [AnsweredBatch], reports: [Report]) {
        state.withLock { state in
            defer { state = State() }
            return (state.answers, state.reports)
        }
    }
}
