internal import Engine
internal import Reports
internal import SQLiteStore
internal import Store
internal import Synchronization

/// Lists the entries that the archive does not hold, at a start: where they stand, by account and run.
///
/// Archives the oldest of them when there are more than memory should list.
final class TailListing: Sendable {
    private struct State: ~Copyable {
        var archive: SQLiteArchive?
        var tail: EntryTail
        var error: StoreError?
        var isDone = false
    }

    private let journal: SQLiteJournalReader
    private let unarchivedMax: Int
    private let state: Mutex<State>
    private let thread = Mutex<WorkerThread?>(nil)

    init(
        _ archive: consuming SQLiteArchive, journal: SQLiteJournalReader, _ tuning: StoreTuning
    ) {
        self.journal = journal
        unarchivedMax = tuning.unarchivedMax
        let tail = EntryTail(after: archive.through, partEvents: tuning.archivedRunEntries)
        state = Mutex(State(archive: consume archive, tail: tail))
    }

    /// Begins on a thread of its own.
    func start() throws(StoreError) {
        do throws(WorkerThread.Unavailable) {
            let started = try WorkerThread { [self] in list() }
            let held = Handover(started)
            thread.withLock { $0 = held.take() }
        } catch {
            throw .unavailable("no thread could be started")
        }
    }

    /// Waits until all is listed and gives the archive, once.
    func finish() throws(StoreError) -> SQLiteArchive {
        let held = thread.withLock { Handover($0.take()) }
        if let running = held.take() { running?.join() }
        list()
        return try state.withLock { (state) throws(StoreError) in
            if let error = state.error { throw error }
            guard let archive = state.archive.take() else {
                throw .unavailable("the archive was taken before")
            }
            return archive
        }
    }

    /// What was listed.
    var tail: EntryTail { state.withLock { $0.tail } }

    private func list() {
        state.withLock { state in
            guard !state.isDone else { return }
            state.isDone = true
            do throws(StoreError) {
                try list(&state)
            } catch {
                if case .corrupt = error { state.archive?.condemn() }
                state.error = error
            }
        }
    }

    private func list(_ state: inout State) throws(StoreError) {
        let last = try journal.lastNumber()
        var number = state.archive?.through ?? 0
        while number < last {
            number += 1
            guard let segment = try journal.segment(number) else {
                throw .corrupt("segment \(number) is missing")
            }
            do throws(SegmentError) {
                try state.tail.add(try SegmentView(segment), number: number)
            } catch {
                throw .corrupt("segment \(number): \(error)")
            }
            while state.tail.count > unarchivedMax, let through = state.tail.oldestClosed {
                try state.archive?.append(through: through, from: journal)
                while try state.archive?.mergeStep() == true {}
                state.tail.forget(through: through)
            }
        }
    }
}
