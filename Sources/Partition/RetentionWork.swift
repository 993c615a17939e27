internal import SQLiteStore
internal import Store

/// What is left to be deleted from the archive, on the thread that writes it.
struct RetentionWork {
    /// True when the journal may have lost details since.
    var isAsked = false
    private var current: ArchiveRetention?
    /// True while runs must stay as they are.
    var isUnderWay: Bool { current != nil }
    /// True when what was deleted may still be in the log.
    private var isInLog: Bool
    /// True when nothing is left to do but to clear the log, which readers have kept from that.
    var waitsForReaders: Bool { isInLog && !isUnderWay && !isAsked }

    init(isInLog: Bool) {
        self.isInLog = isInLog
    }

    /// Begins anew, as what is known of the archive may no longer hold.
    mutating func beginAgain() {
        current = nil
        isAsked = true
    }

    /// Goes on while it may; false when there is more to do, so that runs must stay as they are.
    mutating func run(
        in archive: inout SQLiteArchive, from journal: SQLiteJournalReader,
        while mayGoOn: () -> Bool
    ) throws(StoreError) -> Bool {
        while mayGoOn() {
            if current == nil {
                guard isAsked else { break }
                current = try ArchiveRetention(in: archive, from: journal)
                isAsked = false
                guard current != nil else { break }
                archive.abandonMerge()
            }
            // What is left of a merge may hold what is to be deleted.
            if try archive.removeLeftovers() { continue }
            isInLog = true
            if try current?.step(in: archive, from: journal) == false { current = nil }
            archive.copyLog()
        }
        if current == nil, isInLog { isInLog = !archive.clearLog() }
        return current == nil
    }
}
