internal import Credit
internal import Ledger

/// Where the events of each account stand: chains through the events of consecutive segments, four
/// bytes an event.
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

    /// The accounts that have events here.
    var accounts: [AccountSlot] {
        last.indices.lazy.filter { last[$0] != Self.end }
            .map { AccountSlot(truncatingIfNeeded: $0) }
    }

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
        while next != Self.end, found.count < limit {
            let position = position(at: Int(next))
            if end.map({ position < $0 }) ?? true { found.append(position) }
            next = previous[Int(next)]
        }
        return found
    }

    /// Where the newest events of all accounts stand, newest first.
    func newestPositions(limit: Int) -> [Position] {
        previous.indices.reversed().lazy.filter { previous[$0] != Self.unlisted }
            .prefix(max(0, limit)).map { position(at: $0) }
    }

    private func position(at place: Int) -> Position {
        var low = 0
        var high = segments.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if segments[middle].place <= place { low = middle } else { high = middle }
        }
        let (first, start) = segments[low]
        return Position(
            segment: first.segment, index: UInt32(truncatingIfNeeded: place - start),
            partition: first.partition)
    }
}
