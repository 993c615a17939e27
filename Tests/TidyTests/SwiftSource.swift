/// A Swift file with its code apart from its comments and literals.
struct SwiftSource: Sendable {
    /// A function with a body.
    struct Function: Sendable {
        /// The line it begins on, from 1.
        let line: Int
        /// How many lines it takes, the closing brace included.
        let lineCount: Int
        let name: String
        /// The lines above it that carry its attributes, and its own, as written.
        let head: String
        /// The code of its body.
        let body: String
    }

    let file: TextFile
    /// The code of each line.
    let code: [String]

    init(_ file: TextFile) {
        self.file = file
        code = CodeText.code(of: file.text)
            .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// What a line imports, with the line's number from 1.
    var imports: [(line: Int, module: String)] {
        code.enumerated().compactMap { index, line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"), place + 1 < words.count,
                words[..<place].allSatisfy({ $0.hasPrefix("@") || Self.access.contains($0) })
            else { return nil }
            let kinds: Set<Substring> = ["class", "enum", "func", "protocol", "struct", "var"]
            let path = words[(place + 1)...].first { !kinds.contains($0) }
            return path.map { (index + 1, String($0.prefix { $0 != "." })) }
        }
    }

    private static let access: Set<Substring> = [
        "public", "package", "internal", "fileprivate", "private",
    ]

    /// The functions, initialisers and subscripts that have a body of more than one line, found by
    /// indentation: the formatter puts the closing brace under the first word.
    var functions: [Function] {
        code.indices.compactMap { start in
            guard let name = Self.declaredName(code[start], asWritten: file.lines[start]),
                let end = endOfBody(from: start)
            else { return nil }
            let indent = Self.indent(code[start])
            let attributes = file.lines[..<start].reversed().prefix { line in
                !line.isEmpty && Self.indent(String(line)) >= indent
            }
            return Function(
                line: start + 1, lineCount: end - start + 1, name: name,
                head: (attributes.reversed() + [file.lines[start]]).joined(separator: "\n"),
                body: code[start...end].joined(separator: "\n"))
        }
    }

    /// The line of the closing brace; nil when there is no body, as in a protocol.
    private func endOfBody(from start: Int) -> Int? {
        let indent = Self.indent(code[start])
        var depth = 0
        var hasBody = false
        for index in start..<code.count {
            let line = code[index]
            if index > start, !hasBody, Self.indent(line) <= indent, !Self.continues(line) {
                return nil
            }
            for byte in line.utf8 {
                if byte == UInt8(ascii: "{") {
                    depth += 1
                    hasBody = true
                } else if byte == UInt8(ascii: "}") {
                    depth -= 1
                }
            }
            if hasBody, depth <= 0 { return index }
        }
        return nil
    }

    private static func continues(_ line: String) -> Bool {
        guard let first = line.first(where: { $0 != " " }) else { return false }
        return first == ")" || first == "{" || first == "-" || first == "w"
    }

    private static func indent(_ line: String) -> Int {
        line.utf8.prefix { $0 == UInt8(ascii: " ") }.count
    }

    /// The name after `func`, or the keyword of an initialiser or subscript.
    private static func declaredName(_ code: String, asWritten line: Substring) -> String? {
        var words = code.split(separator: " ")
        while let word = words.first, isModifier(word) { words.removeFirst() }
        guard let keyword = words.first else { return nil }
        if keyword == "func" {
            guard let place = line.firstRange(of: "func ") else { return nil }
            let rest = line[place.upperBound...]
            if rest.hasPrefix("`") { return String(rest.dropFirst().prefix { $0 != "`" }) }
            return String(rest.prefix { $0 != "(" && $0 != "<" })
        }
        for special in ["init", "deinit", "subscript"] {
            guard keyword.hasPrefix(special) else { continue }
            let after = keyword.dropFirst(special.count).first
            if after.map({ "(?!<".contains($0) }) ?? true { return special }
        }
        return nil
    }

    private static func isModifier(_ word: Substring) -> Bool {
        word.hasPrefix("@") || modifiers.contains(word) || word.hasPrefix("private(")
    }

    private static let modifiers: Set<Substring> = [
        "public", "package", "internal", "fileprivate", "private", "static", "mutating",
        "consuming", "borrowing", "override", "final", "convenience", "required", "nonisolated",
        "class", "indirect",
    ]
}

extension SwiftSource {
    private static let typeKeywords: Set<Substring> = [
        "actor", "associatedtype", "class", "enum", "protocol", "struct", "typealias",
    ]

    /// The types it declares, with their lines from 1.
    var declaredTypes: [(line: Int, name: String)] {
        code.enumerated().compactMap { index, line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(where: Self.typeKeywords.contains),
                place + 1 < words.count
            else { return nil }
            return (index + 1, String(words[place + 1].prefix { $0.isLetter || $0.isNumber }))
        }
    }
}
