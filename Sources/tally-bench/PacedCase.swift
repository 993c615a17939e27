import Credit
import Dispatch
import Engine
import Ledger
import Partition
import SQLiteStore
import Synchronization

/// How long answers take while charges come at half the speed that the engine can do, with checkpoints and
/// the archive written meanwhile; beside it what a sync of the same disk takes.
struct PacedCase {
    let accounts: Int
    let batch: Int
    let seconds: Double
    let isSubscribed: Bool

    /// For so long charges come as fast as they can, to find that speed.
    private static let calibrationSeconds = 3.0
    /// Charges under way while they do.
    private static let underWay = 16_384

    /// A line as every case gives, and what the disk took.
    func run(in path: String) throws -> String {
        let sync = try SyncCase(seconds: 2).run(in: path)
        var workload = Workload(accountCount: accounts, seed: 42)
        // What the burst leaves to be written later is no part of half the load.
        let most = try burst(in: path, &workload)
        let answers = Answers()
        let partition = try Partition(
            folder: try DataFolder(path: path), handlers: answers.handlers)
        let paced = try pace(partition, answers, &workload, perSecond: most / 2)
        let checkpoints = partition.checkpoints.written
        partition.close()
        guard answers.refused.withLock({ $0 }) == 0 else { throw BenchError.refused }
        let slowest = (paced.latencies.max() ?? 0) / 1000
        let line = paced.json.dropLast()
        return "\(line),\"fdatasync_p50_us\":\(sync.microseconds(0.5)),"
            + "\"fdatasync_p99_us\":\(sync.microseconds(0.99)),\"max_us\":\(slowest),"
            + "\"full_per_second\":\(Int(most)),\"checkpoints\":\(checkpoints)}"
    }

    /// Makes the accounts and charges them as fast as can be; gives how many charges a second that is.
    private func burst(in path: String, _ workload: inout Workload) throws -> Double {
        let answers = Answers()
        let partition = try Partition(
            folder: try DataFolder(path: path), handlers: answers.handlers)
        for batch in try Setup(accounts: accounts, isSubscribed: isSubscribed).batches() {
            guard partition.submit(batch) else { throw BenchError.refused }
            answers.room.wait()
        }
        let most = try calibrate(partition, answers, &workload)
        partition.close()
        guard answers.refused.withLock({ $0 }) == 0 else { throw BenchError.refused }
        return most
    }

    private func calibrate(
        _ partition: Partition, _ answers: Answers, _ workload: inout Workload
    ) throws -> Double {
        var count = 0
        var open = 0
        let begin = Monotonic.now()
        let deadline = begin + UInt64(Self.calibrationSeconds * 1e9)
        while Monotonic.now() < deadline {
            if open * batch >= Self.underWay {
                answers.room.wait()
                open -= 1
            }
            guard partition.submit(workload.batch(batch, now: partition.time.now())) else {
                throw BenchError.refused
            }
            open += 1
            count += batch
        }
        for _ in 0..<open { answers.room.wait() }
        let end = Monotonic.now()
        answers.times.withLock { $0 = [] }
        return Double(count) / (Double(end - begin) / 1e9)
    }

    /// Submits batches at equal distances, whether the ones before were answered or not; a batch's time
    /// counts from when it was due.
    private func pace(
        _ partition: Partition, _ answers: Answers, _ workload: inout Workload,
        perSecond: Double
    ) throws -> Measurement {
        let distance = Double(batch) / perSecond * 1e9
        let begin = Monotonic.now()
        var due: [UInt64] = []
        while Double(due.count) * distance < seconds * 1e9 {
            let ready = workload.batch(batch, now: partition.time.now())
            let time = begin + UInt64(Double(due.count) * distance)
            Monotonic.sleep(until: time)
            due.append(time)
            guard partition.submit(ready) else { throw BenchError.refused }
        }
        for _ in due { answers.room.wait() }
        let end = Monotonic.now()
        let times = answers.times.withLock { $0 }
        return Measurement(
            name: "paced", accounts: accounts, batch: batch, count: due.count * batch,
            seconds: Double(end - begin) / 1e9,
            latencies: zip(due, times).map { $1 > $0 ? $1 - $0 : 0 })
    }
}
