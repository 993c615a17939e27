import Credit
import Foundation
import JSON
import Terminal

/// `tally import`: accounts, keys, balances and calls of the past, from tables.
enum ImportCommand {
    static let command = Subcommand(
        name: "import", summary: "take over accounts, keys, balances and calls from elsewhere",
        help: """
            tally import FOLDER|FILE... --key KEY [--url URL] [--dry-run] [--replace]
                         [--skip COLUMN]... [--batch NAME]

            Takes over tables that tally export writes, or others with the same columns:
            accounts, keys, entries and balances, each a file of that name that ends with
            .csv or .ndjson, or a folder of them. All rows are checked first; what is wrong
            is told with its line, and nothing is done. Then: accounts, keys, entries, the
            plans of the accounts, balances. A second run imports nothing twice. What the
            ledger refuses of one account does not hold up the others.

              accounts  id; name, plan, anchor, time_zone, overdraft_limit, price_list,
                        suspended, metadata
              keys      account, name, sha256; id, scopes, expires_at, revoked. Customers
                        go on using their keys: only the hash of a secret is needed.
              entries   account, created_at, credits, action; kind, entry_id, key (the id
                        or name of one of the keys), team, scenario, scenario_type, run,
                        module, request_id, status, results, bytes, duration_ms,
                        check_run, parameters, metadata; refunds (an entry_id) for a
                        refund. In the order of time; charges, captures and refunds are
                        imported. What they took is granted at their beginning, so they
                        change no balance. They come before an account has other entries;
                        keys of the table can do nothing until they are imported.
              balances  account, credits; held, kind, priority, effective_at, expires_at,
                        package, price_paid, payment_reference, note, grant (an id). A
                        grant for each row; less than 0 is what an account owes.

              --key KEY      an operator's key (or TALLY_KEY in the environment)
              --url URL      where Tally answers (TALLY_URL, else http://127.0.0.1:8080)
              --dry-run      only check, and say what would be imported and what the ledger
                             would refuse; whether a hash is that of another account's
                             key only the import itself finds out
              --replace      void what the accounts of the balances had before, such as
                             what a plan has just granted; what is granted later stays
              --skip COLUMN  leave out a column
              --batch NAME   import rows that look like ones imported before once more,
                             such as the top-ups of another month
            """,
        run: run)

    private static func run(_ text: [String]) throws {
        let arguments = try Arguments(
            text, options: TallyConnection.options.union(["--skip", "--batch"]),
            flags: ["--dry-run", "--replace"])
        let tables = try tables(of: arguments.values)
        guard tables["balances"] != nil || !arguments.has("--replace") else {
            throw Failure.usage("--replace goes with balances")
        }
        let target = ImportTarget(
            try TallyConnection(arguments), batch: try arguments.value("--batch") ?? "")
        var job = ImportJob(tables, skipping: Set(arguments.all("--skip")), to: target)
        try job.check()
        if !arguments.has("--replace") { try job.warn() }
        guard !arguments.has("--dry-run") else {
            return try ImportJob.tell(job.refusals, "would not be imported; all others would")
        }
        try job.run(replacing: arguments.has("--replace"))
    }

    /// The files by the names of their tables.
    private static func tables(of paths: [String]) throws -> [String: String] {
        var files = paths
        if paths.count == 1,
            let names = try? FileManager.default.contentsOfDirectory(atPath: paths[0])
        {
            files = names.sorted().filter { TableReader.isCSV($0) != nil }
                .map { "\(paths[0])/\($0)" }
        }
        guard !files.isEmpty else { throw Failure.usage("it is a folder, or tables") }
        var tables: [String: String] = [:]
        for file in files {
            let name = file.split(separator: "/").last?.split(separator: ".").first ?? ""
            guard TableForm.named(String(name)) != nil else {
                throw Failure.failed(
                    "\(file): a table is called accounts, keys, entries or balances")
            }
            guard tables.updateValue(file, forKey: String(name)) == nil else {
                throw Failure.failed("\(file): there is another table called \(name)")
            }
        }
        return tables
    }
}

/// The tables of one import: checked as a whole, then carried out in the order that they need.
struct ImportJob {
    /// The most accounts of a table.
    private static let accountsMax = 1_000_000
    /// How many failures are told.
    private static let failuresShown = 20

    private let target: ImportTarget
    private let skipped: Set<String>
    private let accountsPath: String?
    private var accounts: [Configuration.AccountPart] = []
    private var keys: KeyImport?
    private var entries: EntryImport?
    private var balances: BalanceImport?

    /// The import of files, by the names of their tables.
    init(_ tables: [String: String], skipping skipped: Set<String>, to target: ImportTarget) {
        (self.target, self.skipped) = (target, skipped)
        accountsPath = tables["accounts"]
        keys = tables["keys"].map { KeyImport(path: $0, to: target) }
        entries = tables["entries"].map { EntryImport(path: $0, skipping: skipped, to: target) }
        balances = tables["balances"].map { BalanceImport(path: $0, to: target) }
    }

    /// Checks every row of every table, and says what there is to import.
    mutating func check() throws {
        if let accountsPath { try checkAccounts(accountsPath) }
        if var keys {
            try keys.check(skipping: skipped)
            Terminal.print(keys.summary)
            self.keys = keys
        }
        if var entries {
            try entries.check(keys?.names ?? ImportedKeyNames())
            Terminal.print(entries.summary)
            self.entries = entries
        }
        if var balances {
            try balances.check(skipping: skipped)
            Terminal.print(balances.summary)
            self.balances = balances
        }
    }

    /// Says which balances come on top of what plans grant.
    func warn() throws {
        guard let count = try balances?.plannedCount, count > 0 else { return }
        Terminal.report(
            "balances: \(count) of the accounts with credits of a plan in the table have a plan, which "
                + "grants them credits of its own besides; --replace leaves only those of the table"
        )
    }

    /// What the ledger would refuse, as far as can be told before.
    var refusals: [String] {
        get throws { try entries?.refusals ?? [] }
    }

    private mutating func checkAccounts(_ path: String) throws {
        let reader = try TableReader(path: path, form: .accounts, skipping: skipped)
        var ids: Set<String> = []
        try reader.forEachRow { row in
            guard accounts.count < Self.accountsMax else {
                throw Failure.failed("a table has at most \(Self.accountsMax) accounts")
            }
            guard let id = row["id"]?.string, let name = try? Name(id) else {
                throw Failure.failed("id: an id is 1 to 64 of A-Z a-z 0-9 . _ : -")
            }
            guard ids.insert(id).inserted else {
                throw Failure.failed("id: the account \(id) is there twice")
            }
            let members = row.values.filter { $0.key != "id" }
            accounts.append(try Configuration.account(name, .object(members)))
            target.expect(account: id, hasPlan: row["plan"]?.string != nil)
        }
        let found: ConfigurationComparison
        do {
            found = try comparison(of: accounts)
        } catch Failure.failed(let message) {
            throw Failure.failed("\(path): \(message)")
        }
        let created = found.changes.count { $0.kind == .create }
        Terminal.print(
            "accounts: \(created) to create, \(found.changes.count - created) to change, "
                + "\(found.unchangedCount) as they are")
    }

    private func comparison(
        of accounts: [Configuration.AccountPart]
    ) throws -> ConfigurationComparison {
        var comparison = ConfigurationComparison(target.connection, planChange: .periodEnd)
        try comparison.compare(Configuration(accounts: accounts))
        return comparison
    }

    /// Imports what was checked; what cannot be is told at the end.
    mutating func run(replacing isWhole: Bool) throws {
        Terminal.print("")
        var failures: [String] = []
        if !accounts.isEmpty {
            let made = try comparison(of: accounts.map(\.forImport))
            try made.makeChanges { _ in }
            Terminal.print("accounts: \(made.changes.count) created or changed")
        }
        if let keys { Terminal.print(try keys.make(isPending: entries != nil)) }
        if let entries {
            var sending = EntrySending(entries)
            Terminal.print(try sending.run(keys?.names ?? ImportedKeyNames()))
            failures += sending.failures.values.sorted()
        }
        if !accounts.isEmpty {
            let last = try comparison(of: accounts)
            try last.makeChanges { _ in }
            Terminal.print("plans and suspensions: \(last.changes.count) accounts")
        }
        if var balances {
            Terminal.print(try balances.run(replacing: isWhole))
            failures += balances.failures
        }
        if entries != nil { try keys?.finish() }
        try Self.tell(failures, "could not be imported; all others are there")
    }

    /// Fails with what cannot be imported, if anything.
    fileprivate static func tell(_ failures: [String], _ outcome: String) throws {
        guard !failures.isEmpty else { return }
        for failure in failures.prefix(failuresShown) { Terminal.report(failure) }
        throw Failure.failed("\(failures.count) accounts or grants \(outcome)")
    }
}
