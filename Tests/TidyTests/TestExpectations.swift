/// Finds tests that cannot fail: no expectation, neither in them nor in what they call.
struct TestExpectations {
    /// What expects; `waitUntil` throws when what it waits for does not come.
    private static let marks = [
        "#expect", "#require", "Issue.record", "confirmation(", "try waitUntil",
    ]

    /// The functions of the tests and of what they share that expect something.
    private let expecting: Set<String>
    private let sources: [SwiftSource]

    init(_ sources: [SwiftSource]) {
        self.sources = sources.filter { $0.file.isIn("Tests") || $0.file.isIn("Sources/TestKit") }
        let functions = self.sources.flatMap(\.functions)
        var known: Set<String> = []
        while true {
            let more = functions.filter { function in
                !known.contains(function.name) && Self.expects(function, known)
            }
            if more.isEmpty { break }
            known.formUnion(more.map(\.name))
        }
        expecting = known
    }

    var findings: [Finding] {
        sources.flatMap { source in
            source.functions.filter { $0.isTest && !Self.expects($0, expecting) }.map { function in
                Finding(
                    rule: "a test without an expectation", path: source.file.path,
                    line: function.line, what: function.name)
            }
        }
    }

    private static func expects(_ function: SwiftSource.Function, _ known: Set<String>) -> Bool {
        marks.contains(where: function.body.contains)
            || known.contains { function.body.contains("\($0)(") && $0 != function.name }
    }
}

extension SwiftSource.Function {
    /// True when it carries `@Test`.
    var isTest: Bool { head.contains("@Test") }
}
