internal import Credit
internal import Ledger
internal import Reports
internal import Store

/// Finds where the entries of one account stand, by time.
struct EntryFinder: Sendable {
    /// How many positions are asked for at once.
    static let stepCount = 512
    /// How many refusals in a row a probe looks behind.
    private static let probeCount = 64

    let readModel: ReadModel
    let segments: SegmentCache
    let account: AccountSlot

    /// A place before which all entries earlier than `time` stand, and few later ones.
    ///
    /// Entries are in the order of time along positions, so that halving the segments finds it.
    func end(before time: Instant) throws(StoreError) -> Position? {
        guard let newest = try readModel.positions(of: account, before: nil, limit: 1).first else {
            return nil
        }
        guard try !isBefore(time, segment: newest.segment + 1) else { return nil }
        var low: UInt64 = 1
        var high = newest.segment + 1
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if try isBefore(time, segment: middle) { low = middle } else { high = middle }
        }
        return Position(segment: low + 1, index: 0)
    }

    /// True when the newest entry before a segment is earlier than `time`, or there is none.
    private func isBefore(_ time: Instant, segment: UInt64) throws(StoreError) -> Bool {
        let probes = try readModel.positions(
            of: account, before: Position(segment: segment, index: 0), limit: Self.probeCount)
        var last: Instant?
        for position in probes {
            guard let stored = try segments.event(at: position) else { continue }
            last = stored.time
            // A refusal is stamped with its own time, even when imports give entries earlier ones.
            if !stored.isRefusal { break }
        }
        return last.map { $0 < time } ?? true
    }

    /// Calls `body` with the events before `end`, newest first, until it returns false.
    ///
    /// Gives the last position looked at when `limit` ended it, nil when the account's end did.
    @discardableResult
    func visit(
        before end: Position?, limit: Int, _ body: (StoredEvent) -> Bool
    ) throws(StoreError) -> Position? {
        var place = end
        var left = limit
        while left > 0 {
            let positions = try readModel.positions(
                of: account, before: place, limit: min(left, Self.stepCount))
            for position in positions {
                place = position
                guard let stored = try segments.event(at: position) else { continue }
                guard body(stored) else { return position }
            }
            left -= positions.count
            if positions.isEmpty { return nil }
        }
        return place
    }
}
