import Foundation
import Glibc
import SQLiteStore
import Store
import Terminal

/// `tally restore`: makes a data folder of a backup.
enum RestoreCommand {
    static let command = Subcommand(
        name: "restore", summary: "make a data folder of a backup",
        help: """
            tally restore [--data DIR] [--head HEAD] [--json] FOLDER

            Copies the journal of the backup in FOLDER to a new data folder and checks every
            segment on the way, as tally verify does. The data folder must not be there, or be
            empty; it appears whole or not at all. The first start of the server then makes
            state.db from the journal.

              --data DIR    the data folder (./tally-data)
              --head HEAD   the head that tally backup printed: fails unless the backup has it
            """,
        run: run)

    private static func run(_ text: [String]) throws {
        let arguments = try Arguments(text, options: ["--data", "--head"], flags: ["--json"])
        guard arguments.values.count == 1 else {
            throw Failure.usage("it is the folder of one backup")
        }
        let path = try arguments.value("--data") ?? DataOption.usual
        let backup = try DataOption.open(arguments.values[0], creating: false)
        let source = try SQLiteJournalReader(folder: backup.path)
        let last = try source.lastNumber()
        try JournalHead.check(arguments.value("--head"), in: source)
        guard !DataFolder.exists(path) else {
            throw Failure.failed("\(path) is a data folder already: name another, or move it away")
        }
        guard ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).isEmpty else {
            throw Failure.failed("\(path) is not empty: name another, or move what is in it away")
        }
        let copied = try fill("\(trimmed(path)).restoring", from: source, through: last)
        try place("\(trimmed(path)).restoring", at: path)
        CopyReport(copied.head, segments: last, events: copied.events).print(arguments)
    }

    private static func trimmed(_ path: String) -> String {
        path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// Copies into a folder beside the one that is wanted; what an earlier try left there goes.
    private static func fill(
        _ path: String, from source: SQLiteJournalReader, through last: UInt64
    ) throws -> (head: JournalMark, events: Int) {
        let folder = try DataOption.open(path, creating: true)
        guard !folder.hasBeenServed else {
            throw Failure.failed("\(path) has been in use as a data folder: move it away")
        }
        folder.removeJournal()
        var journal = try SQLiteJournal(in: folder)
        let copied = try JournalCopy(source: source, name: "restore")
            .run(to: &journal, after: .start, through: last)
        try journal.close()
        try folder.sync()
        return copied
    }

    /// Gives the folder its name, which a folder with anything in it keeps.
    private static func place(_ path: String, at name: String) throws {
        guard unsafe rename(path, name) == 0 else {
            let reason = unsafe strerror(errno).map { unsafe String(cString: $0) } ?? ""
            throw Failure.failed("\(name): \(reason); what was restored is in \(path)")
        }
        try DataFolder.syncParent(of: name)
    }
}
