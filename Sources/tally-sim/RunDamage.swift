internal import Credit
internal import Engine
internal import Ledger
internal import SQLiteStore
internal import SimulatedDisk
internal import Store
internal import TestKit

/// Files that are not what was written: each damage is noticed, or changes no answer.
extension Run {
    private static let damagesMax = 4

    /// Every key of the journal stands where its event does, in memory or on disk.
    func checkKeys() throws(Failure) {
        guard let server else { return }
        do throws(StoreError) {
            if let difference = try keyDifference(of: server) {
                throw StoreError.corrupt(difference)
            }
            try scrub()
        } catch {
            throw Failure("keys: \(error)")
        }
    }

    private func keyDifference(of server: Server) throws(StoreError) -> String? {
        var batch = CommandBatch(origin: 0)
        let keyed = committedEvents.filter { !$0.key.isEmpty }
        for event in keyed {
            var command = ChargeCommand()
            command.account = batch.bytes.appending(event.account.utf8.span)
            command.idempotence.key = batch.bytes.appending(event.key.utf8.span)
            batch.append(command, tag: 0)
        }
        try server.lookUpKeys(of: &batch)
        for (item, event) in keyed.enumerated() {
            guard let name = try? Name(event.account),
                let slot = server.engine.ledger.slot(of: name)
            else { return "account \(event.account) is missing" }
            let hash = server.engine.ledger.keyHash(of: event.key.utf8.span, on: slot)
            let known =
                batch.keys.found[item] ?? server.engine.ledger.keyWindow.position(of: hash)
            guard known == Position(event.spot) else {
                return "\(event.key) of \(event.account) is at \(known as Any), not \(event.spot)"
            }
        }
        return nil
    }

    /// Damages a file of the process that has ended, starts again, and looks at everything.
    func damageFiles() throws(Failure) {
        for _ in 0..<random.below(Self.damagesMax + 1) {
            server = nil
            disk.die()
            disk.restart(after: .powerLost)
            let name = random.pick([
                "journal.db", "state.db", "archive.db", "journal.db-wal", "state.db-wal",
                "archive.db-wal",
            ])
            let kept = disk.copies
            guard disk.damage("\(folder.path)/\(name)") else { continue }
            try look(after: name)
            disk.restore(kept)
        }
    }

    private func look(after damaged: String) throws(Failure) {
        let started: Server
        do throws(StoreError) {
            let isDerived = !damaged.hasPrefix("journal")
            started = try startAgain(attempts: isDerived ? 2 : 1)
        } catch {
            guard damaged.hasPrefix("journal") else {
                throw Failure("\(damaged) was damaged and not made anew: \(error)")
            }
            tally.damagesNoticed += 1
            return
        }
        var difference: String?
        do throws(StoreError) {
            difference = try self.difference(of: started)
            tally.damagesHarmless += 1
        } catch {
            tally.damagesNoticed += 1
        }
        if let difference { throw .damaged(damaged, difference) }
    }

    /// A start may find damage and have the next one make the file anew.
    private func startAgain(attempts: Int) throws(StoreError) -> Server {
        for _ in 1..<attempts {
            let started = try? Server(
                in: folder, seed: random.next(), tuning: character.tuning)
            if let started { return started }
        }
        return try Server(in: folder, seed: random.next(), tuning: character.tuning)
    }

    /// How what is served differs from what was committed, if it does; throws when damage is noticed.
    private func difference(of started: Server) throws(StoreError) -> String? {
        try checkChain(of: started)
        try scrub()
        for (slot, name) in committedModel.names.enumerated() {
            let view = ModelView(started.engine.ledger, account: name)
            guard view == committedModel.view(of: name) else {
                return "account \(name): \(view as Any)"
            }
            let events = committedEvents.filter { $0.account == name && $0.isListed }
            let difference = try difference(of: started.readModel, AccountSlot(slot), events)
            if let difference { return difference }
        }
        return try keyDifference(of: started)
    }

    private func scrub() throws(StoreError) {
        if var scrub = try StateScrub(folder: folder.path, vfs: folder.vfs) {
            while try !scrub.step() {}
        }
        var archive = try ArchiveScrub(folder: folder.path, vfs: folder.vfs)
        while try !archive.step() {}
    }

    /// Every segment in order, up to the last one that anybody was told of.
    private func checkChain(of started: Server) throws(StoreError) {
        var previous = SegmentFormat.firstHash
        var number: UInt64 = 0
        let last = try started.reader.lastNumber()
        while number < last {
            number += 1
            guard let segment = try started.reader.segment(number) else {
                throw .corrupt("segment \(number) is missing")
            }
            do throws(SegmentError) {
                _ = try segment.contents(after: previous)
            } catch {
                throw .corrupt("segment \(number): \(error)")
            }
            previous = segment.hash
        }
        // As `tally verify --head` does.
        guard last == committed else { throw .corrupt("the journal ends at \(last)") }
    }
}
