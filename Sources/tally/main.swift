import Glibc
import Terminal

let commands = [
    ServeCommand.command, AdminCommand.command, ReplayCommand.command, UsageCommand.command,
    EstimateCommand.command, PricesCommand.command, ApplyCommand.command, VerifyCommand.command,
    ExportCommand.command, ImportCommand.command, BackupCommand.command, RestoreCommand.command,
    DoctorCommand.command,
    ManualCommand.command,
    CompletionCommand.command,
    VersionCommand.command,
]

let overview = """
    tally: credits for products that sell by credits

    """ + commands.map { "  tally \($0.name)\n      \($0.summary)\n" }.joined() + """

        tally COMMAND --help tells more, and so does tally help COMMAND.
        """

let arguments = Array(CommandLine.arguments.dropFirst())
// What a command writes is for its owner alone, whatever the shell says.
umask(0o077)
guard let name = arguments.first else {
    Terminal.report(overview)
    exit(2)
}
if ["--help", "-h", "help"].contains(name) {
    guard arguments.count > 1 else {
        Terminal.print(overview)
        exit(0)
    }
    guard let topic = commands.first(where: { $0.name == arguments[1] }) else {
        Terminal.report("tally: no command \(arguments[1])\n\n\(overview)")
        exit(2)
    }
    Terminal.print(topic.help)
    exit(0)
}
if name == "--version" {
    Terminal.print(VersionCommand.line)
    exit(0)
}
guard let command = commands.first(where: { $0.name == name }) else {
    Terminal.report("tally: no command \(name)\n\n\(overview)")
    exit(2)
}
do {
    try command.run(Array(arguments.dropFirst()))
} catch Failure.help {
    Terminal.print(command.help)
} catch Failure.usage(let message) {
    Terminal.report("tally \(name): \(message)\n\ntally \(name) --help tells more.")
    exit(2)
} catch Failure.failed(let message) {
    Terminal.report("tally \(name): \(message)")
    exit(1)
} catch Failure.told {
    exit(1)
} catch {
    Terminal.report("tally \(name): \(error)")
    exit(1)
}
