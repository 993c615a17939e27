import Credit
import SQLiteStore
import Terminal

/// `tally export`: the contents of a data folder as tables.
enum ExportCommand {
    static let command = Subcommand(
        name: "export", summary: "write entries, accounts, balances, keys or the configuration",
        help: """
            tally export entries [--account ID]... [--from TIME] [--to TIME] [OPTIONS]
            tally export accounts|balances|keys [OPTIONS]
            tally export configuration [--data DIR] [--output FILE]

            Reads the journal of a folder, whether a server runs on it or not, and changes
            nothing.

            entries is every entry, oldest first, as GET /v1/entries lists them: charges,
            grants, refunds, refusals. accounts, balances and keys is what there is at the
            end: accounts with their sums; grants of which something remains or is held;
            keys with the hash of their secret. configuration is the file that tally apply
            takes. tally import takes the others.

              --format csv|ndjson  a header and a line each, or an object a line (csv)
              --output FILE        a file, there once it is whole (standard output)
              --data DIR           the data folder (./tally-data)
              --account ID         of this account alone; may be given several times
              --from, --to TIME    entries from a time on, and before another

            For Parquet, let DuckDB or pyarrow read the NDJSON: Debian has no library that
            writes it. Amounts are exact decimals with at most 6 places.
            """,
        run: run)

    private static func run(_ text: [String]) throws {
        let arguments = try Arguments(
            text, options: ["--format", "--output", "--data", "--account", "--from", "--to"],
            flags: [])
        guard arguments.values.count == 1 else {
            throw Failure.usage("it is entries, accounts, balances, keys or configuration")
        }
        let kind = arguments.values[0]
        if let option = ["--account", "--from", "--to"].first(where: arguments.has),
            kind != "entries"
        {
            throw Failure.usage("only entries take \(option)")
        }
        if kind == "configuration", arguments.has("--format") {
            throw Failure.usage("the configuration is YAML: it takes no --format")
        }
        let name = try arguments.value("--format") ?? ExportFormat.csv.rawValue
        guard let format = ExportFormat(rawValue: name) else {
            throw Failure.usage("--format is csv or ndjson")
        }
        let export = try export(of: kind, format, arguments)
        let path = try arguments.value("--data") ?? DataOption.usual
        guard DataFolder.exists(path) else {
            throw Failure.failed("\(path) is no data folder of Tally")
        }
        let journal = try SQLiteJournalReader(folder: path)
        let output = try ExportOutput(path: try arguments.value("--output"))
        let count = try export(journal, output)
        try output.finish()
        if let file = try arguments.value("--output") {
            Terminal.report("\(count) \(kind == "configuration" ? "things" : kind) in \(file)")
        }
    }

    /// What is written; checks what it takes before anything is opened.
    private static func export(
        of kind: String, _ format: ExportFormat, _ arguments: Arguments
    ) throws -> (SQLiteJournalReader, ExportOutput) throws -> Int {
        switch kind {
        case "entries":
            let entries = EntryExport(
                accounts: Set(try arguments.all("--account").map(account)),
                period: try arguments.period(), format: format)
            return { try entries.run($0, to: $1) }
        case "accounts": return { try LedgerExport($0).writeAccounts(format, to: $1) }
        case "balances": return { try LedgerExport($0).writeBalances(format, to: $1) }
        case "keys": return { try LedgerExport($0).writeKeys(format, to: $1) }
        case "configuration": return { try LedgerExport($0).writeConfiguration(to: $1) }
        default:
            throw Failure.usage(
                "it is entries, accounts, balances, keys or configuration, not \(kind)")
        }
    }

    private static func account(_ text: String) throws -> Name {
        guard let name = try? Name(text) else {
            throw Failure.usage("--account: \(text) is no id of an account")
        }
        return name
    }
}

extension Arguments {
    /// The period from `--from` to before `--to`, all of time where they are not given.
    func period() throws -> Range<Instant> {
        let from = try time("--from") ?? .earliest
        let to = try time("--to") ?? .latest
        guard from < to else { throw Failure.usage("--to is after --from") }
        return from..<to
    }

    private func time(_ option: String) throws -> Instant? {
        guard let text = try value(option) else { return nil }
        guard let time = try? Instant(rfc3339: text.utf8.span) else {
            throw Failure.usage("\(option) is a time such as 2026-11-01T00:00:00Z")
        }
        return time
    }
}
