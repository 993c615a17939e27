public import Credit
internal import Ledger
public import Store
internal import Synchronization

/// One event read back: contents that hold it and no other, and its place in them.
public struct StoredEvent: Sendable {
    public let position: Position
    public let contents: SegmentContents
    public let item: SegmentContents.Item
}

/// How a segment is chained to the one before.
public struct SegmentSeal: Hashable, Sendable {
    /// SHA-256 of its money part.
    public let hash: [UInt8]
    /// The hash of the segment before; zeros for the first.
    public let previousHash: [UInt8]
}

/// Reads events of durable segments; keeps the segments used last.
public final class SegmentCache: Sendable {
    /// How many segments it keeps.
    public static let segmentsMax = 1024
    /// How much memory they may take, in bytes; the newest is kept whatever its size.
    public static let bytesMax = 64 << 20

    fileprivate struct Kept: Sendable {
        let view: SegmentView
        var usedAt: UInt64
    }

    fileprivate struct State: Sendable {
        var kept: [UInt64: Kept] = [:]
        var bytes = 0
        var uses: UInt64 = 0
        /// How often segments were forgotten because they have changed.
        var changes: UInt64 = 0
    }

    private let state = Mutex(State())
    private let journal: any JournalReader & Sendable

    /// A cache of what `journal` holds.
    public init(journal: any JournalReader & Sendable) {
        self.journal = journal
    }

    /// The event at a position, or nil when there is none.
    ///
    /// Throws `StoreError.corrupt` when the segment is not what was written.
    public func event(at position: Position) throws(StoreError) -> StoredEvent? {
        guard let view = try view(of: position.segment) else { return nil }
        do throws(SegmentError) {
            guard let (contents, item) = try view.event(at: Int(position.index)) else { return nil }
            return StoredEvent(position: position, contents: contents, item: item)
        } catch {
            throw .corrupt("segment \(position.segment): \(error)")
        }
    }

    /// Where the charge stands that the refund at a position took back; nil where no refund is.
    func charge(ofRefundAt position: Position) throws(StoreError) -> Position? {
        guard let stored = try event(at: position),
            case .event(let index) = stored.item,
            case .refunded(let refund) = stored.contents.events[index]
        else { return nil }
        return refund.charge
    }

    /// Appends the summary of the event at a position, if lists show it.
    func summarize(
        _ position: Position, parameters: Bool, to summaries: inout EntrySummaries
    ) throws(StoreError) {
        guard let view = try view(of: position.segment) else { return }
        do throws(SegmentError) {
            try view.summarize(Int(position.index), parameters: parameters, to: &summaries)
        } catch {
            throw .corrupt("segment \(position.segment): \(error)")
        }
    }

    /// How a segment is chained; nil when there is none.
    public func seal(of number: UInt64) throws(StoreError) -> SegmentSeal? {
        guard number > 0, let encoded = try journal.segment(number) else { return nil }
        let previous = number > 1 ? try journal.segment(number - 1) : nil
        return SegmentSeal(
            hash: encoded.hash, previousHash: previous?.hash ?? SegmentFormat.firstHash)
    }

    /// A segment read for once: nothing else is forgotten for it.
    public func contents(of number: UInt64) throws(StoreError) -> SegmentContents? {
        guard let encoded = try journal.segment(number) else { return nil }
        do throws(SegmentError) {
            return try encoded.contents(after: nil)
        } catch {
            throw .corrupt("segment \(number): \(error)")
        }
    }

    /// Forgets segments whose details have changed.
    public func forget(_ numbers: [UInt64]) {
        guard !numbers.isEmpty else { return }
        state.withLock { state in
            state.changes += 1
            for number in numbers { state.forget(number) }
        }
    }

    /// The number of the last segment that is stored.
    public func lastNumber() throws(StoreError) -> UInt64 { try journal.lastNumber() }

    /// A segment of which single events are read; nil when there is none.
    private func view(of number: UInt64) throws(StoreError) -> SegmentView? {
        let (kept, changes) = state.withLock { ($0.use(number), $0.changes) }
        if let kept { return kept }
        guard number > 0, let encoded = try journal.segment(number) else { return nil }
        do throws(SegmentError) {
            let view = try SegmentView(encoded)
            state.withLock { state in
                // What was read before a change may be what is not stored any more.
                if state.changes == changes { state.keep(view, as: number) }
            }
            return view
        } catch {
            throw .corrupt("segment \(number): \(error)")
        }
    }
}

extension SegmentCache.State {
    fileprivate mutating func use(_ number: UInt64) -> SegmentView? {
        uses += 1
        kept[number]?.usedAt = uses
        return kept[number]?.view
    }

    fileprivate mutating func keep(_ view: SegmentView, as number: UInt64) {
        forget(number)
        bytes += view.size
        while kept.count >= SegmentCache.segmentsMax || bytes > SegmentCache.bytesMax,
            let oldest = kept.min(by: { $0.value.usedAt < $1.value.usedAt })
        {
            forget(oldest.key)
        }
        kept[number] = SegmentCache.Kept(view: view, usedAt: uses)
    }

    fileprivate mutating func forget(_ number: UInt64) {
        guard let view = kept.removeValue(forKey: number)?.view else { return }
        bytes -= view.size
    }
}
