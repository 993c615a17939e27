internal import Credit
public import Ledger
public import Store

/// A ledger rebuilt from a journal, and where the journal ends.
public struct RecoveredLedger: Sendable {
    public let ledger: Ledger
    public let last: JournalMark
}

/// Rebuilds the state of a partition: a checkpoint, then every later segment of the journal.
public enum Recovery: Sendable {
    /// Folds the journal over `checkpoint`; `fold` sees every segment after it, in order.
    ///
    /// The caller has made sure that the journal holds the checkpoint's segment
    /// (``isPart(_:of:)``). `interim` is called after each `interimEvents` events, so that what is
    /// derived can go to disk and memory need not hold the keys of a whole journal; it gives the
    /// segment up to which disk has them.
    public static func recover(
        from journal: some JournalReader, checkpoint: RestoredState?, seed: UInt64,
        interimEvents: Int, details: EncodedSegment.DetailTexts = .read,
        fold: (SegmentContents) -> Void,
        interim: (LedgerImage, JournalMark) throws(StoreError) -> UInt64 = { $1.number }
    ) throws(StoreError) -> RecoveredLedger {
        var segments = try CheckedSegments(
            of: journal, after: checkpoint?.through ?? .start, details: details)
        return try recover(
            checkpoint, seed, interimEvents, next: { () throws(StoreError) in try segments.next() },
            fold, interim)
    }

    /// The same, with the next segments read and checked on a thread of their own; of the texts of their
    /// details only those that folding needs.
    public static func recoverReadingAhead(
        from journal: some JournalReader & Sendable, checkpoint: RestoredState?, seed: UInt64,
        interimEvents: Int, fold: (SegmentContents) -> Void,
        interim: (LedgerImage, JournalMark) throws(StoreError) -> UInt64
    ) throws(StoreError) -> RecoveredLedger {
        let segments = try SegmentsAhead(of: journal, after: checkpoint?.through ?? .start)
        defer { segments.stop() }
        return try recover(
            checkpoint, seed, interimEvents, next: { () throws(StoreError) in try segments.next() },
            fold, interim)
    }

    private static func recover(
        _ checkpoint: RestoredState?, _ seed: UInt64, _ interimEvents: Int,
        next: () throws(StoreError) -> CheckedSegment?, _ fold: (SegmentContents) -> Void,
        _ interim: (LedgerImage, JournalMark) throws(StoreError) -> UInt64
    ) throws(StoreError) -> RecoveredLedger {
        var mark = checkpoint?.through ?? .start
        var ledger = Ledger(
            seed: seed, through: mark.number, accounts: checkpoint?.accounts ?? [],
            apiKeys: checkpoint?.apiKeys ?? [], priceLists: checkpoint?.priceLists ?? [],
            plans: checkpoint?.plans ?? [], scenarios: checkpoint?.scenarios ?? [])
        var eventCount = 0
        while let segment = try next() {
            ledger.apply(segment.contents)
            fold(segment.contents)
            mark = segment.mark
            eventCount += segment.contents.count
            guard eventCount >= interimEvents else { continue }
            eventCount = 0
            ledger.keyWindow.seal(through: mark.number)
            let through = try interim(ledger.image, mark)
            ledger.keyWindow.drop(storedThrough: through)
        }
        return RecoveredLedger(ledger: ledger, last: mark)
    }

    /// True when the journal holds the very segment that a checkpoint was made through.
    public static func isPart(
        _ mark: JournalMark, of journal: some JournalReader
    ) throws(StoreError) -> Bool {
        guard mark.number > 0 else { return mark.hash == SegmentFormat.firstHash }
        return try journal.segment(mark.number)?.hash == mark.hash
    }
}
