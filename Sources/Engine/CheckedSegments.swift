internal import Ledger
internal import Store
internal import Synchronization

/// A segment that follows the one before it and is what was written.
struct CheckedSegment: Sendable {
    let contents: SegmentContents
    let mark: JournalMark
}

/// The segments of a journal in order, each checked against the one before.
struct CheckedSegments<Journal: JournalReader> {
    private let journal: Journal
    private let details: EncodedSegment.DetailTexts
    private let last: UInt64
    private var mark: JournalMark

    /// Those behind `mark`, up to the last one that there is now.
    init(
        of journal: Journal, after mark: JournalMark, details: EncodedSegment.DetailTexts
    ) throws(StoreError) {
        self.journal = journal
        self.details = details
        self.mark = mark
        last = try journal.lastNumber()
    }

    /// The next one; nil behind the last.
    ///
    /// Throws `StoreError.corrupt` when it is missing or not what was written.
    mutating func next() throws(StoreError) -> CheckedSegment? {
        guard mark.number < last else { return nil }
        guard let stored = try journal.segment(mark.number + 1) else {
            throw .corrupt("segment \(mark.number + 1) is missing")
        }
        do throws(SegmentError) {
            let contents = try stored.contents(after: mark.hash, texts: details)
            mark = JournalMark(number: stored.number, hash: stored.hash, time: contents.time)
            return CheckedSegment(contents: contents, mark: mark)
        } catch {
            let damage = stored.damage(after: mark.hash)?.text ?? "\(error)"
            throw .corrupt("segment \(stored.number): \(damage)")
        }
    }
}

extension CheckedSegments: Sendable where Journal: Sendable {}

/// Reads the segments of a journal ahead, on a thread of its own.
final class SegmentsAhead: Sendable {
    /// How many segments are read and not yet taken.
    static let segmentsMax = 4

    private let queue = WorkQueue<Result<CheckedSegment, StoreError>>(capacity: segmentsMax)
    private let isStopped = Atomic<Bool>(false)
    private let thread: Mutex<WorkerThread?>

    /// Begins behind `mark`.
    init(
        of journal: some JournalReader & Sendable, after mark: JournalMark
    ) throws(StoreError) {
        thread = Mutex(nil)
        let segments = try CheckedSegments(of: journal, after: mark, details: .forFolding)
        let handover = Handover(segments)
        do throws(WorkerThread.Unavailable) {
            let started = try WorkerThread { [self] in
                guard let segments = handover.take() else { return }
                read(segments)
            }
            let held = Handover(started)
            thread.withLock { $0 = held.take() }
        } catch {
            throw .unavailable("no thread could be started")
        }
    }

    private func read(_ segments: CheckedSegments<some JournalReader>) {
        var segments = segments
        defer { queue.close() }
        while true {
            queue.waitForRoom()
            guard !isStopped.load(ordering: .relaxed) else { return }
            do throws(StoreError) {
                guard let segment = try segments.next() else { return }
                queue.put(.success(segment))
            } catch {
                return queue.put(.failure(error))
            }
        }
    }

    /// The next one; nil behind the last.
    func next() throws(StoreError) -> CheckedSegment? {
        guard let segment = queue.take() else { return nil }
        queue.finish()
        return try segment.get()
    }

    /// Ends the thread, whether all was read or not.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        queue.giveBackRoom()
        let held = thread.withLock { Handover($0.take()) }
        if let running = held.take() { running?.join() }
    }
}
