import Ledger
import SQLiteStore
import SimulatedDisk
import Store
import TestKit
import Testing

struct CheckpointFaultTests {
    /// A state file that is written while syncs fail and then loses power.
    private struct Run: ~Copyable {
        let disk: SimulatedDisk
        let vfs: DiskVFS
        let folder: SimulatedFolder
        var random: SeededRandom
        var builder: JournalBuilder
        /// The accounts at each segment that a checkpoint was made through.
        var accounts: [UInt64: [AccountImage]] = [:]

        init(seed: UInt64) throws {
            disk = SimulatedDisk(seed: seed)
            vfs = DiskVFS(disk, name: "checkpoint-\(seed)")
            folder = SimulatedFolder(on: disk, vfs: "checkpoint-\(seed)")
            random = SeededRandom(seed: seed)
            builder = try JournalBuilder(seed: seed, accounts: 60)
        }

        /// Opens the file, compares what it holds, and writes to it until it dies.
        mutating func play() throws {
            disk.plan = .none
            do {
                var state = try SQLiteState(in: folder, seed: 1)
                if let restored = try state.restored() {
                    let expected = try #require(accounts[restored.through.number])
                    #expect(restored.accounts == expected)
                }
                disk.plan.syncErrorsDropped = 3000
                disk.crash(afterOperations: random.below(150))
                for _ in 0..<10 where !disk.isDown {
                    try builder.grow(by: 3)
                    accounts[builder.mark.number] = builder.accounts
                    try? state.write(builder.checkpoint)
                }
                disk.die()
            }
            disk.restart(after: random.chance(50) ? .powerLost : .killed)
        }
    }

    @Test(arguments: UInt64(1)...24)
    func `a checkpoint is found whole or not at all when syncs fail and power is lost`(
        seed: UInt64
    ) throws {
        var run = try Run(seed: seed)
        for _ in 0..<8 { try run.play() }
    }
}
