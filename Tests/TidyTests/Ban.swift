import Testing

/// A word that code must not say, and where.
struct Ban: Sendable, CustomTestStringConvertible {
    let rule: String
    /// Matched whole: neither a letter, a digit nor `_` stands beside its letters.
    let words: [String]
    /// The folders it holds in.
    let folders: [String]
    /// Code that breaks it, to prove that it is noticed.
    let sample: String

    var testDescription: String { rule }

    private static let domain = [
        "API", "Credit", "Digest", "Engine", "HTTP", "JSON", "Ledger", "Partition", "Pricing",
        "Reports", "SQLiteStore", "Store", "Wire",
    ].map { "Sources/\($0)" }
    private static let exact = [
        "Credit", "Engine", "JSON", "Ledger", "Pricing", "Reports", "Store",
    ].map { "Sources/\($0)" }
    private static let decided = ["Credit", "JSON", "Ledger", "Pricing", "Store"]
        .map { "Sources/\($0)" }

    private static let everywhere = ["Sources", "Tests", "Fuzz"]

    static let all = [
        Ban(
            rule: "@unchecked Sendable", words: ["@unchecked"], folders: everywhere,
            sample: "extension Handle: @unchecked Sendable {}"),
        Ban(
            rule: "nonisolated(unsafe)", words: ["nonisolated(unsafe)"],
            folders: everywhere, sample: "nonisolated(unsafe) var count = 0"),
        Ban(
            rule: "fatalError", words: ["fatalError"], folders: everywhere,
            sample: "default: fatalError()"),
        Ban(
            rule: "try!", words: ["try!"], folders: everywhere,
            sample: "let list = try! read()"),
        Ban(
            rule: "a task that nobody awaits", words: ["Task {", "Task.detached"],
            folders: ["Sources"], sample: "Task { await send() }"),
        Ban(
            rule: "Foundation in the domain",
            words: ["import Foundation", "import FoundationEssentials"], folders: domain,
            sample: "internal import Foundation"),
        Ban(
            rule: "floating point in money", words: ["Double", "Float", "Float80", "CGFloat"],
            folders: exact, sample: "let balance: Double = 0"),
        Ban(
            rule: "a clock or dice in a decision",
            words: [
                "Date()", "UUID()", ".random(", "ContinuousClock", "SystemRandomNumberGenerator",
            ],
            folders: decided, sample: "let now = Date()"),
        Ban(
            rule: "a test that sleeps",
            words: ["Thread.sleep", "Task.sleep", "sleep(", "usleep(", "nanosleep("],
            folders: ["Tests"], sample: "usleep(100)"),
    ]

    /// The lines of a source that break it.
    func findings(in source: SwiftSource) -> [Finding] {
        guard folders.contains(where: source.file.isIn) else { return [] }
        return source.findings(rule) { line in words.first { Self.says(line, $0) } }
    }

    private static func says(_ line: String, _ word: String) -> Bool {
        var rest = line[...]
        while let place = rest.firstRange(of: word) {
            let before = line[..<place.lowerBound].last
            let after = line[place.upperBound...].first
            let startsFree = !isWordPart(word.first) || !isWordPart(before)
            let endsFree = !isWordPart(word.last) || !isWordPart(after)
            if startsFree, endsFree { return true }
            rest = line[place.upperBound...]
        }
        return false
    }

    private static func isWordPart(_ character: Character?) -> Bool {
        character.map { $0.isLetter || $0.isNumber || $0 == "_" } ?? false
    }
}
