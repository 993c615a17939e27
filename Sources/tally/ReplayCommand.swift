import Credit
import Engine
import Terminal

/// `tally replay`: charges a recorded trace over HTTP.
enum ReplayCommand {
    static let command = Subcommand(
        name: "replay", summary: "charge the calls of a recorded trace over HTTP",
        help: """
            tally replay --format azure-llm --prices FILE --url URL --key KEY [OPTIONS] FILE...

            Charges every call of the trace files, row by row over all files in the order given:
            row i to account i mod N (demo-00, demo-01, ...) through customer key i mod 3. With an
            operator key it first makes the price list, accounts, keys and grants, once. The same
            replay again charges nothing twice and prints the same totals.

              --prices FILE          USD per million tokens by model (CSV)
              --url URL              where Tally answers
              --key KEY              an operator key
              --model KIND=NAME      the model that prices a kind of file: conv (gpt-4o-mini),
                                     code (gpt-4.1); a file is code when its name says so
              --usd-per-credit X     what a credit is worth (0.0000005: 2,000,000 a dollar)
              --round X              round each call up to a multiple of X credits (exact)
              --accounts N           how many accounts (50)
              --connections N        requests under way at most (32)
              --speed recorded|max   as far apart as recorded, or as fast as it goes (max)
              --backdate             post the calls as if the trace had ended just now
              --json                 {"calls","credits","accounts","keys","models","seconds"}
            """,
        run: run)

    private static func run(_ arguments: [String]) throws {
        let options = try ReplayOptions(arguments)
        let connection = try TallyConnection(url: options.url, key: options.key)
        let calls = try TraceFile.read(options.files)
        let end = LedgerClock(notBefore: .earliest).now()
        let start =
            options.isBackdated
            ? try ReplaySetup.start(
                of: calls, endingAt: end, options: options, connection: connection) : nil
        let setup = ReplaySetup(options: options, connection: connection, start: start)
        let isReused = try setup.run(calls)
        if isReused { Terminal.report("the accounts are there from an earlier replay: reused") }
        let first = calls.min { $0.time < $1.time }?.time ?? .epoch
        let totals = try ReplayRun(
            options: options, connection: connection, calls: calls, firstTime: first, start: start
        ).run()
        let report = ReplayReport(totals: totals, accountCount: options.accountCount)
        if options.wantsJSON { Terminal.print(report.json) } else { report.show() }
    }
}
