/// One of the things that `tally` does: its name, its help and how to do it.
struct Subcommand: Sendable {
    let name: String
    let summary: String
    let help: String
    let run: @Sendable ([String]) throws -> Void
}
