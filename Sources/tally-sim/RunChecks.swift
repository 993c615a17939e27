internal import Credit
internal import Engine
internal import Ledger
internal import Reports
internal import SQLiteStore
internal import Store
internal import TestKit

extension Run {
    func expectEqual(
        _ what: String, _ found: [ModelEvent], _ expected: [ModelEvent]
    ) throws(Failure) {
        guard found != expected else { return }
        for (left, right) in zip(found, expected) where left != right {
            throw Failure("\(what): \(left)\n    expected: \(right)")
        }
        throw Failure("\(what): \(found.count), expected \(expected.count)")
    }

    func contents(
        of segment: EncodedSegment, after previous: [UInt8]?
    ) throws(Failure) -> SegmentContents {
        do throws(SegmentError) {
            return try segment.contents(after: previous)
        } catch {
            throw Failure("segment \(segment.number) cannot be read back: \(error)")
        }
    }

    /// Everything that a start has found: the journal, the promises, the ledger, the reports.
    func checkRecovered() throws(Failure) {
        guard let server else { return }
        let journal = try readJournal(of: server)
        guard server.recovered.number == journal.last.number,
            server.recovered.hash == journal.last.hash
        else { throw Failure("recovered to \(server.recovered), journal ends at \(journal.last)") }
        try settleAttempt(journal.last.number)
        try expectEqual("journal", journal.events, committedEvents)
        try book.check(journal.events)
        try checkSequences(journal.events)
        model = committedModel
        try checkLedger(server.engine.ledger, journal)
        clock.start(notBefore: server.recovered.time)
        try checkReports()
        log.add("recovered \(journal.last.number)")
    }

    /// A commit that was begun and failed may have happened or not, and no other.
    private func settleAttempt(_ last: UInt64) throws(Failure) {
        if let attempted, attempted.number == last {
            committed = last
            committedModel = attempted.model
            committedEvents += attempted.events
            learn(attempted.events)
        }
        attempted = nil
        guard committed == last else {
            throw Failure("segment \(committed) was committed, but the journal ends at \(last)")
        }
    }

    /// Every segment of the journal, its chain checked.
    private func readJournal(of server: Server) throws(Failure) -> Journal {
        var journal = Journal()
        do throws(StoreError) {
            let last = try server.reader.lastNumber()
            while journal.last.number < last {
                let number = journal.last.number + 1
                guard let segment = try server.reader.segment(number) else {
                    throw StoreError.corrupt("segment \(number) is missing")
                }
                journal.segments.append(segment)
                journal.last = JournalMark(number: number, hash: segment.hash, time: .epoch)
            }
        } catch {
            throw Failure("the journal cannot be read: \(error)")
        }
        var previous = SegmentFormat.firstHash
        for segment in journal.segments {
            let contents = try contents(of: segment, after: previous)
            journal.folded.apply(contents)
            journal.events += contents.modelEvents(names: &journal.names)
            previous = segment.hash
        }
        return journal
    }

    /// S1: an account's entries count from 1 without gap, and its time never goes back.
    private func checkSequences(_ events: [ModelEvent]) throws(Failure) {
        var last: [String: ModelEvent] = [:]
        for event in events where event.sequence > 0 {
            let before = last.updateValue(event, forKey: event.account)
            guard event.sequence == (before?.sequence ?? 0) + 1 else {
                throw Failure("entry \(event) follows number \(before?.sequence ?? 0)")
            }
            guard event.time >= before?.time ?? .min else {
                throw Failure("entry \(event) is older than the one before it")
            }
        }
    }
}

/// A journal read back as a whole.
struct Journal {
    var segments: [EncodedSegment] = []
    var last = JournalMark.start
    var events: [ModelEvent] = []
    var names: [String] = []
    /// What folding it from nothing gives.
    var folded = Ledger(seed: 0)
}

extension Run {
    /// The recovered ledger against the model and against the whole journal folded from nothing.
    private func checkLedger(_ ledger: Ledger, _ journal: Journal) throws(Failure) {
        guard ledger.accountCount == model.names.count else {
            throw Failure("\(ledger.accountCount) accounts, expected \(model.names.count)")
        }
        for (slot, name) in model.names.enumerated() {
            let slot = AccountSlot(slot)
            let (view, expected) = (ModelView(ledger, account: name), model.view(of: name))
            guard view == expected else {
                throw Failure("account \(view as Any)\n    expected: \(expected as Any)")
            }
            if let difference = ledger.audit(account: slot).first {
                throw Failure("audit of \(name): \(difference)")
            }
            let (image, folded) = (ledger.image, journal.folded.image)
            guard image.account(slot, changedAfter: 0) == folded.account(slot, changedAfter: 0)
            else { throw Failure("account \(name) differs from the journal folded from nothing") }
            try checkConservation(name, journal.events)
        }
        guard ledger.catalogue.apiKeys == journal.folded.catalogue.apiKeys else {
            throw Failure("the API keys differ from the journal folded from nothing")
        }
        let keys = journal.events.count { !$0.key.isEmpty }
        let disk = (through: server?.keys.through ?? 0, count: server?.keys.count ?? 0)
        let known = ledger.keyWindow.count(after: disk.through) + disk.count
        guard known == keys else { throw Failure("\(known) keys known, \(keys) recorded") }
    }

    /// C1 to C3: what lots have spent is what was charged and taken, less what is owed.
    private func checkConservation(_ name: String, _ events: [ModelEvent]) throws(Failure) {
        guard let view = model.view(of: name) else { return }
        var taken: Int128 = 0
        for event in events where event.account == name {
            switch event.kind {
            case .charged, .captured: taken += Int128(event.amount - event.uncollected)
            case .refunded: taken -= Int128(event.amount - event.forgiven - event.regranted)
            case .adjusted: taken += Int128(event.amount)
            case .accountCreated, .accountChanged, .accountSuspended, .accountResumed,
                .keyCreated, .granted, .activated, .expired, .voided, .held, .released,
                .refusedFunds, .refusedSuspended, .refusedHold, .refusedRefund, .refusedBudget,
                .budgetPut, .budgetDeleted, .budgetRestarted, .planPut, .periodStarted,
                .planPending, .scenarioPut, .runStarted, .runFinished:
                break
            }
        }
        let spent = view.lots.reduce(view.ended.spent) { $0 + Int128($1.spent) }
        guard spent + Int128(view.debt) == taken else {
            throw Failure("\(name): lots spent \(spent), debt \(view.debt), taken \(taken)")
        }
    }
}
