import Terminal
import Wire

/// `tally version`: which one this is.
enum VersionCommand {
    static let command = Subcommand(
        name: "version", summary: "print which version this is",
        help: """
            tally version

            Prints the version, as tally --version does. GET /metrics has it as tally_build_info.
            """,
        run: { text in
            let arguments = try Arguments(text, options: [], flags: [])
            guard arguments.values.isEmpty else {
                throw Failure.usage("unexpected \(arguments.values[0])")
            }
            Terminal.print(line)
        })

    static let line = "tally \(TallyVersion.text)"
}
