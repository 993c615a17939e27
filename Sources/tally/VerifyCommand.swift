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
            tally verify [--data DIR] [--json]

            Reads every segment: checksums, the chain of hashes, every event; folds them from the
            first and checks that each account's balance follows from its grants. The server must
            not be running. Exit code 1 when anything differs.

              --data DIR   the data folder (./tally-data)
            """,
        run: run)

    private static func run(_ text: [String]) throws {
        let arguments = try Arguments(text, options: ["--data"], flags: ["--json"])
        let path = try arguments.value("--data") ?? DataOption.usual
        let folder = try DataOption.open(path, creating: false)
        let reader = try SQLiteJournalReader(folder: folder.path)
        var bar = ProgressBar("verify", total: Int(try reader.lastNumber()))
        var segments = 0
        var entries = 0
        let recovered: RecoveredLedger
        do {
            recovered = try Recovery.recover(
                from: reader, checkpoint: nil, seed: 0,
                interimEvents: StoreTuning().interimEvents,
                fold: { contents in
                    segments += 1
                    entries += contents.count
                    bar.show(segments)
                })
        } catch {
            bar.finish()
            throw Failure.failed("the journal is not what was written: \(error)")
        }
        bar.finish()
        let ledger = recovered.ledger
        var differences: [AuditDifference] = []
        for slot in 0..<ledger.accountCount {
            differences += ledger.audit(account: AccountSlot(truncatingIfNeeded: slot))
        }
        report(arguments, segments, entries, ledger.accountCount, differences.count)
        guard differences.isEmpty else {
            throw Failure.failed("\(differences.count) figures differ: \(differences[0])")
        }
    }

    private static func report(
        _ arguments: Arguments, _ segments: Int, _ entries: Int, _ accounts: Int,
        _ differences: Int
    ) {
        guard arguments.has("--json") else {
            return Terminal.print(
                "\(segments) segments, \(entries) events, \(accounts) accounts: "
                    + (differences == 0 ? "all agree" : "\(differences) differences"))
        }
        Terminal.print(
            "{\"ok\":\(differences == 0),\"segments\":\(segments),\"events\":\(entries),"
                + "\"accounts\":\(accounts),\"differences\":\(differences)}")
    }
}

/// The `--data` option of commands that open the folder themselves.
enum DataOption {
    static let usual = "./tally-data"

    /// Locks the folder.
    static func open(_ path: String, creating: Bool) throws -> DataFolder {
        if !creating {
            guard DataFolder.exists(path) else {
                throw Failure.failed("\(path) is no data folder of Tally")
            }
        }
        do {
            return try DataFolder(path: path)
        } catch .inUse(let path) {
            throw Failure.failed("\(path) is in use by another process")
        } catch {
            throw Failure.failed("\(path): \(error)")
        }
    }
}
