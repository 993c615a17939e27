public import Credit
public import Ledger
public import Store

/// A batch whose outcomes are durable, with the segment that they refer to.
public struct AnsweredBatch: Sendable {
    public let batch: CommandBatch
    /// The segment in which the batch was decided.
    public let contents: SegmentContents
}

/// Who is told what a pipeline does; one call at a time, on either of its threads.
public struct PipelineFollower: Sendable {
    /// A segment is durable; called before its answers are delivered.
    public var fold: @Sendable (SegmentContents) -> Void
    /// Answers may leave; called once a segment with the batches of one origin.
    public var deliver: @Sendable (_ origin: Int, [AnsweredBatch]) -> Void
    /// The accounts as they were after this segment, for a checkpoint.
    public var checkpoint: @Sendable (LedgerImage, _ through: JournalMark) -> Void
    /// Storage failed: the process must stop.
    public var failed: @Sendable (StoreError) -> Void
    /// True while a checkpoint is written, during which no other is asked for.
    public var isCheckpointing: @Sendable () -> Bool
    /// Called by the writer before it decides more: waits while what follows falls behind.
    public var pace: @Sendable () -> Void
    /// Asked for the id of an account that is durable.
    public var accountID: @Sendable (AccountSlot) -> Name?

    public init(
        fold: @escaping @Sendable (SegmentContents) -> Void,
        deliver: @escaping @Sendable (Int, [AnsweredBatch]) -> Void,
        checkpoint: @escaping @Sendable (LedgerImage, JournalMark) -> Void,
        failed: @escaping @Sendable (StoreError) -> Void,
        isCheckpointing: @escaping @Sendable () -> Bool = { false },
        pace: @escaping @Sendable () -> Void = {},
        accountID: @escaping @Sendable (AccountSlot) -> Name? = { _ in nil }
    ) {
        self.fold = fold
        self.deliver = deliver
        self.checkpoint = checkpoint
        self.failed = failed
        self.isCheckpointing = isCheckpointing
        self.pace = pace
        self.accountID = accountID
    }
}
