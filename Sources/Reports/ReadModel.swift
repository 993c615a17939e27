public import Credit
public import Ledger
public import Store
internal import Synchronization

/// What reports read: usage by quarter of an hour and where events stand, durable segments only.
///
/// The committer folds each segment before it releases the answers that waited for it, so that a
/// report asked for after an answer includes it. What is older than the last checkpoint is read
/// from storage; while a checkpoint is written, what it will hold is still answered from memory. The
/// archive of entries follows at its own pace, part by part (``EntryTail``).
public final class ReadModel: Sendable {
    /// How often a read starts again because a checkpoint was finished meanwhile.
    private static let attemptsMax = 8

    /// A part of usage that one checkpoint writes as a whole.
    fileprivate struct Part: Sendable {
        var delta = UsageDelta()
        /// It holds what came after this segment.
        let after: UInt64
    }

    fileprivate struct State: Sendable {
        var live: Part
        /// What the checkpoint being written holds.
        var frozen: Part?
        /// The last segment folded.
        var through: UInt64
        /// Where entries stand that are not archived yet.
        var tail: EntryTail
    }

    /// What a checkpoint has to write.
    public struct Frozen: Sendable {
        fileprivate let delta: UsageDelta
        /// The last segment that it includes.
        public let through: UInt64
        /// The usage, put in order when asked for.
        public var usage: any UsageListing { delta.listing }
    }

    private let state: Mutex<State>
    private let stored: any UsageReader
    private let archive: any EntryReader
    private let unwritten = Atomic<Int>(0)
    private let unarchived: Atomic<Int>

    /// A read model that goes on after the checkpoint through segment `through`, and with the entries
    /// behind `tail`.
    public init(
        stored: any UsageReader, through: UInt64, archive: any EntryReader, tail: EntryTail
    ) {
        self.stored = stored
        self.archive = archive
        unarchived = Atomic(tail.count)
        state = Mutex(State(live: Part(after: through), through: through, tail: tail))
    }

    /// Takes a tail that was made beside it, of the segments that were folded.
    public func adopt(_ tail: EntryTail) {
        state.withLock { state in
            state.tail = tail
            unarchived.store(tail.count, ordering: .relaxed)
        }
    }

    /// The last segment folded.
    public var last: UInt64 { state.withLock { $0.through } }

    /// How many events came since the last checkpoint was begun.
    public var unwrittenCount: Int { unwritten.load(ordering: .relaxed) }

    /// How many events the archive does not hold yet.
    public var unarchivedCount: Int { unarchived.load(ordering: .relaxed) }

    /// Takes in a durable segment; they come in order.
    ///
    /// True when there is something to archive.
    @discardableResult
    public func fold(_ contents: SegmentContents) -> Bool {
        state.withLock { state in
            state.live.delta.add(contents)
            // A start has listed the entries that it folds.
            if contents.number > state.tail.through { state.tail.add(contents) }
            state.through = contents.number
            unwritten.store(state.live.delta.eventCount, ordering: .relaxed)
            unarchived.store(state.tail.count, ordering: .relaxed)
            return state.tail.oldestClosed != nil
        }
    }

    /// True while a checkpoint is being written.
    public var isFrozen: Bool { state.withLock { $0.frozen != nil } }

    /// Sets what happened since the last checkpoint aside to be written; nil while another such
    /// part is still being written.
    public func freeze() -> Frozen? {
        state.withLock { state in
            guard state.frozen == nil else { return nil }
            let part = state.live
            state.frozen = part
            state.live = Part(after: state.through)
            unwritten.store(0, ordering: .relaxed)
            return Frozen(delta: part.delta, through: state.through)
        }
    }

    /// Forgets what was set aside, once storage holds it.
    public func thaw(_ frozen: Frozen) {
        state.withLock { $0.frozen = nil }
    }

    /// The last segment of those that are to be archived next; nil when that can wait.
    ///
    /// With `all` it is the last segment folded, if it is not archived.
    public func nextToArchive(all: Bool = false) -> UInt64? {
        state.withLock { state in
            if all { state.tail.close() }
            return state.tail.oldestClosed
        }
    }

    /// Forgets where entries stand, once the archive holds them through a segment.
    public func forgetArchived(through: UInt64) {
        let forgotten = state.withLock { state in
            let forgotten = state.tail.forget(through: through)
            unarchived.store(state.tail.count, ordering: .relaxed)
            return forgotten
        }
        _ = consume forgotten
    }

    /// Asks storage and joins what memory holds beyond it; again when that was stored meanwhile.
    private func read<Stored: Sendable, Result: Sendable>(
        _ load: () throws(StoreError) -> (through: UInt64, rows: Stored),
        _ join: (Stored, UInt64, State) -> Result?
    ) throws(StoreError) -> Result {
        for _ in 0..<Self.attemptsMax {
            let (through, rows) = try load()
            if let result = state.withLock({ join(rows, through, $0) }) { return result }
        }
        throw .unavailable("checkpoints follow each other too fast")
    }

    /// The usage of an account, or of all together for nil, in all cells that a range of quarters of
    /// an hour since 1970 has a part of; and the last segment whose entries it includes.
    ///
    /// Cells can be wider than a quarter where they are old (`UsageAging`).
    public func usage(
        of account: AccountSlot?, quarters: Range<Int64>
    ) throws(StoreError) -> (through: UInt64, cells: UsageCells) {
        try read { () throws(StoreError) in
            let found = try stored.usage(of: account, quarters: quarters)
            return (found.through, found.cells)
        } _: { rows, through, state in
            let newer = [state.frozen, state.live].compactMap(\.self)
                .filter { $0.after >= through }
            guard newer.first?.after == through else { return nil }
            var cells = rows
            for part in newer { cells.add(part.delta.cells(of: account, in: quarters)) }
            return (state.through, cells)
        }
    }

    /// The newest entries of an account that stand before `end`, as many as lie together, in their
    /// order; none when there are no more.
    ///
    /// Those that storage does not hold yet are read from the journal, at most `limit` of them.
    func entries(
        of account: AccountSlot, before end: Position?, limit: Int, parameters: Bool,
        from segments: SegmentCache
    ) throws(StoreError) -> EntrySummaries {
        let newest = tail(of: account, before: end, limit: limit)
        guard !newest.isEmpty else {
            // What memory does not hold any more is in the archive by now.
            return try archive.entries(
                of: account, before: end, limit: limit, parameters: parameters
            ).entries
        }
        var summaries = EntrySummaries()
        for position in newest.reversed() {
            try segments.summarize(position, parameters: parameters, to: &summaries)
        }
        return summaries
    }

    /// What is known of some runs of an account: for each its parts, oldest first.
    func runs(
        _ names: [[UInt8]], of account: AccountSlot, from segments: SegmentCache
    ) throws(StoreError) -> [[RunSummary]] {
        var (parts, newer) = try read { () throws(StoreError) in
            let found = try archive.runs(names, of: account)
            return (found.through, found.parts)
        } _: { parts, through, state -> ([[RunSummary]], [[Position]])? in
            guard state.tail.begins(after: through) else { return nil }
            let newer = names.map { name in
                Array(
                    state.tail.positions(ofRun: name, of: account, after: through).reversed())
            }
            return (parts, newer)
        }
        for (place, positions) in newer.enumerated() {
            var summaries = EntrySummaries()
            for position in positions {
                try segments.summarize(position, parameters: false, to: &summaries)
            }
            var part: RunSummary?
            for entry in summaries.entries {
                if part == nil {
                    part = RunSummary(entry, of: summaries.bytes)
                } else {
                    part?.add(entry, of: summaries.bytes)
                }
            }
            if let part { parts[place].append(part) }
        }
        return parts
    }

    /// Where the entries of an account stand that memory holds, newest first, before `end`.
    private func tail(
        of account: AccountSlot, before end: Position?, limit: Int
    ) -> [Position] {
        state.withLock { $0.tail.positions(of: account, before: end, limit: limit) }
    }

    /// Where at most `limit` events of an account stand, newest first, before `end`.
    public func positions(
        of account: AccountSlot, before end: Position?, limit: Int
    ) throws(StoreError) -> [Position] {
        var found = tail(of: account, before: end, limit: limit)
        while found.count < limit {
            let older = try archive.entries(
                of: account, before: found.last ?? end, limit: limit - found.count,
                parameters: false
            ).entries.entries
            guard !older.isEmpty else { break }
            found += older.reversed().map(\.position)
        }
        return found
    }

    /// Where the newest events of all accounts stand that memory knows of, newest first.
    public func newestPositions(limit: Int) -> [Position] {
        state.withLock { $0.tail.newestPositions(limit: limit) }
    }
}
