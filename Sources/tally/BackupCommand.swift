import SQLiteStore
import Store
import Terminal

/// `tally backup`: copies the journal of a folder, whether a server runs on it or not.
enum BackupCommand {
    static let command = Subcommand(
        name: "backup", summary: "copy the journal, also while the server runs",
        help: """
            tally backup [--data DIR] [--quick] [--json] FOLDER

            Copies every segment of the journal to FOLDER, which is made if need be, and checks
            each on the way: checksums, the chain of hashes, every event. All that was
            acknowledged before the command began is in it. A FOLDER that holds an earlier
            backup of the same journal is brought up to date; one that was broken off goes on
            where it ended. What FOLDER holds already is checked likewise, before anything is
            added, and nothing is if it is damaged; details that were deleted since are deleted
            from it as well. The server may be running.

            It ends with the head: the last segment and its hash, which stand for all before
            them. Keep it apart from the backup; tally restore --head asks for it.

            A backup is a data folder: tally verify --data FOLDER reads it. Keys are in it as
            hashes only. state.db is not, as it follows from the journal.

              --data DIR  the data folder (./tally-data)
              --quick     check only what is new, not what FOLDER holds already: for a backup
                          every few minutes, beside one without it every day
            """,
        run: run)

    private static func run(_ text: [String]) throws {
        let arguments = try Arguments(text, options: ["--data"], flags: ["--quick", "--json"])
        guard arguments.values.count == 1 else {
            throw Failure.usage("it is one folder to copy to")
        }
        let target = arguments.values[0]
        let path = try arguments.value("--data") ?? DataOption.usual
        guard DataFolder.exists(path) else {
            throw Failure.failed("\(path) is no data folder of Tally")
        }
        let source = try SQLiteJournalReader(folder: path)
        let last = try source.lastNumber()
        let folder = try DataOption.open(target, creating: true)
        guard SQLiteState.head(in: folder.path) == nil else {
            throw Failure.failed("\(target) is in use as a data folder, not a backup")
        }
        var journal = try SQLiteJournal(in: folder)
        let mark = try held(by: target, source, checked: !arguments.has("--quick"))
        try DeletedDetails(source: source).delete(from: &journal, in: target, through: mark.number)
        let copied = try JournalCopy(source: source, name: "backup")
            .run(to: &journal, after: mark, through: last)
        let segments = copied.head.number - mark.number
        CopyReport(
            copied.head, segments: segments, events: copied.events,
            checked: arguments.has("--quick") ? 0 : mark.number
        ).print(arguments)
    }

    /// Up to where an earlier backup reaches, which must be one of the same journal, and sound if it is
    /// to be checked.
    private static func held(
        by path: String, _ source: SQLiteJournalReader, checked: Bool
    ) throws -> JournalMark {
        let backup = try SQLiteJournalReader(folder: path)
        let number = try backup.lastNumber()
        guard number > 0, let segment = try backup.segment(number) else { return .start }
        guard try source.segment(number)?.hash == segment.hash else {
            throw Failure.failed(
                "\(path) is a backup of another journal, or this one has lost segment \(number)")
        }
        // From here back all is as the journal has it, if the chain holds: the last hash is the same.
        if checked {
            do {
                try JournalCheck(journal: backup).run(through: number)
            } catch {
                let reason = (error as? Failure)?.message ?? "\(error)"
                throw Failure.failed(
                    "the backup in \(path) is damaged: \(reason)\nNothing was added. Keep it for what it "
                        + "still has, and back up to a new folder.")
            }
        }
        let header = try segment.header()
        return JournalMark(number: number, hash: segment.hash, time: header.time)
    }
}

/// What was copied, as it is printed.
struct CopyReport {
    private let head: JournalMark
    private let segments: UInt64
    private let events: Int
    /// How many segments that were there before were checked; nil where none can have been.
    private let checked: UInt64?

    init(_ head: JournalMark, segments: UInt64, events: Int, checked: UInt64? = nil) {
        self.head = head
        self.segments = segments
        self.events = events
        self.checked = checked
    }

    func print(_ arguments: Arguments) {
        let text = head.number > 0 ? JournalHead(head).text : ""
        guard arguments.has("--json") else {
            let before = checked.map { ", \($0) that were there before checked" } ?? ""
            return Terminal.print(
                "\(segments) segments copied and checked, \(events) events\(before)\nhead \(text)")
        }
        let before = checked.map { "\"checked\":\($0)," } ?? ""
        Terminal.print(
            "{\"segments\":\(segments),\"events\":\(events),\(before)\"head\":\"\(text)\"}")
    }
}
