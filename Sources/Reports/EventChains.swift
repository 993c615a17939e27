internal import Credit
internal import Ledger
internal import Store

/// Where the events of each account, or of each run, stand: chains through the events of consecutive
/// segments, four bytes an event.
struct EventChains: Sendable {
    /// Ends a chain.
    private static let end = UInt32.max
    /// Stands for an event that no account's list shows.
    private static let unlisted = UInt32.max - 1

    /// The first event of each segment, and its place among all of them.
    private var segments: [(first: Position, place: Int)] = []
    /// For each event the place of the one before it of the same account.
    private var previous: [UInt32] = []
    private var last: [UInt32] = []
    /// How many events are listed.
    private(set) var count = 0

    /// Adds the event at `position` to the list of an account, or to none.
    ///
    /// Every event of a segment must be added, in order.
    mutating func add(_ position: Position, to account: AccountSlot?) {
        if position.index == 0 { segments.append((position, previous.count)) }
        let place = UInt32(truncatingIfNeeded: previous.count)
        guard let account else { return previous.append(Self.unlisted) }
        let index = Int(account)
        while last.count <= index { last.append(Self.end) }
        previous.append(last[index])
        last[index] = place
        count += 1
    }

    /// Where the events of an account before `end` stand, newest first.
    func positions(
        of account: AccountSlot, before end: Position? = nil, limit: Int = .max
    ) -> [Position] {
        guard Int(account) < last.count else { return [] }
        var found: [Position] = []
        var next = last[Int(account)]
        var segment = segments.count - 1
        while next != Self.end, found.count < limit {
            segment = segmentOf(place: Int(next), from: segment)
            let position = position(at: Int(next), in: segment)
            if end.map({ position < $0 }) ?? true { found.append(position) }
            next = previous[Int(next)]
        }
        return found
    }

    /// Where the newest events of all accounts stand, newest first.
    func newestPositions(limit: Int) -> [Position] {
        var found: [Position] = []
        var segment = segments.count - 1
        for place in previous.indices.reversed() where previous[place] != Self.unlisted {
            guard found.count < limit else { break }
            segment = segmentOf(place: place, from: segment)
            found.append(position(at: place, in: segment))
        }
        return found
    }

    /// Which segment holds an event, from `latest` backwards: near ones are found soonest.
    private func segmentOf(place: Int, from latest: Int) -> Int {
        var (low, high, step) = (latest, latest, 1)
        while segments[low].place > place {
            high = low
            low = max(0, low - step)
            step *= 2
        }
        while high - low > 1 {
            let middle = (low + high) / 2
            if segments[middle].place <= place { low = middle } else { high = middle }
        }
        return low
    }

    private func position(at place: Int, in segment: Int) -> Position {
        let (first, start) = segments[segment]
        return Position(
            segment: first.segment, index: UInt32(truncatingIfNeeded: place - start),
            partition: first.partition)
    }
}
