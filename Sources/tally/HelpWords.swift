/// What can be typed after the name of a command, as its help has it.
///
/// The lines up to the first empty one say how the command is used; lines that begin with an option
/// describe it. Words in lower case stand for themselves, those in capitals for values of one's own.
struct HelpWords {
    /// The options, in order of their names.
    let options: [String]
    /// What options take where that is one of some words.
    private(set) var values: [String: [String]] = [:]
    /// What can stand after some words: the words before, and those that can follow.
    private(set) var paths: [(before: [String], next: [String])] = []

    init(_ command: Subcommand) {
        var found: Set<String> = ["--help"]
        let lines = command.help.split(separator: "\n", omittingEmptySubsequences: false)
        let usage = lines.prefix { !$0.isEmpty }
        let described = lines.dropFirst(usage.count).map { $0.drop { $0 == " " } }
            .filter { $0.hasPrefix("--") }
            .map { line in line.firstRange(of: "  ").map { line[..<$0.lowerBound] } ?? line }
        for line in usage + described {
            let words = line.split { " [](),=.".contains($0) }.map(String.init)
            for (place, word) in words.enumerated() where word.hasPrefix("--") {
                for option in word.split(separator: "|").map(String.init) { found.insert(option) }
                if place + 1 < words.count, let named = Self.alternatives(words[place + 1]) {
                    values[word] = named
                }
            }
        }
        options = found.sorted()
        for line in usage { addPath(of: line, command.name) }
    }

    /// The words of `a|b`; nil for what stands for a value of one's own.
    private static func alternatives(_ word: String) -> [String]? {
        let words = word.split(separator: "|").map(String.init)
        let isLiteral = words.allSatisfy { word in
            word.allSatisfy { $0.isLowercase || $0.isNumber || "-_".contains($0) }
                && word.first?.isLowercase ?? false
        }
        return isLiteral && !words.isEmpty ? words : nil
    }

    private mutating func addPath(of line: Substring, _ name: String) {
        let words = line.split(separator: " ").map(String.init)
        guard words.prefix(2) == ["tally", name] else { return }
        var before: [String] = []
        for word in words.dropFirst(2) {
            guard let next = Self.alternatives(word) else { return }
            if let known = paths.firstIndex(where: { $0.before == before }) {
                paths[known].next += next.filter { !paths[known].next.contains($0) }
            } else {
                paths.append((before, next))
            }
            guard next.count == 1 else { return }
            before += next
        }
    }
}
