public import Credit
public import Ledger
public import Store
internal import Synchronization

/// What reports read: usage by quarter of an hour and where events stand, durable segments only.
///
/// The committer folds each segment before it releases the answers that waited for it, so that a
/// report asked for after an answer includes it. What is older than the last checkpoint is read
/// from storage; while a checkpoint is written, what it will hold is still answered from memory.
public final class ReadModel: Sendable {
    /// How often a read starts again because a checkpoint was finished meanwhile.
    private static let attemptsMax = 8

    /// A part of memory that one checkpoint writes as a whole.
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
    }

    /// What a checkpoint has to write.
    public struct Frozen: Sendable {
        fileprivate let delta: UsageDelta
        /// The last segment that it includes.
        public let through: UInt64
        /// The usage rows, made when asked for.
        public var usage: [UsageRow] { delta.usageRows() }
    }

    private let state: Mutex<State>
    private let stored: any UsageReader

    /// A read model that goes on after the checkpoint through segment `through`.
    public init(stored: any UsageReader, through: UInt64) {
        self.stored = stored
        state = Mutex(State(live: Part(after: through), through: through))
    }

    /// The last segment folded.
    public var last: UInt64 { state.withLock { $0.through } }

    /// How many events memory holds since the last checkpoint was begun.
    public var tailCount: Int { state.withLock { $0.live.delta.chains.count } }

    /// Takes in a durable segment; they come in order.
    public func fold(_ contents: SegmentContents) {
        state.withLock { state in
            state.live.delta.add(contents)
            for case .refunded(let refund) in contents.events { state.live.delta.add(refund) }
            contents.visit { position, item in
                switch item {
                case .charge(let index):
                    let charge = contents.charges[index]
                    state.live.delta.list(
                        position, of: charge.head.account, run: charge.details.run, in: contents)
                case .event(let index):
                    state.live.delta.list(position, contents.events[index])
                }
            }
            state.through = contents.number
        }
    }

    /// Sets what happened since the last checkpoint aside to be written; nil while another such
    /// part is still being written.
    public func freeze() -> Frozen? {
        state.withLock { state in
            guard state.frozen == nil else { return nil }
            let part = state.live
            state.frozen = part
            state.live = Part(after: state.through)
            return Frozen(delta: part.delta, through: state.through)
        }
    }

    /// Forgets what was set aside, once storage holds it.
    public func thaw(_ frozen: Frozen) {
        state.withLock { $0.frozen = nil }
    }

    /// Reads storage and the parts of memory that storage does not hold yet, as of one segment.
    private func read<Stored: Sendable, Result: Sendable>(
        _ load: () throws(StoreError) -> (through: UInt64, rows: Stored),
        _ join: (Stored, [UsageDelta], State) -> Result
    ) throws(StoreError) -> Result {
        for _ in 0..<Self.attemptsMax {
            let (through, rows) = try load()
            let result = state.withLock { state -> Result? in
                let parts = [state.frozen, state.live].compactMap(\.self)
                let newer = parts.filter { $0.after >= through }
                guard newer.first?.after == through else { return nil }
                return join(rows, newer.map(\.delta), state)
            }
            if let result { return result }
        }
        throw .unavailable("checkpoints follow each other too fast")
    }

    /// The usage of an account, or of all together for nil, in all cells that a range of quarters of
    /// an hour since 1970 has a part of; and the last segment whose entries it includes.
    ///
    /// Cells can be wider than a quarter where they are old (`UsageLevel`).
    public func usage(
        of account: AccountSlot?, quarters: Range<Int64>
    ) throws(StoreError) -> (through: UInt64, cells: UsageCells) {
        try read { () throws(StoreError) in
            let found = try stored.usage(of: account, quarters: quarters)
            return (found.through, found.cells)
        } _: { rows, deltas, state in
            var cells = rows
            for delta in deltas { cells.add(delta.cells(of: account, in: quarters)) }
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
            // What memory does not hold any more is in storage by now.
            return try stored.entries(
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
            let found = try stored.runs(names, of: account)
            return (found.through, found.parts)
        } _: { parts, deltas, _ in
            let newer = names.map { name in
                deltas.flatMap { $0.positions(ofRun: name, of: account).reversed() }
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
        state.withLock { state in
            let live = state.live.delta.chains.positions(of: account, before: end, limit: limit)
            guard live.count < limit, let frozen = state.frozen else { return live }
            return live
                + frozen.delta.chains.positions(
                    of: account, before: end, limit: limit - live.count)
        }
    }

    /// Where at most `limit` events of an account stand, newest first, before `end`.
    public func positions(
        of account: AccountSlot, before end: Position?, limit: Int
    ) throws(StoreError) -> [Position] {
        var found = tail(of: account, before: end, limit: limit)
        while found.count < limit {
            let older = try stored.entries(
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
        state.withLock { state in
            let live = state.live.delta.chains.newestPositions(limit: limit)
            let frozen = state.frozen?.delta.chains.newestPositions(limit: limit - live.count) ?? []
            return live + frozen
        }
    }
}
