import Testing

/// What the sources may not be or say.
enum SourceRules {
    static let all =
        banned + fileLengths + functionLengths + leftForLater + names + untypedThrows + tests

    static let banned: [Finding] = Ban.all.flatMap { ban in
        SourceTree.swift.flatMap(ban.findings(in:))
    }

    static let fileLengths: [Finding] = SourceTree.files.filter { file in
        [".swift", ".py", ".c", ".css", ".js"].contains(where: file.path.hasSuffix)
            && file.lines.count > 401
    }.map { file in
        Finding(rule: "file length", path: file.path, line: 0, what: "\(file.lines.count) lines")
    }

    static let functionLengths: [Finding] = SourceTree.swift.flatMap { source in
        source.functions.filter { $0.lineCount > 50 }.map { function in
            Finding(
                rule: "function length", path: source.file.path, line: function.line,
                what: "\(function.name) has \(function.lineCount) lines")
        }
    }

    static let leftForLater: [Finding] = SourceTree.files.flatMap { file in
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
        return file.findings("left for later") { line in words.first(where: line.contains) }
    }

    static let names: [Finding] = folderNames + typeNames
    private static let vague: Set<String> = [
        "Common", "Deprecated", "Helper", "Helpers", "Manager", "Managers", "Misc", "New", "Util",
        "Utilities", "Utils",
    ]
    private static let vagueEndings = ["Common", "Helper", "Helpers", "Manager", "Util", "Utils"]

    private static let folderNames = SourceTree.names.filter { path in
        path.split(separator: "/").contains { vague.contains(String($0)) }
    }.map { Finding(rule: "name", path: $0, line: 0, what: "says nothing") }

    private static let typeNames = SourceTree.swift.flatMap { source in
        source.declaredTypes.filter { type in
            vague.contains(type.name) || vagueEndings.contains(where: type.name.hasSuffix)
        }.map { type in
            Finding(rule: "name", path: source.file.path, line: type.line, what: type.name)
        }
    }

    static let untypedThrows: [Finding] = SourceTree.swift.filter { source in
        guard source.file.isIn("Sources"), let target = source.file.target else { return false }
        return !target.hasPrefix("tally") && target != "TestKit"
    }.flatMap { source in
        source.findings("untyped throws") { line in
            line.contains("throws ") || line.hasSuffix("throws") ? line : nil
        }
    }

    static let tests = TestExpectations(SourceTree.swift).findings
}

struct SourceRuleTests {
    @Test(arguments: Ban.all)
    func `no code says what is banned`(ban: Ban) {
        #expect(SourceRules.banned.filter { $0.rule == ban.rule }.unexcused == [])
    }

    @Test func `no file is longer than 400 lines`() {
        #expect(SourceRules.fileLengths.unexcused == [])
    }

    @Test func `no function is longer than 50 lines`() {
        #expect(SourceRules.functionLengths.unexcused == [])
    }

    @Test func `nothing is left to be done later`() {
        #expect(SourceRules.leftForLater.unexcused == [])
    }

    @Test func `folders and types are named for what they are`() {
        #expect(SourceRules.names.unexcused == [])
    }

    @Test func `errors of the libraries are typed`() {
        #expect(SourceRules.untypedThrows.unexcused == [])
    }

    @Test func `every test expects something`() {
        #expect(SourceRules.tests.unexcused == [])
    }

    @Test(arguments: Exception.all)
    func `every exception is still needed`(exception: Exception) {
        let target = exception.path.split(separator: "/").prefix(2).joined(separator: "/")
        guard SourceTree.has(target) else { return }  // still to come
        let findings = SourceRules.all + LayerRules.all + DocumentRules.all
        #expect(findings.contains(where: exception.covers))
    }
}
