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
        interimEvents: Int, fold: (SegmentContents) -> Void,
        interim: (LedgerImage, JournalMark) throws(StoreError) -> UInt64 = { $1.number }
    ) throws(StoreError) -> RecoveredLedger {
        var mark = checkpoint?.through ?? .start
        var ledger = Ledger(
            seed: seed, through: mark.number, accounts: checkpoint?.accounts ?? [],
            apiKeys: checkpoint?.apiKeys ?? [], priceLists: checkpoint?.priceLists ?? [],
            plans: checkpoint?.plans ?? [], scenarios: checkpoint?.scenarios ?? [])
        var eventCount = 0
        let lastNumber = try journal.lastNumber()
        while mark.number < lastNumber {
            let stored = try segment(mark.number + 1, in: journal)
            do throws(SegmentError) {
                let contents = try stored.contents(after: mark.hash)
                ledger.apply(contents)
                fold(contents)
                mark = JournalMark(number: stored.number, hash: stored.hash, time: contents.time)
                eventCount += contents.count
            } catch {
                let damage = stored.damage(after: mark.hash)?.text ?? "\(error)"
                throw .corrupt("segment \(stored.number): \(damage)")
            }
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

    private static func segment(
        _ number: UInt64, in journal: some JournalReader
    ) throws(StoreError) -> EncodedSegment {
        guard let segment = try journal.segment(number) else {
            throw .corrupt("segment \(number) is missing")
        }
        return segment
    }
}
