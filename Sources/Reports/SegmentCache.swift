public import Credit
public import Store
internal import Synchronization

/// One event read back: its segment's contents and its place in them.
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
    /// True when its details were deleted.
    public let isErased: Bool
}

/// Reads events of durable segments; keeps the segments used last.
public final class SegmentCache: Sendable {
    /// How many segments it keeps.
    public static let segmentsMax = 64

    fileprivate struct Kept: Sendable {
        var contents: SegmentContents
        var usedAt: UInt64
    }

    fileprivate struct State: Sendable {
        var kept: [UInt64: Kept] = [:]
        var uses: UInt64 = 0
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
        guard let contents = try segment(position.segment),
            let item = contents.item(at: Int(position.index))
        else { return nil }
        return StoredEvent(position: position, contents: contents, item: item)
    }

    /// How a segment is chained; nil when there is none.
    public func seal(of number: UInt64) throws(StoreError) -> SegmentSeal? {
        guard number > 0, let encoded = try journal.segment(number) else { return nil }
        let previous = number > 1 ? try journal.segment(number - 1) : nil
        return SegmentSeal(
            hash: encoded.hash, previousHash: previous?.hash ?? SegmentFormat.firstHash,
            isErased: encoded.isErased)
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

    /// The number of the last segment that is stored.
    public func lastNumber() throws(StoreError) -> UInt64 { try journal.lastNumber() }

    private func segment(_ number: UInt64) throws(StoreError) -> SegmentContents? {
        if let contents = state.withLock({ $0.use(number) }) { return contents }
        guard number > 0, let encoded = try journal.segment(number) else { return nil }
        do throws(SegmentError) {
            let contents = try encoded.contents(after: nil)
            state.withLock { $0.keep(contents) }
            return contents
        } catch {
            throw .corrupt("segment \(number): \(error)")
        }
    }
}

extension SegmentCache.State {
    fileprivate mutating func use(_ number: UInt64) -> SegmentContents? {
        uses += 1
        kept[number]?.usedAt = uses
        return kept[number]?.contents
    }

    fileprivate mutating func keep(_ contents: SegmentContents) {
        if kept.count >= SegmentCache.segmentsMax,
            let oldest = kept.min(by: { $0.value.usedAt < $1.value.usedAt })
        {
            kept[oldest.key] = nil
        }
        kept[contents.number] = SegmentCache.Kept(contents: contents, usedAt: uses)
    }
}
