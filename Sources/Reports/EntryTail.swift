internal import Credit
internal import Ledger
public import Store

/// Where entries stand that the archive does not hold yet: by account, and by run of a scenario.
///
/// Events are numbered in order. Each says how far back the one before it of the same account stands,
/// and the one before it of the same run, so that a list is followed from its newest entry. The
/// archive takes parts of consecutive segments, the oldest first.
public struct EntryTail: Sendable {
    /// Stands for an event that no account's list shows.
    private static let unlisted = UInt32.max

    /// The events of some segments that follow each other.
    struct Part: Sendable {
        /// The last segment before its first.
        let after: UInt64
        /// Its last segment.
        fileprivate(set) var through: UInt64
        /// The number of its first event.
        let start: Int
        /// Where each segment's first event stands, and its number.
        fileprivate var segments: [(first: Position, start: Int)] = []
        /// For each event how far back the one before it of the same account stands; 0 for none.
        fileprivate var steps: [UInt32] = []
        fileprivate var runs = RunLists()

        fileprivate init(after: UInt64, start: Int) {
            self.after = after
            through = after
            self.start = start
        }

        /// Where an event stands, which is looked for from a place among the segments backwards.
        fileprivate func position(of event: Int, from place: inout Int) -> Position {
            var (low, high, step) = (place, place, 1)
            while segments[low].start > event {
                high = low
                low = max(0, low - step)
                step *= 2
            }
            while high - low > 1 {
                let middle = (low + high) / 2
                if segments[middle].start <= event { low = middle } else { high = middle }
            }
            place = low
            let (first, start) = segments[low]
            return Position(
                segment: first.segment, index: UInt32(truncatingIfNeeded: event - start),
                partition: first.partition)
        }
    }

    /// After so many events a part is full, and the next segment begins another.
    private let partEvents: Int
    /// Oldest first; the last one grows.
    private(set) var parts: [Part]
    /// By account the number of its newest event plus one; 0 for none.
    private var newest: [Int] = []
    /// How many events there ever were.
    private var end = 0

    /// An empty one, behind the last segment that the archive holds.
    public init(after: UInt64, partEvents: Int) {
        self.partEvents = partEvents
        parts = [Part(after: after, start: 0)]
    }

    /// One that takes in nothing, until another takes its place.
    public static var elsewhere: Self { Self(after: .max, partEvents: .max) }

    /// The last segment added.
    public var through: UInt64 { parts.last?.through ?? 0 }

    /// How many events the archive does not hold.
    public var count: Int { end - (parts.first?.start ?? end) }

    /// Adds the events of a segment; they come in order.
    mutating func add(_ contents: borrowing SegmentContents) {
        closeIfFull()
        var last = parts.removeLast()
        let texts = contents.bytes.span
        contents.visit { position, item in
            switch item {
            case .charge(let index):
                let charge = contents.charges[index]
                add(
                    position, of: charge.head.account,
                    run: texts.extracting(charge.details.run.indices), to: &last)
            case .event(let index):
                let (account, run) = contents.events[index].listing
                add(position, of: account, run: run.span, to: &last)
            }
        }
        last.through = contents.number
        parts.append(last)
    }

    /// Adds the events of a segment as it is stored.
    public mutating func add(_ view: SegmentView, number: UInt64) throws(SegmentError) {
        closeIfFull()
        var last = parts.removeLast()
        try view.visitListings { position, account, run in
            add(position, of: account, run: run, to: &last)
        }
        last.through = number
        parts.append(last)
    }

    @inline(__always)
    private mutating func add(
        _ position: Position, of account: AccountSlot?, run: Span<UInt8>, to part: inout Part
    ) {
        if position.index == 0 { part.segments.append((position, end)) }
        let event = end
        end += 1
        guard let account else {
            part.steps.append(Self.unlisted)
            return part.runs.addNone()
        }
        let index = Int(account)
        while newest.count <= index { newest.append(0) }
        let step = newest[index] == 0 ? 0 : event - newest[index] + 1
        // What stands further back than any list goes is in the archive by now.
        part.steps.append(UInt32(exactly: step).flatMap { $0 == Self.unlisted ? nil : $0 } ?? 0)
        newest[index] = event + 1
        part.runs.add(event - part.start, of: account, run)
    }

    private mutating func closeIfFull() {
        guard let last = parts.last, end - last.start >= partEvents else { return }
        close()
    }

    /// Has the next segment begin another part, so that all there is can be archived.
    mutating func close() {
        guard let last = parts.last, end > last.start else { return }
        parts[parts.count - 1].runs.forgetHints()
        parts.append(Part(after: last.through, start: end))
    }

    /// The last segment of the oldest part that grows no more; nil when there is none.
    public var oldestClosed: UInt64? {
        guard let first = parts.first else { return nil }
        // A full part may be the last, when no segment has begun the next one yet.
        return parts.count > 1 || end - first.start >= partEvents ? first.through : nil
    }

    /// Parts that nobody needs any more, to be given back when nobody waits for a lock.
    public struct Forgotten: Sendable {
        fileprivate let parts: [Part]
    }

    /// Forgets the parts that the archive holds by now.
    @discardableResult
    public mutating func forget(through: UInt64) -> Forgotten {
        closeIfFull()
        let isOld = { (part: Part) in part.through <= through && part.through > part.after }
        defer { parts.removeAll(where: isOld) }
        return Forgotten(parts: parts.filter(isOld))
    }
}

extension EntryTail {
    /// Where at most `limit` events of an account before `end` stand, newest first.
    func positions(of account: AccountSlot, before end: Position?, limit: Int) -> [Position] {
        guard Int(account) < newest.count else { return [] }
        var found: [Position] = []
        var event = newest[Int(account)] - 1
        for part in parts.reversed() {
            var place = part.segments.count - 1
            while event >= part.start {
                guard found.count < limit else { return found }
                let position = part.position(of: event, from: &place)
                if end.map({ position < $0 }) ?? true { found.append(position) }
                let step = Int(part.steps[event - part.start])
                guard step > 0 else { return found }
                event -= step
            }
        }
        return found
    }

    /// Where the events of a run stand behind segment `after`, newest first.
    func positions(ofRun run: [UInt8], of account: AccountSlot, after: UInt64) -> [Position] {
        var found: [Position] = []
        for part in parts.reversed() where part.after >= after {
            var place = part.segments.count - 1
            part.runs.visit(run, of: account) { event in
                found.append(part.position(of: part.start + event, from: &place))
            }
        }
        return found
    }

    /// Where the newest events of all accounts stand, newest first.
    func newestPositions(limit: Int) -> [Position] {
        var found: [Position] = []
        for part in parts.reversed() {
            var place = part.segments.count - 1
            for index in part.steps.indices.reversed() where part.steps[index] != Self.unlisted {
                guard found.count < limit else { return found }
                found.append(part.position(of: part.start + index, from: &place))
            }
        }
        return found
    }

    /// True when a part begins right behind a segment, or nothing was added after it.
    func begins(after segment: UInt64) -> Bool {
        segment == through || parts.contains { $0.after == segment }
    }
}
