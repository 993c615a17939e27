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
    /// The idempotency keys of the segments that the checkpoint includes are read back too. The
    /// caller has made sure that the journal holds the checkpoint's segment (``isPart(_:of:)``).
    public static func recover(
        from journal: some JournalReader, checkpoint: RestoredState?, seed: UInt64,
        fold: (SegmentContents) -> Void
    ) throws(StoreError) -> RecoveredLedger {
        var ledger = Ledger(
            seed: seed, accounts: checkpoint?.accounts ?? [], apiKeys: checkpoint?.apiKeys ?? [],
            priceLists: checkpoint?.priceLists ?? [], plans: checkpoint?.plans ?? [])
        var mark = checkpoint?.through ?? .start
        if mark.number > 0 {
            for number in 1...mark.number {
                try rememberKeys(of: try segment(number, in: journal), in: &ledger)
            }
        }
        let lastNumber = try journal.lastNumber()
        while mark.number < lastNumber {
            let stored = try segment(mark.number + 1, in: journal)
            do throws(SegmentError) {
                let contents = try stored.contents(after: mark.hash)
                ledger.apply(contents)
                fold(contents)
                mark = JournalMark(number: stored.number, hash: stored.hash, time: contents.time)
            } catch {
                throw .corrupt("segment \(stored.number): \(error)")
            }
        }
        return RecoveredLedger(ledger: ledger, last: mark)
    }

    /// True when the journal holds the very segment that a checkpoint was made through.
    public static func isPart(
        _ mark: JournalMark, of journal: some JournalReader
    ) throws(StoreError) -> Bool {
        try journal.segment(mark.number)?.hash == mark.hash
    }

    private static func segment(
        _ number: UInt64, in journal: some JournalReader
    ) throws(StoreError) -> EncodedSegment {
        guard let segment = try journal.segment(number) else {
            throw .corrupt("segment \(number) is missing")
        }
        return segment
    }

    private static func rememberKeys(
        of segment: EncodedSegment, in ledger: inout Ledger
    ) throws(StoreError) {
        do throws(SegmentError) {
            ledger.rememberKeys(of: try segment.keys())
        } catch {
            throw .corrupt("segment \(segment.number): \(error)")
        }
    }
}
