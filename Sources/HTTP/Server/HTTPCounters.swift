internal import Synchronization

/// What a server has done since it started, summed over its loops.
public struct HTTPCounters: Hashable, Sendable {
    public var connectionsOpen = 0
    public var connectionsAccepted = 0
    /// Whole requests given to the application.
    public var requests = 0
    public var bytesIn = 0
    public var bytesOut = 0
    public var rejections: [HTTPRejection: Int] = [:]

    public init() {}
}

/// One loop's counters: it alone writes, any thread reads.
final class LoopCounters: Sendable {
    let connectionsOpen = Atomic<Int>(0)
    let connectionsAccepted = Atomic<Int>(0)
    let requests = Atomic<Int>(0)
    let bytesIn = Atomic<Int>(0)
    let bytesOut = Atomic<Int>(0)
    private let rejections = Mutex<[HTTPRejection: Int]>([:])

    func count(_ reason: HTTPRejection) {
        rejections.withLock { $0[reason, default: 0] += 1 }
    }

    func add(to sum: inout HTTPCounters) {
        sum.connectionsOpen += connectionsOpen.load(ordering: .relaxed)
        sum.connectionsAccepted += connectionsAccepted.load(ordering: .relaxed)
        sum.requests += requests.load(ordering: .relaxed)
        sum.bytesIn += bytesIn.load(ordering: .relaxed)
        sum.bytesOut += bytesOut.load(ordering: .relaxed)
        let counted = rejections.withLock { $0 }
        sum.rejections.merge(counted, uniquingKeysWith: +)
    }
}

extension Atomic where Value == Int {
    /// Adds without a locked instruction, for a counter that one thread alone writes.
    func increase(by step: Int = 1) {
        store(load(ordering: .relaxed) &+ step, ordering: .relaxed)
    }
}
