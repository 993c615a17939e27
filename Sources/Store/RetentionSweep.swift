public import Credit
internal import Ledger

/// Goes once through a journal and says step by step which details to delete.
///
/// Without clock or thread: the caller says what time it is and for how many days the plan of each
/// account keeps details, makes each step durable and asks for the next one. For each number of
/// days a cursor says up to which segment all is done. Segments are in the order of their times,
/// but an import may put calls into a segment that are older than it: those segments are looked for
/// once and remembered.
public struct RetentionSweep: Sendable {
    /// A step ends after so many bytes of segments that it changes, or with one larger segment.
    public static let stepBytesMax = 256 << 10
    /// A step ends after so many segments that it reads.
    public static let stepSegmentsMax = 1024
    /// And after so many bytes of them.
    public static let stepReadBytesMax = 8 << 20
    /// A call that is older than its segment by more than this makes an early segment of it.
    static let earlyMicros: Int64 = 3_600_000_000

    private enum Phase {
        case accounts
        case looking
        /// The early segments for the first of some numbers of days, from a place on.
        case early([UInt16], from: Int)
        case inOrder([UInt16])
        case finished
    }

    public private(set) var progress: RetentionProgress
    private let accounts: AccountRetention
    private var days: [UInt16] { accounts.days }
    private let now: Instant
    /// The last segment that it looks at.
    private let last: UInt64
    private var phase = Phase.accounts
    private var step = RetentionStep()
    private var bytes = 0
    private var readBytes = 0
    private var readCount = 0
    /// True when a segment of the step may be read again, which must be as the step leaves it.
    private var hasPassEnded = false
    private var encoder = SegmentEncoder()

    /// A sweep at `now` through the segments up to `last`.
    public init(
        _ progress: RetentionProgress, of accounts: AccountRetention, now: Instant, last: UInt64
    ) {
        self.progress = progress
        self.accounts = accounts
        self.now = now
        self.last = last
    }

    /// What is to be made durable next, before this is called again; nil at the end.
    public mutating func next(
        from journal: some JournalReader
    ) throws(StoreError) -> RetentionStep? {
        while true {
            if case .finished = phase { return takeStep() }
            try advance(journal)
            if isStepFull, let full = takeStep() { return full }
        }
    }

    private var isStepFull: Bool {
        hasPassEnded || bytes >= Self.stepBytesMax || readCount >= Self.stepSegmentsMax
            || readBytes >= Self.stepReadBytesMax
    }

    private mutating func takeStep() -> RetentionStep? {
        (bytes, readBytes, readCount, hasPassEnded) = (0, 0, 0, false)
        guard !step.isEmpty else { return nil }
        defer { step = RetentionStep() }
        return step
    }

    /// Does the next little bit.
    private mutating func advance(_ journal: some JournalReader) throws(StoreError) {
        switch phase {
        case .accounts:
            try takeOverAccounts(journal)
            phase = .looking
        case .looking:
            guard progress.looked < last else {
                let lengths = Set(days).subtracting([0]).sorted()
                phase = lengths.isEmpty ? .finished : .early(lengths, from: 0)
                return
            }
            try look(journal)
        case .early(let lengths, let place):
            guard place < progress.early.count else {
                hasPassEnded = true
                phase = .inOrder(lengths)
                return
            }
            try pruneEarly(progress.early[place], lengths[0], journal)
            phase = .early(lengths, from: place + 1)
        case .inOrder(let lengths):
            guard try !pruneNext(lengths[0], journal) else { return }
            hasPassEnded = true
            let rest = Array(lengths.dropFirst())
            phase = rest.isEmpty ? .finished : .early(rest, from: 0)
        case .finished: break
        }
    }

    private mutating func note(_ change: (inout RetentionStep) -> Void) {
        var part = RetentionStep()
        change(&part)
        progress.take(part)
        change(&step)
    }

    private mutating func view(
        _ number: UInt64, _ journal: some JournalReader
    ) throws(StoreError) -> SegmentView {
        guard let segment = try journal.segment(number) else {
            throw .corrupt("segment \(number) is missing")
        }
        readCount += 1
        readBytes += segment.money.count + segment.details.count
        do throws(SegmentError) {
            return try SegmentView(segment)
        } catch {
            throw .corrupt("segment \(number): \(error)")
        }
    }
}

extension RetentionSweep {
    /// Takes note of accounts that are new or whose plan has changed.
    ///
    /// Up to the cursor of the plan that an account had nothing of it is left, and before it was
    /// created there is nothing; so the cursor of the plan that it has goes back to there. All entries
    /// of an account that no sweep has seen are behind every cursor.
    private mutating func takeOverAccounts(_ journal: some JournalReader) throws(StoreError) {
        let known = progress.accounts
        /// By the plan before and the one now when the first of those accounts was created.
        var changes: [Change: Instant] = [:]
        for slot in 0..<min(known.count, days.count) where known[slot] != days[slot] {
            guard days[slot] > 0 else { continue }
            let change = Change(before: known[slot], after: days[slot])
            changes[change] = min(changes[change] ?? .never, accounts.createdAt[slot])
        }
        let through = progress.through
        for (change, createdAt) in changes {
            progress.nextDue[change.after] = nil
            let had = change.before == 0 ? 0 : through[change.before, default: 0]
            guard had < progress.through[change.after, default: 0] else { continue }
            // Its first entry may be in the segment that it was created in.
            let began = try lastSegment(before: createdAt, journal)
            let reached = max(had, began - min(began, 1))
            guard reached < progress.through[change.after, default: 0] else { continue }
            note { $0.through[change.after] = reached }
        }
        for start in stride(from: 0, to: days.count, by: RetentionProgress.pageAccounts) {
            let page = days[start..<min(days.count, start + RetentionProgress.pageAccounts)]
            guard !known.dropFirst(start).prefix(page.count).elementsEqual(page) else { continue }
            note { $0.accountPages[start / RetentionProgress.pageAccounts] = Array(page) }
        }
    }

    private struct Change: Hashable {
        let before: UInt16
        let after: UInt16
    }

    /// The last segment that was begun before a time; 0 for none.
    private func lastSegment(
        before time: Instant, _ journal: some JournalReader
    ) throws(StoreError) -> UInt64 {
        var (low, high) = (UInt64(0), last + 1)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            guard let segment = try journal.segment(middle) else {
                throw .corrupt("segment \(middle) is missing")
            }
            do throws(SegmentError) {
                if try segment.header().time < time { low = middle } else { high = middle }
            } catch {
                throw .corrupt("segment \(middle): \(error)")
            }
        }
        return low
    }

    /// Looks in the next segment for calls that are older than it.
    private mutating func look(_ journal: some JournalReader) throws(StoreError) {
        let number = progress.looked + 1
        let view = try view(number, journal)
        let begun = view.header.time
        note { $0.looked = number }
        guard let oldest = view.oldestCall, oldest.micros < begun.micros - Self.earlyMicros
        else { return }
        note { $0.early.append(EarlySegment(number: number, oldest: oldest)) }
    }

    /// Deletes what is too old of a segment that is not, unless the cursor has passed it.
    private mutating func pruneEarly(
        _ early: EarlySegment, _ length: UInt16, _ journal: some JournalReader
    ) throws(StoreError) {
        let end = end(of: length)
        guard early.number > progress.through[length, default: 0], early.oldest < end,
            progress.nextDue[length]?[early.number] ?? early.oldest < end
        else { return }
        let view = try view(early.number, journal)
        let found = overdue(view, length)
        try prune(view, found, length)
        // What an account that came meanwhile has there is not known yet.
        guard Int(found.lastAccount) < days.count else { return }
        progress.nextDue[length, default: [:]][early.number] = found.next ?? .never
    }

    /// Deals with the segment after the cursor; false when that is not old enough.
    private mutating func pruneNext(
        _ length: UInt16, _ journal: some JournalReader
    ) throws(StoreError) -> Bool {
        let number = progress.through[length, default: 0] + 1
        guard number <= last else { return false }
        let view = try view(number, journal)
        guard view.header.time < end(of: length) else { return false }
        let found = overdue(view, length)
        // A call may be younger than its segment, by a moment.
        guard found.next == nil else { return false }
        try prune(view, found, length)
        note { $0.through[length] = number }
        progress.nextDue[length]?[number] = nil
        return true
    }

    /// Details of calls before this are too old.
    private func end(of length: UInt16) -> Instant {
        now.advanced(seconds: -86_400 * Int64(length))
    }

    private func overdue(_ view: SegmentView, _ length: UInt16) -> SegmentView.Overdue {
        view.overdue(before: end(of: length)) { account in
            Int(account) < days.count && days[Int(account)] == length
        }
    }

    private mutating func prune(
        _ view: SegmentView, _ found: SegmentView.Overdue, _ length: UInt16
    ) throws(StoreError) {
        guard !found.charges.isEmpty else { return }
        let number = view.segment.number
        do throws(SegmentError) {
            let pruned = try view.pruned(
                found.charges, retentionDays: length, with: &encoder)
            step.segments.append(pruned)
        } catch {
            throw .corrupt("segment \(number): \(error)")
        }
        bytes += view.segment.money.count + view.segment.details.count
    }
}
