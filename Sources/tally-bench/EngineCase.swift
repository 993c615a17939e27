import Credit
import Dispatch
import Engine
import Ledger
import Partition
import SQLiteStore
import Store
import Synchronization
import Terminal

/// Durable charges a second through the engine: decided, encoded, hashed, synced, folded, answered.
struct EngineCase {
    let accounts: Int
    let batch: Int
    let seconds: Double
    let isSubscribed: Bool

    /// Batches submitted and not yet answered, as of so many clients: enough charges for the two
    /// threads to work at the same time.
    private var underWayMax: Int { batch == 1 ? 1 : min(64, max(8, 65_536 / batch)) }
    /// The most charges made ready before the clock starts: as many as the time allows for, within
    /// what memory there is.
    private var chargesMax: Int { min(12_000_000, max(4_000_000, Int(seconds * 800_000))) }

    func run(in path: String) throws -> Measurement {
        let answers = Answers()
        let partition = try Partition(
            folder: try DataFolder(path: path), handlers: answers.handlers)
        try prepare(partition, answers)
        let sizeBefore = folderSize(path)
        let charged = measure(partition, answers)
        partition.close()
        guard answers.refused.withLock({ $0 }) == 0 else { throw BenchError.refused }
        return Measurement(
            name: "engine", accounts: accounts, batch: batch, count: charged.count,
            seconds: charged.seconds, latencies: charged.latencies,
            bytes: folderSize(path) - sizeBefore)
    }

    private func prepare(_ partition: Partition, _ answers: Answers) throws {
        for batch in try Setup(accounts: accounts, isSubscribed: isSubscribed).batches() {
            guard partition.submit(batch) else { throw BenchError.refused }
            answers.room.wait()
        }
        answers.times.withLock { $0 = [] }
    }

    private func measure(
        _ partition: Partition, _ answers: Answers
    ) -> (count: Int, seconds: Double, latencies: [UInt64]) {
        var workload = Workload(accountCount: accounts, seed: 42)
        let now = partition.time.now()
        let count = min(chargesMax / batch, max(64, batch == 1 ? 40_000 : Int.max))
        let batches = (0..<count).map { _ in workload.batch(batch, now: now) }
        var starts: [UInt64] = []
        let underWay = underWayMax
        let begin = Monotonic.now()
        let deadline = begin + UInt64(seconds * 1e9)
        var answered = 0
        for batch in batches {
            if starts.count - answered >= underWay {
                answers.room.wait()
                answered += 1
            }
            let start = Monotonic.now()
            guard start < deadline else { break }
            starts.append(start)
            guard partition.submit(batch) else { break }
        }
        for _ in answered..<starts.count { answers.room.wait() }
        let end = Monotonic.now()
        let times = answers.times.withLock { $0 }
        let latencies = zip(starts, times).map { $1 - $0 }
        return (starts.count * batch, Double(end - begin) / 1e9, latencies)
    }
}

/// What the committing thread tells the submitting one.
final class Answers: Sendable {
    let room = DispatchSemaphore(value: 0)
    /// When batches were answered.
    let times = Mutex<[UInt64]>([])
    let refused = Mutex(0)

    /// What fills them in.
    var handlers: Partition.Handlers {
        Partition.Handlers(
            deliver: { [self] _, batches in
                let now = Monotonic.now()
                for answered in batches {
                    times.withLock { $0.append(now) }
                    refused.withLock { $0 += answered.batch.refusedCount }
                    room.signal()
                }
            },
            failed: { error in Terminal.report("commit failed: \(error)") })
    }
}

extension CommandBatch {
    /// How many items were neither recorded nor answered.
    fileprivate var refusedCount: Int {
        outcomes.count { outcome in
            switch outcome {
            case .recorded, .answered: false
            case .waiting, .seenBefore, .rejected, .unknown: true
            }
        }
    }
}
