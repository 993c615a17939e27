public import Store

/// Makes segments durable in order and releases the answers that wait for them.
///
/// Every answer leaves only after its segment is durable: charges, refusals, replays and reads.
/// After a failed commit nothing later reaches storage and everybody waiting gets
/// ``Outcome/unknown``: the process must stop and recover (docs/adr/0005-fail-stop.md).
public struct CommitStage<Storage: Journal & ~Copyable & Sendable>: ~Copyable, Sendable {
    public var journal: Storage
    /// Why nothing is committed any more, once a commit has failed.
    public private(set) var failure: StoreError?

    public init(journal: consuming Storage) {
        self.journal = journal
    }

    /// Stores the segment; gives its batches with the outcomes that may be answered now.
    public mutating func commit(_ segment: PendingSegment) -> [CommandBatch] {
        guard failure == nil else { return segment.withUnknownOutcomes() }
        guard let encoded = segment.encoded else { return segment.batches }
        do throws(StoreError) {
            try journal.append(encoded)
            return segment.batches
        } catch {
            failure = error
            return segment.withUnknownOutcomes()
        }
    }
}

extension PendingSegment {
    fileprivate consuming func withUnknownOutcomes() -> [CommandBatch] {
        batches.map { batch in
            var lost = batch
            for index in lost.outcomes.indices { lost.outcomes[index] = .unknown }
            return lost
        }
    }
}
