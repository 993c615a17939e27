internal import SQLiteStore
internal import SimulatedDisk
internal import TestKit

/// What one run is like; all of it follows from the seed.
struct Character {
    /// What one step of a run does.
    enum Step: Int, CaseIterable {
        case decide, commit, writeCheckpoint, passTime, setWall, read, crashSoon, kill, cutPower
        case endCleanly
    }

    let workload: Workload.Character
    let faults: FaultPlan
    let weights: [Int]
    let batchMax: Int
    let imagePercent: Int
    let lossPercent: Int
    let duplicatePercent: Int
    /// Of the crashes, those after which power is lost too.
    let powerPercent: Int
    /// Of the recoveries, those during which the process dies again.
    let recoveryCrashPercent: Int
    /// Makes happen often what storage does rarely.
    let tuning: StoreTuning

    init(using random: inout SeededRandom) {
        workload = Workload.Character(using: &random)
        faults = FaultPlan(using: &random)
        let usual = [40, 40, 8, 15, 2, 6, 3, 1, 1, 1]
        weights = usual.enumerated().map { place, weight in
            place < 2 || random.chance(75) ? weight : 0
        }
        batchMax = random.pick([1, 3, 10, 30])
        imagePercent = random.pick([0, 5, 30])
        lossPercent = random.pick([0, 10, 30])
        duplicatePercent = random.pick([0, 5, 30])
        powerPercent = random.pick([0, 50, 100])
        recoveryCrashPercent = random.pick([0, 20, 60])
        tuning = StoreTuning(using: &random)
    }

    func step(using random: inout SeededRandom) -> Step {
        Step(rawValue: random.weighted(weights)) ?? .decide
    }
}

extension StoreTuning {
    fileprivate init(using random: inout SeededRandom) {
        self.init()
        logPagesMax = random.pick([logPagesMax, 8, 1])
        filterBytesMax = random.pick([filterBytesMax, filterBytesMax, 100, 0])
        mergedRuns = random.pick([2, 2, mergedRuns])
        mergedKeysMax = random.pick([mergedKeysMax, 20])
        pageKeysUsual = random.pick([pageKeysUsual, 7, 1])
        archivedRunEntries = random.pick([archivedRunEntries, 30, 1])
        archivedChunkEntries = random.pick([archivedChunkEntries, 5, 1])
        unarchivedMax = random.pick([unarchivedMax, unarchivedMax, 40, 0])
        mergeStepKeys = random.pick([mergeStepKeys, 20, 1])
        usagePageCells = random.pick([usagePageCells, 3, 1])
        mergeStepCells = random.pick([mergeStepCells, 5, 1])
        mergeStepPages = random.pick([mergeStepPages, 1])
        mergeStepChunks = random.pick([mergeStepChunks, 2, 1])
        mergedArchives = random.pick([2, 2, mergedArchives])
        mergedArchiveEntriesMax = random.pick([mergedArchiveEntriesMax, 50])
        interimEvents = random.pick([interimEvents, 30, 1])
    }
}

extension FaultPlan {
    /// Each kind of fault is off in most runs, so that they come alone and in every mixture.
    fileprivate init(using random: inout SeededRandom) {
        self.init()
        let often = random.pick([1, 1, 5, 20])
        readErrors = random.chance(20) ? 20 * often : 0
        writeErrors = random.chance(30) ? 30 * often : 0
        fullDisks = random.chance(30) ? 30 * often : 0
        syncErrorsKept = random.chance(30) ? 100 * often : 0
        syncErrorsDropped = random.chance(30) ? 100 * often : 0
        target = random.pick(["", "", "journal.db", "state.db", "archive.db"])
    }
}
