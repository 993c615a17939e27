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

/// `tally completion`: what makes a shell complete commands and options.
enum CompletionCommand {
    static let command = Subcommand(
        name: "completion", summary: "print what makes a shell complete commands",
        help: """
            tally completion bash|zsh|fish

            Prints a script for the shell to read:

              bash  source <(tally completion bash)
              zsh   source <(tally completion zsh)
              fish  tally completion fish | source
            """,
        run: run)

    private static func run(_ text: [String]) throws {
        let arguments = try Arguments(text, options: [], flags: [])
        switch arguments.values {
        case ["bash"]: Terminal.print(bash(commands))
        case ["zsh"]:
            Terminal.print("autoload -U +X bashcompinit && bashcompinit\n" + bash(commands))
        case ["fish"]: Terminal.print(fish(commands))
        default: throw Failure.usage("it takes a shell: bash, zsh or fish")
        }
    }

    /// The options that the help of a command names, each once.
    private static func options(of command: Subcommand) -> [String] {
        var found: [String] = ["--help"]
        for word in command.help.split(whereSeparator: { " \n[](),|=".contains($0) })
        where word.hasPrefix("--") && word.count > 2 && !found.contains(String(word)) {
            found.append(String(word))
        }
        return found.sorted()
    }

    private static func bash(_ commands: [Subcommand]) -> String {
        let cases = commands.map { command in
            "    \(command.name)) words=\"\(options(of: command).joined(separator: " "))\" ;;"
        }
        return """
            _tally() {
              local cur=${COMP_WORDS[COMP_CWORD]} words=
              if [ "$COMP_CWORD" -eq 1 ]; then
                COMPREPLY=($(compgen -W "\(commands.map(\.name).joined(separator: " "))" -- "$cur"))
                return
              fi
              case ${COMP_WORDS[1]} in
            \(cases.joined(separator: "\n"))
              esac
              case $cur in
                -*) COMPREPLY=($(compgen -W "$words" -- "$cur")) ;;
                *) COMPREPLY=($(compgen -f -- "$cur")) ;;
              esac
            }
            complete -o filenames -F _tally tally
            """
    }

    private static func fish(_ commands: [Subcommand]) -> String {
        commands.map { command in
            let first =
                "complete -c tally -n __fish_use_subcommand -f -a \(command.name) -d '\(command.summary)'"
            let rest = options(of: command).map { option in
                "complete -c tally -n '__fish_seen_subcommand_from \(command.name)' -l \(option.dropFirst(2))"
            }
            return ([first] + rest).joined(separator: "\n")
        }.joined(separator: "\n")
    }
}
