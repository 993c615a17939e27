import Terminal

/// `tally man`: the manual page, made of what every command says of itself.
enum ManualCommand {
    static let command = Subcommand(
        name: "man", summary: "print the manual page",
        help: """
            tally man

            Prints the manual page, in the form that man reads:

              tally man > /usr/local/share/man/man1/tally.1
            """,
        run: run)

    private static func run(_ text: [String]) throws {
        let arguments = try Arguments(text, options: [], flags: [])
        guard arguments.values.isEmpty else {
            throw Failure.usage("unexpected \(arguments.values[0])")
        }
        Terminal.print(page(of: commands))
    }

    private static func page(of commands: [Subcommand]) -> String {
        var lines = [
            ".TH TALLY 1", ".SH NAME", "tally \\- credits for products that sell by credits",
            ".SH SYNOPSIS", ".B tally", ".I COMMAND", "[OPTIONS]", ".SH COMMANDS",
        ]
        for command in commands {
            lines += [".SS \(command.name)", ".nf"]
            lines += command.help.split(separator: "\n", omittingEmptySubsequences: false)
                .map { escaped(String($0)) }
            lines.append(".fi")
        }
        lines += [
            ".SH EXIT STATUS",
            "0 when it is done, 1 when it failed, 2 when the command line is wrong.",
            ".SH FILES", ".TP", ".I ./tally\\-data",
            "where the journal lies unless another folder is named",
        ]
        return lines.joined(separator: "\n")
    }

    /// A line of text as roff prints it unchanged.
    private static func escaped(_ line: String) -> String {
        let text = line.replacing("\\", with: "\\e").replacing("-", with: "\\-")
        return text.hasPrefix(".") || text.hasPrefix("'") ? "\\&" + text : text
    }
}
