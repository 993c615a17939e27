internal import Credit
internal import Ledger
internal import Store

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
    /// The accounts in the order of their first events.
    private var accounts: [AccountSlot] = []
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
        if last[index] == Self.end { accounts.append(account) }
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

extension EventChains {
    /// The positions by account, for a checkpoint.
    func rows() -> EventRows {
        var owners = [UInt32](repeating: 0, count: previous.count)
        var counts = [Int](repeating: 0, count: accounts.count + 1)
        var known: UInt32 = 0
        for (place, link) in previous.enumerated() where link != Self.unlisted {
            // The first event of an account has none before it; accounts are listed in that order.
            let owner = link == Self.end ? known : owners[Int(link)]
            if link == Self.end { known += 1 }
            owners[place] = owner
            counts[Int(owner) + 1] += 1
        }
        for index in 1..<counts.count { counts[index] += counts[index - 1] }
        var ends = counts
        var places = [UInt32](repeating: 0, count: count)
        for (place, link) in previous.enumerated() where link != Self.unlisted {
            let owner = Int(owners[place])
            places[ends[owner]] = UInt32(truncatingIfNeeded: place)
            ends[owner] += 1
        }
        return EventRows(chains: self, accounts: accounts, places: places, starts: counts)
    }

    /// Positions of some events, given by their places in rising order.
    fileprivate func positions(_ places: ArraySlice<UInt32>) -> [Position] {
        var found: [Position] = []
        found.reserveCapacity(places.count)
        var segment = segments.count - 1
        for place in places.reversed() {
            segment = segmentOf(place: Int(place), from: segment)
            found.append(position(at: Int(place), in: segment))
        }
        return found.reversed()
    }
}

/// The rows of ``EventChains`` for a checkpoint, each made when it is asked for.
struct EventRows: Sequence, IteratorProtocol, Sendable {
    fileprivate let chains: EventChains
    fileprivate let accounts: [AccountSlot]
    /// The places of all events, account by account.
    fileprivate let places: [UInt32]
    /// Where those of each account begin, and where all end.
    fileprivate let starts: [Int]
    private var index = 0

    fileprivate init(
        chains: EventChains, accounts: [AccountSlot], places: [UInt32], starts: [Int]
    ) {
        self.chains = chains
        self.accounts = accounts
        self.places = places
        self.starts = starts
    }

    mutating func next() -> EventRow? {
        guard index < accounts.count else { return nil }
        defer { index += 1 }
        return EventRow(
            account: accounts[index],
            positions: chains.positions(places[starts[index]..<starts[index + 1]]))
    }
}
