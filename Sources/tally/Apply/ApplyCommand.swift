import JSON
import Terminal

/// `tally apply`: price lists, plans and accounts as a file has them.
enum ApplyCommand {
    static let command = Subcommand(
        name: "apply", summary: "make price lists, plans and accounts as a file says",
        help: """
            tally apply FILE --key KEY [--url URL] [--dry-run]
                        [--plan-changes now|period_end] [--json]

            Compares a file with a server and makes what is missing or otherwise: first
            price lists, then plans, then accounts with their budgets. All of the file is
            checked before anything is changed. What it does not name is left as it is,
            nothing is deleted, and a second run changes nothing. Price lists, plans and
            budgets are as a whole what the file says; of an account it may say a part. A
            changed price list or plan is a new version: calls and periods of before keep
            theirs.

            The file is YAML, or JSON where its name ends with .json; - is standard input.
            Members are named as in the API:

              price_lists:
                default:
                  rules:
                    - {id: search, action: search, per_call: 0.4}
              plans:
                pro: {name: Pro, credits: 10000, period: month, price_list: default}
              accounts:
                acme:
                  name: Acme
                  plan: pro
                  overdraft_limit: 0
                  suspended: false
                  budgets:
                    daily: {scope: {}, limit: 500, window: day}

              --key KEY        an operator's key (or TALLY_KEY in the environment)
              --url URL        where Tally answers (TALLY_URL, else http://127.0.0.1:8080)
              --dry-run        only say what would change
              --plan-changes   when accounts that have a plan get another: at the end of
                               their period (period_end), or now
            """,
        run: run)

    private static func run(_ text: [String]) throws {
        let arguments = try Arguments(
            text, options: TallyConnection.options.union(["--plan-changes"]),
            flags: ["--dry-run", "--json"])
        guard arguments.values.count == 1 else { throw Failure.usage("it is one file") }
        let when = try arguments.value("--plan-changes") ?? "period_end"
        guard let planChange = ConfigurationComparison.PlanChange(rawValue: when) else {
            throw Failure.usage("--plan-changes is now or period_end")
        }
        let connection = try TallyConnection(arguments)
        let configuration = try Configuration(path: arguments.values[0])
        var comparison = ConfigurationComparison(connection, planChange: planChange)
        try comparison.compare(configuration)
        let isDry = arguments.has("--dry-run")
        if !isDry {
            try comparison.makeChanges { change in
                if !arguments.has("--json") { Terminal.print(change.text) }
            }
        }
        for warning in comparison.warnings { Terminal.report(warning) }
        guard !arguments.has("--json") else { return printJSON(comparison, isDry: isDry) }
        if isDry { for change in comparison.changes { Terminal.print(change.text) } }
        let created = comparison.changes.count { $0.kind == .create }
        let changed = comparison.changes.count - created
        let would = isDry ? "would be " : ""
        Terminal.print(
            "\(would)created: \(created), \(would)changed: \(changed), as they are: "
                + "\(comparison.unchangedCount)")
    }

    private static func printJSON(_ comparison: ConfigurationComparison, isDry: Bool) {
        var json = JSONWriter()
        json.beginObject()
        json.member("applied", !isDry)
        json.key("changes")
        json.beginArray()
        for change in comparison.changes { json.value(change) }
        json.endArray()
        json.member("unchanged", Int64(comparison.unchangedCount))
        json.endObject()
        Terminal.print(String(decoding: json.bytes, as: UTF8.self))
    }
}
