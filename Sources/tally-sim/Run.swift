internal import Credit
internal import Engine
internal import Glibc
internal import Reports
internal import SQLiteStore
internal import SimulatedDisk
internal import Store
internal import TestKit

/// One run of the system under a seed: requests, faults, crashes and all that is expected of it.
final class Run {
    /// What a caller waits for.
    struct Promise {
        let operation: Operation
        let reply: ModelReply
    }

    /// A segment that the model has decided too.
    struct Expected {
        /// Nil when nothing is stored.
        let number: UInt64?
        let batches: [[Promise]]
        let events: [ModelEvent]
        /// The model after the segment.
        let model: ModelLedger
    }

    /// Longer than any step takes; SIGALRM ends one that never would.
    private static let stepSecondsMax: UInt32 = 20

    let seed: UInt64
    let character: Character
    let disk: SimulatedDisk
    let folder: SimulatedFolder
    private let vfs: DiskVFS
    var random: SeededRandom
    var clock = SimulatedClock()
    var workload: Workload
    var server: Server?
    var model = ModelLedger()
    var committedModel = ModelLedger()
    var committedEvents: [ModelEvent] = []
    var committed: UInt64 = 0
    /// A segment whose commit was begun and has not succeeded.
    var attempted: Expected?
    var decided: [Expected] = []
    var book = ReplyBook()
    var tally = Tally()
    var log = EventLog()

    /// `copy` tells runs of one seed apart that exist at the same time.
    init(seed: UInt64, copy: Int = 0) {
        self.seed = seed
        random = SeededRandom(seed: seed)
        character = Character(using: &random)
        workload = Workload(character: character.workload)
        disk = SimulatedDisk(seed: random.next())
        vfs = DiskVFS(disk, name: "simulated-\(seed)-\(copy)")
        folder = SimulatedFolder(on: disk, vfs: "simulated-\(seed)-\(copy)")
    }

    deinit {
        server = nil
    }

    var logHash: String { log.text }

    /// Plays so many steps and then lets everything settle; gives what went wrong, if anything.
    func play(steps: Int) -> Failure? {
        do throws(Failure) {
            try start()
            for step in 1...max(1, steps) {
                tally.steps = step
                try take(character.step(using: &random))
                try endIfDead()
            }
            try settle()
            return nil
        } catch {
            var failure = error
            failure.step = tally.steps
            return failure
        }
    }

    private func take(_ step: Character.Step) throws(Failure) {
        alarm(Self.stepSecondsMax)
        switch step {
        case .decide: try decide()
        case .commit: try commit()
        case .writeCheckpoint: writeCheckpoint()
        case .passTime: passTime()
        case .setWall: setWall()
        case .read: try checkReports()
        case .crashSoon: disk.crash(afterOperations: random.skewed(below: 120))
        case .kill: try end(.killed)
        case .cutPower: try end(.powerLost)
        case .endCleanly: try endCleanly()
        }
    }

    /// The wall clock jumps, by up to ten years, and back as often as forth.
    private func setWall() {
        let hour: Int64 = 3_600_000_000
        let most = random.pick([1_000_000, 2 * hour, 2 * hour, 366 * 24 * hour, 3660 * 24 * hour])
        clock.setWall(by: random.number(in: -most...most))
        tally.clockJumps += 1
    }

    private func passTime() {
        switch random.below(40) {
        case 0: clock.pass(micros: random.number(in: 0...200 * 86_400_000_000))
        case 1...7: clock.pass(micros: random.number(in: 0...3))
        case 8...14: clock.pass(micros: random.number(in: 0...2_000_000))
        case 15...20: clock.pass(micros: random.number(in: 0...3_600_000_000))
        default:
            let edges = random.chance(60) ? workload.edges : model.edges
            guard !edges.isEmpty else { return }
            clock.pass(until: random.pick(edges) + random.number(in: -1...1))
        }
    }

    private func writeCheckpoint() {
        guard let server, server.isCheckpointing else { return }
        do throws(StoreError) {
            let archivesFirst = random.chance(30)
            if archivesFirst { try server.archiveEntries(all: random.chance(50)) }
            if try server.writeCheckpoint() { tally.merges += 1 }
            tally.checkpoints += 1
            log.add("checkpoint")
            if !archivesFirst, random.chance(70) {
                try server.archiveEntries(all: random.chance(50))
            }
        } catch {
            tally.checkpointsFailed += 1
            log.add("checkpoint failed")
        }
    }
}
