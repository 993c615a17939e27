internal import Engine
internal import Ledger
internal import SimulatedDisk
internal import Store
internal import TestKit

extension Run {
    /// How often a start may fail before the disk is left in peace.
    private static let startsMax = 12

    /// Ends the process if a fault has: a crash, or a commit that failed (fail-stop).
    func endIfDead() throws(Failure) {
        guard disk.isDown || server?.hasFailed == true else { return }
        try end(random.chance(character.powerPercent) ? .powerLost : .killed)
    }

    /// Ends the process without warning and starts the next one.
    func end(_ ending: SimulatedDisk.Ending) throws(Failure) {
        die(ending)
        try start()
    }

    private func die(_ ending: SimulatedDisk.Ending) {
        for expected in decided { hearNothing(of: expected) }
        decided = []
        disk.die()
        server = nil
        disk.restart(after: ending)
        switch ending {
        case .killed: tally.kills += 1
        case .powerLost: tally.powerCuts += 1
        }
        log.add("\(ending)")
        if random.chance(50) { clock.pass(micros: random.number(in: 0...10_000_000)) }
    }

    /// Finishes what was decided, as a process does that is asked to end.
    func endCleanly() throws(Failure) {
        while !decided.isEmpty {
            try commit()
            guard !disk.isDown, server?.hasFailed == false else { return }
        }
        disk.plan = .none
        disk.crash(afterOperations: nil)
        server = nil
        disk.restart(after: random.chance(50) ? .powerLost : .killed)
        tally.cleanEnds += 1
        log.add("ended")
        try start()
    }

    /// Starts processes until one has recovered, and compares what it found with the promises.
    func start() throws(Failure) {
        for attempt in 1... {
            let isLast = attempt > Self.startsMax
            disk.plan = isLast ? .none : character.faults
            if !isLast, random.chance(character.recoveryCrashPercent) {
                disk.crash(afterOperations: random.skewed(below: 60))
            }
            do throws(StoreError) {
                server = try Server(
                    in: folder, seed: random.next(), tuning: character.tuning)
                disk.crash(afterOperations: nil)
                break
            } catch {
                try judge(error, isLast: isLast)
            }
        }
        tally.recoveries += 1
        disk.plan = .none
        try checkRecovered()
        disk.plan = character.faults
    }

    /// A start may fail for as long as the disk does, but never because of what is stored.
    private func judge(_ error: StoreError, isLast: Bool) throws(Failure) {
        tally.recoveriesFailed += 1
        log.add("start failed")
        guard !isLast else { throw Failure("cannot start on a disk without faults: \(error)") }
        if case .corrupt(let what) = error { throw Failure("called corrupt: \(what)") }
        die(random.chance(character.powerPercent) ? .powerLost : .killed)
    }

    /// The faults stop: whatever nobody was told of must now be answered.
    func settle() throws(Failure) {
        try endIfDead()
        disk.plan = .none
        disk.crash(afterOperations: nil)
        while !decided.isEmpty { try commit() }
        try endIfDead()
        disk.plan = .none
        try settleMoves()
        try end(.powerLost)
        guard book.unsettled.isEmpty else {
            throw Failure("\(book.unsettled.count) requests were never answered")
        }
        disk.plan = .none
        try outlastHolds()
        try checkKeys()
        try damageFiles()
    }

    /// X4: once no fault is left, no hold stays open past its time.
    private func outlastHolds() throws(Failure) {
        clock.catchUp()
        clock.pass(micros: 86_401_000_000)
        for _ in 0..<20 {
            guard let server, model.hasOpenHolds else { break }
            let asked = model.names.map { Operation.look($0) }
            guard let batch = try submit(asked, to: server, at: clock.now) else {
                throw Failure("keys cannot be looked up on a disk without faults")
            }
            try endSegment(of: server, [batch], at: clock.now)
            try commit()
        }
        guard let server else { return }
        for slot in 0..<server.engine.ledger.accountCount {
            let holds = server.engine.ledger.holds(of: AccountSlot(slot))
            guard holds.isEmpty else { throw Failure("holds stay open: \(holds)") }
        }
    }
}
