internal import Credit
internal import Ledger
internal import Reports
internal import Store
internal import TestKit

extension Run {
    /// What reports read against the events that are durable.
    func checkReports() throws(Failure) {
        guard let server, !committedModel.names.isEmpty else { return }
        let slot = random.below(committedModel.names.count)
        let name = committedModel.names[slot]
        do throws(StoreError) {
            let difference = try difference(
                of: server.readModel, AccountSlot(slot),
                committedEvents.filter { $0.account == name && $0.isListed })
            if let difference { throw StoreError.corrupt(difference) }
        } catch {
            if case .corrupt(let what) = error { throw Failure("reports: \(what)") }
            log.add("reports failed")
        }
    }

    /// How what is read of an account differs from its events, if it does.
    func difference(
        of reports: ReadModel, _ slot: AccountSlot, _ events: [ModelEvent]
    ) throws(StoreError) -> String? {
        let limit = random.pick([1, 3, 10, 1000])
        let end = random.chance(50) ? nil : events.last.map { Position($0.spot) }
        let found = try reports.positions(of: slot, before: end, limit: limit)
        let expected = events.map { Position($0.spot) }
            .filter { position in end.map { position < $0 } ?? true }
            .reversed().prefix(limit)
        guard found == Array(expected) else {
            return "events of \(slot): \(found), expected \(expected)"
        }
        let cells = try reports.usage(of: slot, quarters: .min..<Int64.max).cells.cells
        let credits = events.reduce(Int128(0)) { $0 + $1.used }
        guard cells.reduce(0, { $0 + $1.sums.credits }) == credits,
            cells.reduce(0, { $0 + $1.sums.calls }) == Int64(events.count(where: \.isCall))
        else { return "usage of \(slot): \(cells), expected \(credits)" }
        return nil
    }

    /// Sends every request again whose outcome nobody knows, until all are answered.
    func settleMoves() throws(Failure) {
        for _ in 0..<100 where !book.unsettled.isEmpty {
            try decideUnsettled()
            try commit()
        }
    }
}
