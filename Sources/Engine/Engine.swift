internal import CivilTime
public import Credit
public import Ledger
public import Store

/// The writer of one partition: decides batches in order and gathers them into segments.
///
/// A synchronous state machine without clock, thread or disk, so that the simulator runs the very
/// same code: `submit` batches, take `nextSegment`, make it durable in a ``CommitStage``, which
/// releases the answers. One segment may be decided while the last is being committed.
public struct Engine: Sendable {
    /// No batch joins a segment that has this many events.
    public static let segmentEventsSoftMax = 8192
    /// A segment with more bytes of texts than this is not kept for its memory.
    public static let recycledBytesMax = 16 << 20
    /// How many segments are kept for their memory.
    public static let recycledSegmentsMax = 4
    /// How many accounts a segment's sweep brings up to date at most.
    public static let sweepMax = 1024

    public internal(set) var ledger: Ledger
    var prices = PriceBook()
    let zones = TimeZones()
    var contents: SegmentContents
    private var waiting: [CommandBatch] = []
    /// What was looked up of the charges of the batch at hand.
    private var lookups = ChargeLookups()
    /// What is known of the keys of the batch at hand.
    private var keys = KeyProof.unneeded
    /// Contents that nobody needs any more, for the memory that they hold.
    private var spares: [SegmentContents] = []

    /// An engine that goes on after the segment that `last` marks.
    ///
    /// Throws when a price list of the journal cannot be read.
    public init(ledger: Ledger, after last: JournalMark) throws(StoreError) {
        self.ledger = ledger
        contents = SegmentContents(number: last.number + 1, time: last.time)
        for list in ledger.catalogue.priceLists {
            do {
                try prices.put(
                    list.name, version: list.version, effectiveAt: list.effectiveAt,
                    json: list.json)
            } catch {
                throw .corrupt("price list \(list.name.text) version \(list.version): \(error)")
            }
        }
    }

    /// Decides a batch at `now`; its outcomes are released with the segment.
    ///
    /// False when nothing was decided, because memory has dropped keys since disk was asked about
    /// those of the batch: it must be asked again.
    @discardableResult
    public mutating func submit(_ batch: CommandBatch, at now: Instant) -> Bool {
        guard batch.keys.through >= ledger.keyWindow.floor else { return false }
        if waiting.isEmpty { begin(at: now) }
        keys = batch.keys
        var decided = batch
        decided.outcomes.reserveCapacity(batch.count)
        let base = contents.bytes.count
        contents.bytes.append(contentsOf: batch.bytes)
        lookups.removeAll()
        for (place, item) in batch.items.enumerated() {
            if !keys.found.isEmpty, let position = keys.found[place] {
                decided.outcomes.append(.seenBefore(position))
                continue
            }
            let outcome: Outcome =
                switch item {
                case .charge(let index):
                    decide(
                        batch.charges.span[index],
                        lookups.lookup(
                            index, of: batch.charges, in: batch.bytes, ledger: ledger),
                        in: batch.bytes, base: base, at: now)
                case .hold(let index, let hold):
                    decide(
                        batch.charges[index], .placed(batch.holds[hold]),
                        lookups.lookup(
                            index, of: batch.charges, in: batch.bytes, ledger: ledger),
                        in: batch.bytes, base: base, at: now)
                case .capture(let index, let hold):
                    decide(
                        batch.charges[index], .captured(hold),
                        lookups.lookup(
                            index, of: batch.charges, in: batch.bytes, ledger: ledger),
                        in: batch.bytes, base: base, at: now)
                case .command(let index): decide(batch.commands[index], at: now)
                case .query(let index): answer(batch.queries[index], at: now)
                }
            decided.outcomes.append(outcome)
        }
        waiting.append(decided)
        return true
    }

    /// True when memory can tell whether the key with this hash was seen before.
    func isCertain(of hash: IdempotencyIndex.Hash) -> Bool {
        ledger.keyWindow.position(of: hash) != nil || !keys.mayBeOnDisk(hash)
    }

    /// Sets the keys that memory has apart for the checkpoint after the segment ended last.
    public mutating func sealKeys() {
        ledger.keyWindow.seal(through: contents.number - 1)
    }

    /// Drops keys that disk has: those of segments up to `stored`.
    public mutating func dropKeys(storedThrough stored: UInt64) {
        ledger.keyWindow.drop(storedThrough: stored)
    }

    /// Ends the segment at hand; nil when nobody waits for anything.
    ///
    /// `salt` are `SegmentFormat.saltBytes` bytes that nobody can foresee.
    public mutating func nextSegment(salt: [UInt8]) -> PendingSegment? {
        guard !waiting.isEmpty || !contents.isEmpty else { return nil }
        let batches = waiting
        waiting = []
        guard !contents.isEmpty else {
            // The texts of what was repeated or refused lie in it.
            let idle = contents
            contents = SegmentContents(number: idle.number, time: idle.time)
            return PendingSegment(idle, salt: salt, batches: batches)
        }
        let ended = contents
        contents = spares.popLast() ?? SegmentContents(number: 0, time: .epoch)
        contents.restart(as: ended.number + 1, time: ended.time)
        return PendingSegment(ended, salt: salt, batches: batches)
    }

    /// Takes back a segment that was made durable and answered, to write into its memory again.
    ///
    /// Memory that the system has just given costs far more at its first touch than to reuse.
    public mutating func recycle(_ contents: consuming SegmentContents) {
        guard contents.bytes.count <= Self.recycledBytesMax,
            spares.count < Self.recycledSegmentsMax
        else { return }
        spares.append(contents)
    }

    private mutating func begin(at now: Instant) {
        guard contents.isEmpty else { return }
        contents.begin(at: now)
    }

    /// Makes entries of what is due on any account, so that totals and reports see it in time.
    public mutating func sweep(at now: Instant) {
        let due = ledger.accountsDue(at: now, limit: Self.sweepMax)
        guard !due.isEmpty else { return }
        begin(at: now)
        for slot in due where contents.count < Self.segmentEventsSoftMax {
            settle(slot, at: now)
        }
    }

    /// Makes entries of everything due on an account at `now`.
    mutating func settle(_ slot: AccountSlot, at now: Instant) {
        while let step = ledger.due(on: slot, at: now) {
            switch step {
            case .event(let event): record(event)
            case .capture(let hold, let micros): captureExpired(hold, micros)
            case .period(let end): startNextPeriod(of: slot, at: end)
            }
        }
        restartBudgets(of: slot, at: now)
    }

    /// Applies a decided event and adds it to the segment; gives its position.
    @discardableResult
    mutating func record(_ event: Event) -> Position {
        let position = contents.nextPosition
        ledger.apply(event, at: position)
        contents.append(event)
        return position
    }
}
