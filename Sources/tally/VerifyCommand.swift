import Engine
import Ledger
import SQLiteStore
import Store
import Terminal

/// `tally verify`: reads the whole journal and recomputes what follows from it.
enum VerifyCommand {
    static let command = Subcommand(
        name: "verify", summary: "check the whole journal and recompute every balance",
        help: """
            tally verify [--data DIR] [--head HEAD] [--json]

            Reads every segment: checksums, the chain of hashes, every event; folds them from the
            first and checks that each account's balance follows from its grants. The server must
            not be running. Exit code 1 when anything differs; then the first wrong byte is named.

            It ends with the head: the last segment and its hash, which stand for all before them.
            Keep it somewhere else, and verify later that the journal still has it: that shows
            what nothing in the folder can show, an end cut off or a whole history made anew.

              --data DIR    the data folder (./tally-data)
              --head HEAD   a head printed before, that must still be there
            """,
        run: run)

    private static func run(_ text: [String]) throws {
        let arguments = try Arguments(text, options: ["--data", "--head"], flags: ["--json"])
        let path = try arguments.value("--data") ?? DataOption.usual
        let folder = try DataOption.open(path, creating: false)
        let reader = try SQLiteJournalReader(folder: folder.path)
        var bar = ProgressBar("verify", total: Int(try reader.lastNumber()))
        var segments = 0
        var entries = 0
        var deletions = DeletionCount()
        let recovered: RecoveredLedger
        do {
            recovered = try Recovery.recover(
                from: reader, checkpoint: nil, seed: 0,
                interimEvents: StoreTuning().interimEvents,
                fold: { contents in
                    segments += 1
                    entries += contents.count
                    deletions.add(contents)
                    bar.show(segments)
                })
        } catch {
            bar.finish()
            throw Failure.failed("the journal is not what was written: \(error)")
        }
        bar.finish()
        try deletions.check(in: reader)
        try JournalHead.check(arguments.value("--head"), in: reader)
        try check(SQLiteState.head(in: folder.path), in: reader)
        let ledger = recovered.ledger
        var differences: [AuditDifference] = []
        for slot in 0..<ledger.accountCount {
            differences += ledger.audit(account: AccountSlot(truncatingIfNeeded: slot))
        }
        report(
            arguments, segments, entries, ledger.accountCount, differences.count, deletions,
            head: recovered.last)
        guard differences.isEmpty else {
            throw Failure.failed("\(differences.count) figures differ: \(differences[0])")
        }
    }

    private static func report(
        _ arguments: Arguments, _ segments: Int, _ entries: Int, _ accounts: Int,
        _ differences: Int, _ deletions: DeletionCount, head: JournalMark
    ) {
        let head = JournalHead(head).text
        guard arguments.has("--json") else {
            return Terminal.print(
                "\(segments) segments, \(entries) events, \(accounts) accounts: "
                    + (differences == 0 ? "all agree" : "\(differences) differences")
                    + deletions.text + "\nhead \(head)")
        }
        Terminal.print(
            "{\"ok\":\(differences == 0),\"segments\":\(segments),\"events\":\(entries),"
                + "\"accounts\":\(accounts),\"differences\":\(differences),"
                + "\"segments_with_deleted_details\":\(deletions.segments),"
                + "\"calls_without_details\":\(deletions.calls),\"head\":\"\(head)\"}")
    }
}

extension VerifyCommand {
    /// Fails when a checkpoint was made from segments that the journal does not have.
    private static func check(_ mark: JournalMark?, in journal: SQLiteJournalReader) throws {
        guard let mark, try !Recovery.isPart(mark, of: journal) else { return }
        throw Failure.failed(
            "segment \(mark.number) is missing or another one: state.db was made from a journal that "
                + "had it")
    }
}

/// What is said of details that were deleted.
private struct DeletionCount {
    private(set) var segments = 0
    private(set) var calls = 0

    mutating func add(_ contents: SegmentContents) {
        guard contents.hasDeletedDetails else { return }
        segments += 1
        calls += contents.deletedCount
    }

    /// Fails when something is kept of details that are still there, or of no segment.
    func check(in journal: SQLiteJournalReader) throws {
        let stray = try journal.strayKeptCount()
        guard stray == 0 else {
            throw Failure.failed(
                "details are kept apart of \(stray) segments that have theirs or are not there")
        }
    }

    var text: String {
        guard segments > 0 else { return "" }
        return "\n\(segments) segments have deleted details, of \(calls) calls"
    }
}
