import Testing

/// A place that breaks a rule of the house.
struct Finding: Hashable, CustomStringConvertible {
    let rule: String
    let path: String
    /// From 1; 0 for the whole file.
    let line: Int
    let what: String

    var description: String { "\(path):\(line): \(rule): \(what)" }
}

/// What may break a rule, and why; the only such list.
struct Exception: Sendable, CustomTestStringConvertible {
    let rule: String
    /// A file, or a folder with all its files.
    let path: String
    let reason: String

    var testDescription: String { "\(rule) in \(path)" }

    static let all = [
        Exception(
            rule: "@unchecked Sendable", path: "Sources/SQLiteStore/Database.swift",
            reason: """
                A SQLite handle may move between threads but is used by one at a time; both types \
                cannot be copied, so the compiler sees to that.
                """),
        Exception(
            rule: "@unchecked Sendable", path: "Sources/Ledger/BlockList.swift",
            reason: """
                Its pointers lead into blocks that it owns and writes to only as their sole holder; \
                counting a reference at each access was a twentieth of the writer's time.
                """),
        Exception(
            rule: "one importer", path: "Sources/tally-bench/PlainSQLiteCase.swift",
            reason: "It measures plain SQLite beside the store, and so must not go through it."),
        Exception(
            rule: "one importer", path: "Sources/SimulatedDisk",
            reason: "It is a disk for SQLite itself, the interface below the store."),
    ]

    /// Whether this lets the finding pass.
    func covers(_ finding: Finding) -> Bool {
        rule == finding.rule && (path == finding.path || finding.path.hasPrefix("\(path)/"))
    }
}

extension [Finding] {
    /// The findings that no exception covers.
    var unexcused: [Finding] {
        filter { finding in !Exception.all.contains { $0.covers(finding) } }
    }
}

extension TextFile {
    /// A finding for each line in which `what` finds something, as written.
    func findings(_ rule: String, _ what: (Substring) -> String?) -> [Finding] {
        lines.enumerated().compactMap { index, line in
            what(line).map { Finding(rule: rule, path: path, line: index + 1, what: $0) }
        }
    }
}

extension SwiftSource {
    /// A finding for each line in whose code `what` finds something.
    func findings(_ rule: String, _ what: (String) -> String?) -> [Finding] {
        code.enumerated().compactMap { index, line in
            what(line).map { Finding(rule: rule, path: file.path, line: index + 1, what: $0) }
        }
    }
}
