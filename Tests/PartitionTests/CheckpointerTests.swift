import Engine
import Glibc
import Ledger
import Reports
import SQLiteStore
import SimulatedDisk
import Store
import TestKit
import Testing

@testable import Partition

/// Checkpoints on a disk that is full now and then.
struct CheckpointerTests {
    /// A folder with a journal of which nothing is in the state file.
    private struct Folder: ~Copyable {
        let disk: SimulatedDisk
        let vfs: DiskVFS
        let folder: SimulatedFolder
        let mark: JournalMark

        init(seed: UInt64, _ name: String) throws {
            disk = SimulatedDisk(seed: seed)
            vfs = DiskVFS(disk, name: name)
            folder = SimulatedFolder(on: disk, vfs: name)
            var builder = try JournalBuilder(seed: seed)
            try builder.grow(by: 20)
            var journal = try SQLiteJournal(in: folder)
            for segment in builder.segments { try journal.append(segment) }
            try journal.close()
            mark = builder.mark
            disk.plan.target = "state.db"
        }

        func open(retryPause: Duration) throws -> (Checkpointer, LedgerImage) {
            let files = try OpenFiles(in: folder, seed: 1)
            let image = files.recovered.ledger.image
            let checkpointer = try Checkpointer(
                state: files.state, readModel: files.readModel, keys: files.keys,
                pacer: Pacer(files.readModel), retryPause: retryPause, failed: { _ in })
            return (checkpointer, image)
        }

        /// True when the state file holds all of the journal.
        func isWritten() throws -> Bool {
            try OpenFiles(in: folder, seed: 1).checkpoint == mark.number
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a checkpoint that could not be written is tried again until it is`() throws {
        var failures: UInt64 = 0
        for seed in UInt64(1)...12 {
            let folder = try Folder(seed: seed, "retried-\(seed)")
            let (checkpointer, image) = try folder.open(retryPause: .zero)
            folder.disk.plan.fullDisks = 500
            checkpointer.request(image, through: folder.mark)
            while checkpointer.counters.written == 0 { sched_yield() }
            failures += checkpointer.counters.failed
            checkpointer.stop()
            folder.disk.plan = .none
            #expect(try folder.isWritten())
        }
        #expect(failures > 0)
    }

    @Test(.timeLimit(.minutes(5)))
    func `one that still waits is tried again at the end`() throws {
        let folder = try Folder(seed: 3, "at-the-end")
        let (checkpointer, image) = try folder.open(retryPause: .seconds(3600))
        folder.disk.plan.fullDisks = 10_000
        checkpointer.request(image, through: folder.mark)
        while checkpointer.counters.failed == 0 { sched_yield() }
        folder.disk.plan = .none
        checkpointer.stop()
        #expect(checkpointer.counters.written == 1)
        #expect(try folder.isWritten())
    }
}
