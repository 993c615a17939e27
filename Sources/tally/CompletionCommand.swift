import Terminal

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
        let known = commands.map { (command: $0, words: HelpWords($0)) }
        switch arguments.values {
        case ["bash"]: Terminal.print(bash(known))
        case ["zsh"]: Terminal.print("autoload -U +X bashcompinit && bashcompinit\n" + bash(known))
        case ["fish"]: Terminal.print(fish(known))
        default: throw Failure.usage("it takes a shell: bash, zsh or fish")
        }
    }

    private static func list(_ words: [String]) -> String { words.joined(separator: " ") }

    private static func bash(_ known: [(command: Subcommand, words: HelpWords)]) -> String {
        let names = list(known.map(\.command.name))
        var paths = ["    \"\") words=\"\(names) help\" ;;", "    help) words=\"\(names)\" ;;"]
        var options: [String] = []
        for (command, words) in known {
            for path in words.paths {
                let before = list([command.name] + path.before)
                paths.append("    \"\(before)\") words=\"\(list(path.next))\" ;;")
            }
            options.append("    \(command.name)) options=\"\(list(words.options))\" ;;")
            for (option, values) in words.values.sorted(by: { $0.key < $1.key }) {
                paths.append(
                    "    \"\(command.name) \"*\" \(option)\" | \"\(command.name) \(option)\")"
                        + " words=\"\(list(values))\" ;;")
            }
        }
        return """
            _tally() {
              local cur=${COMP_WORDS[COMP_CWORD]} words= options=
              case "${COMP_WORDS[*]:1:COMP_CWORD-1}" in
            \(paths.joined(separator: "\n"))
              esac
              case ${COMP_WORDS[1]} in
            \(options.joined(separator: "\n"))
              esac
              case $cur in
                -*) COMPREPLY=($(compgen -W "$options" -- "$cur")) ;;
                *) if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$cur"))
                   else COMPREPLY=($(compgen -f -- "$cur")); fi ;;
              esac
            }
            complete -o filenames -F _tally tally
            """
    }

    private static func fish(_ known: [(command: Subcommand, words: HelpWords)]) -> String {
        var lines: [String] = []
        for (command, words) in known {
            let seen = "__fish_seen_subcommand_from"
            lines.append(
                "complete -c tally -n __fish_use_subcommand -f -a \(command.name) "
                    + "-d '\(command.summary)'")
            for path in words.paths {
                let before = ([command.name] + path.before).map { "\(seen) \($0)" }
                let condition =
                    (before + ["not \(seen) \(list(path.next))"]).joined(separator: "; and ")
                lines.append("complete -c tally -n '\(condition)' -f -a '\(list(path.next))'")
            }
            for option in words.options {
                let values = words.values[option].map { " -x -a '\(list($0))'" } ?? ""
                lines.append(
                    "complete -c tally -n '\(seen) \(command.name)' -l \(option.dropFirst(2))"
                        + values)
            }
        }
        return lines.joined(separator: "\n")
    }
}
