import Dispatch
import Engine
import Foundation
import Glibc
import Ledger
import Partition
import SQLiteStore
import Store
import Synchronization
import Terminal

/// The same figures at one, ten and a hundred million stored charges.
///
/// Each stage is a process of its own on the files of the one before. It charges up to the stage's
/// number, tells how it went, and is killed; how long opening its files takes then is the recovery.
struct GrowthCase {
    static let stages = [1_000_000, 10_000_000, 100_000_000]

    let accounts: Int
    let batch: Int
    /// The most charges stored.
    let stored: Int

    /// Prints a line for each stage.
    func run(in path: String) throws {
        var from = 0
        for stage in Self.stages where stage <= stored {
            let told = try fill(path, from: from, to: stage)
            let recovery = try OpenCase().run(in: path)
            let bytes = folderSize(path) / stage
            Terminal.print(told.dropLast() + ",\(recovery),\"bytes_per_charge\":\(bytes)}")
            from = stage
        }
    }

    /// Lets a process of its own charge, kills it, and gives what it told.
    private func fill(_ path: String, from: Int, to stored: Int) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = [
            "--case", "fill", "--data", path, "--keep", "--from", "\(from)", "--stored",
            "\(stored)", "--accounts", "\(accounts)", "--batch", "\(batch)",
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        defer {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        var text = ""
        while !text.hasSuffix("\n") {
            let data = pipe.fileHandleForReading.availableData
            guard !data.isEmpty else { throw BenchError.storage("the process that charges ended") }
            text += String(decoding: data, as: UTF8.self)
        }
        return text.trimmed
    }
}

/// Opens the files that a process has left behind, and ends cleanly.
struct OpenCase {
    /// How long it took until charges can be taken, and what was read back, as members of a line.
    func run(in path: String) throws -> String {
        let start = Monotonic.now()
        let opened = try Partition(
            folder: try DataFolder(path: path),
            handlers: Partition.Handlers(deliver: { _, _ in }, failed: { _ in }))
        let recovery = Monotonic.now() - start
        let behind = opened.opening.last - opened.opening.checkpoint
        opened.close()
        return "\"recovery_ms\":\(recovery / 1_000_000),\"segments_read_back\":\(behind)"
    }
}

/// Charges until so many are stored; then tells of the last of them, and waits to be killed.
struct FillCase {
    let accounts: Int
    let batch: Int
    let from: Int
    let stored: Int

    /// How many charges are made ready at a time.
    private static let chunk = 250_000
    /// So many of the last chunks are told of.
    private static let toldChunks = 4
    /// Charges that are under way.
    private static let underWay = 65_536

    func run(in path: String) throws {
        let answers = Answers()
        let partition = try Partition(
            folder: try DataFolder(path: path), handlers: answers.handlers)
        if from == 0 {
            for batch in try Setup(accounts: accounts).batches() {
                guard partition.submit(batch) else { throw BenchError.refused }
                answers.room.wait()
            }
        }
        var workload = Workload(accountCount: accounts, seed: UInt64(from) + 42)
        var count = from
        var last: [Chunk] = []
        while count < stored {
            let size = min(Self.chunk, stored - count)
            let now = partition.time.now()
            let batches = stride(from: 0, to: size, by: batch).map { first in
                workload.batch(min(batch, size - first), now: now)
            }
            answers.times.withLock { $0 = [] }
            let start = Monotonic.now()
            charge(batches, partition, answers)
            let end = Monotonic.now()
            guard answers.refused.withLock({ $0 }) == 0 else { throw BenchError.refused }
            last.append(
                Chunk(
                    count: size, seconds: Double(end - start) / 1e9,
                    times: [start] + answers.times.withLock { $0 }))
            if last.count > Self.toldChunks { last.removeFirst() }
            count += size
        }
        tell(partition, last)
        while true { pause() }
    }

    /// Some charges, how long they took, and when the batches were answered.
    private struct Chunk {
        let count: Int
        let seconds: Double
        let times: [UInt64]

        /// The microseconds between two answers.
        var gaps: [UInt64] { zip(times.dropFirst(), times).map { ($0 - $1) / 1000 } }
    }

    private func charge(_ batches: [CommandBatch], _ partition: Partition, _ answers: Answers) {
        let most = max(1, Self.underWay / batch)
        for (index, batch) in batches.enumerated() {
            if index >= most { answers.room.wait() }
            guard partition.submit(batch) else { return }
        }
        for _ in 0..<min(most, batches.count) { answers.room.wait() }
    }

    /// Says how the last charges went: the time between two answers tells what held up commits.
    private func tell(_ partition: Partition, _ last: [Chunk]) {
        let gaps = last.flatMap(\.gaps).sorted()
        let p99 = gaps.isEmpty ? 0 : gaps[min(gaps.count - 1, gaps.count * 99 / 100)]
        let charges = last.reduce(0) { $0 + $1.count }
        let seconds = last.reduce(0) { $0 + $1.seconds }
        Terminal.print(
            "{\"case\":\"growth\",\"accounts\":\(accounts),\"batch\":\(batch),\"stored\":\(stored),"
                + "\"per_second\":\(Int(Double(charges) / seconds)),\"gap_p99_us\":\(p99),"
                + "\"gap_max_us\":\(gaps.last ?? 0),"
                + "\"checkpoints\":\(partition.checkpoints.written),"
                + "\"memory_bytes\":\(Resident.bytes())}")
    }
}
