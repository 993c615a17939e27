import Testing

/// Proves that the rules notice what they are for: a check that cannot fail is none.
struct RuleTests {
    private static func source(_ text: String, at path: String) -> SwiftSource {
        SwiftSource(TextFile(path: path, text: text))
    }

    @Test(arguments: Ban.all)
    func `a ban notices its sample`(ban: Ban) throws {
        let path = try #require(ban.folders.first) + "/Sample.swift"
        #expect(ban.findings(in: Self.source(ban.sample, at: path)).map(\.line) == [1])
        #expect(ban.findings(in: Self.source("// \(ban.sample)", at: path)) == [])
        #expect(ban.findings(in: Self.source("let text = \"\(ban.sample)\"", at: path)) == [])
    }

    @Test(arguments: [
        ("let a = 1 // b", "let a = 1     "),
        ("a /* b /* c */ d */ e", "a                   e"),
        ("f(\"{\", x)", "f(   , x)"),
        ("f(\"a\\\"b\") + c", "f(      ) + c"),
        ("f(\"a\\(g(1, \")\"))b\") + c", "f(                ) + c"),
        ("#\"a\"b\\(c)\"# + d", "            + d"),
        ("func `it's {` () {", "func          () {"),
    ])
    func `only code is left of a text`(text: String, code: String) {
        #expect(String(decoding: CodeText.code(of: text), as: UTF8.self) == code)
    }

    @Test func `text over several lines is blanked`() {
        let text = "let a = \"\"\"\n    fatalError( \"{\" \\(b)\n    \"\"\"\nlet c = 1"
        let lines = Self.source(text, at: "Sources/Credit/A.swift").code
        #expect(lines.map { $0.filter { $0 != " " } } == ["leta=", "", "", "letc=1"])
    }

    @Test func `functions are measured by their braces`() {
        let source = Self.source(
            """
            protocol P {
                func required(_ a: Int) -> Int
                func another()
            }
            struct S {
                init(
                    a: Int
                ) throws(E) {
                    self.a = a
                }

                @Test(arguments: [
                    1, 2,
                ])
                func `one { thing`(value: Int) { #expect(value > 0) }
                mutating func long() {
                    if a {
                        b = "}"
                    }
                    func nested() { c() }
                }
            }
            """, at: "Tests/A/A.swift")
        #expect(source.functions.map(\.name) == ["init", "one { thing", "long", "nested"])
        #expect(source.functions.map(\.lineCount) == [5, 1, 6, 1])
        #expect(source.functions.map(\.isTest) == [false, true, true, false])
    }

    @Test func `imports are read with their access`() {
        let source = Self.source(
            "import A\npublic import B\n@testable import C\n// import D\nimport struct E.F",
            at: "Sources/A/A.swift")
        #expect(source.imports.map(\.module) == ["A", "B", "C", "E"])
    }

    @Test func `a test that calls what expects is one that expects`() {
        let text = """
            @Test func first() { check(1) }

            @Test func second() { print(2) }

            func check(_ value: Int) { verify(value) }

            func verify(_ value: Int) { #expect(value > 0) }
            """
        let source = Self.source(text, at: "Tests/A/A.swift")
        #expect(TestExpectations([source]).findings.map(\.what) == ["second"])
    }
}
