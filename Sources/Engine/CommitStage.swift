public import Store

/// Makes segments durable in order and releases the answers that wait for them.
///
/// Every answer leaves only after its segment is durable: charges, refusals, replays and reads.
/// After a failed commit nothing later reaches storage and everybody waiting gets
/// ``Outcome/unknown``: the process must stop and recover (docs/adr/0005-fail-stop.md).
public struct CommitStage<Storage: Journal & ~Copyable & Sendable>: ~Copyable, Sendable {
    public var journal: Storage
    /// The last segment that was made durable.
    public private(set) var last: JournalMark
    /// Why nothing is committed any more, once a commit has failed.
    public private(set) var failure: StoreError?
    private var encoder = SegmentEncoder()

    /// A stage that goes on after the segment that `last` marks.
    public init(journal: consuming Storage, after last: JournalMark) {
        self.journal = journal
        self.last = last
    }

    /// Stores the segment; gives its batches with the outcomes that may be answered now.
    public mutating func commit(_ segment: inout PendingSegment) -> [CommandBatch] {
        guard failure == nil else { return segment.withUnknownOutcomes() }
        guard let encoded = segment.chain(after: last.hash, with: &encoder) else {
            return segment.batches
        }
        do throws(StoreError) {
            try journal.append(encoded)
        } catch {
            failure = error
            return segment.withUnknownOutcomes()
        }
        last = JournalMark(
            number: encoded.number, hash: encoded.hash, time: segment.contents.time)
        return segment.batches
    }

    /// Deletes details; nothing once a commit has failed.
    mutating func prune(_ step: RetentionStep) {
        guard failure == nil else { return }
        do throws(StoreError) { try journal.prune(step) } catch { failure = error }
    }

    /// Takes what was deleted out of the log; false when that must be tried again.
    mutating func clearLog() -> Bool {
        guard failure == nil else { return true }
        do throws(StoreError) { return try journal.clearLog() } catch { failure = error }
        return true
    }

    /// Tidies storage up at a clean end.
    mutating func finish() {
        if failure == nil { journal.finish() }
    }

    /// Takes back the memory of a segment that was encoded here, once its answers have left.
    mutating func recycle(_ encoded: consuming EncodedSegment) {
        encoder.recycle(encoded)
    }
}

extension PendingSegment {
    fileprivate func withUnknownOutcomes() -> [CommandBatch] {
        batches.map(\.withUnknownOutcomes)
    }
}

extension CommandBatch {
    /// The same, without knowing what became of its items.
    var withUnknownOutcomes: Self {
        var lost = self
        lost.outcomes = [Outcome](repeating: .unknown, count: count)
        return lost
    }
}
