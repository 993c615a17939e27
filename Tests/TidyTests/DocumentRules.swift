import Foundation
import Testing

/// What documents, scripts and other files may not be or say.
enum DocumentRules {
    static let all = citations + links + limits + machines + scripts
    static let documents = SourceTree.files.filter { $0.path.hasSuffix(".md") }

    /// Documents that some file names by their path under docs, and that do not exist.
    static let citations: [Finding] = SourceTree.files.flatMap { file in
        file.findings("citation") { line in
            guard line.contains("docs/") else { return nil }
            return line.matches(of: /(?:^|[^A-Za-z\/-])(docs\/[a-z0-9\/-]+\.md)/)
                .map { String($0.1) }.first { !SourceTree.has($0) }
        }
    }

    /// Relative links of documents that lead nowhere.
    static let links: [Finding] = documents.flatMap { file in
        file.findings("link") { line in
            line.matches(of: /\]\(([^)#:]+)(?:#[^)]*)?\)/)
                .map { resolve(String($0.1), from: file.path) }.first { !SourceTree.has($0) }
        }
    }

    /// Limits that docs/adr/0009-limits.md lists and its places do not have, or not with this value.
    static let limits: [Finding] = documents.filter { $0.path.hasSuffix("/0009-limits.md") }
        .flatMap { file in
            file.findings("limit") { line in
                guard let row = line.wholeMatch(of: limitRow) else { return nil }
                let (_, value, path, name) = row.output
                let target = path.split(separator: "/").prefix(2).joined(separator: "/")
                guard SourceTree.has(target) else { return nil }  // still to come
                let source = SourceTree.files.first { $0.path == path }
                let isThere = source?.lines.contains { line in
                    (line.contains("let \(name)") || line.contains("var \(name)"))
                        && line.hasSuffix(" = \(value)")
                }
                return isThere == true ? nil : "\(name) = \(value) in \(path)"
            }
        }

    private static var limitRow: Regex<(Substring, Substring, Substring, Substring)> {
        /\|.*\| `([^`]+)` \| `([^`]+)` `([^`]+)` \|/
    }

    /// Folders of somebody's machine.
    static let machines: [Finding] = SourceTree.files.flatMap { file in
        let folders = ["work", "root", "home/[a-z]+", "Users/[A-Za-z]+"].joined(separator: "|")
        return file.findings("machine") { line in
            line.range(
                of: "(^|[^A-Za-z0-9_.}/-])/(\(folders))/", options: .regularExpression
            ).map { String(line[$0]) }
        }
    }

    /// Scripts that nobody can run, or that go on after an error.
    static let scripts: [Finding] = runnable.filter { file in
        let path = SourceTree.root.appending(path: file.path).path
        let isShell = file.lines[0].hasSuffix("sh")
        let stops = !isShell || file.lines.contains { $0.hasPrefix("set -eu") }
        return !stops || !FileManager.default.isExecutableFile(atPath: path)
    }.map { Finding(rule: "script", path: $0.path, line: 1, what: "set -eu, chmod +x") }

    static let runnable = SourceTree.files.filter { $0.text.hasPrefix("#!") }

    private static func resolve(_ link: String, from path: String) -> String {
        let folder = URL(filePath: "/" + path).deletingLastPathComponent()
        return String(folder.appending(path: link).standardized.path.dropFirst())
    }
}

struct DocumentRuleTests {
    @Test func `every document that a file cites exists`() {
        #expect(DocumentRules.citations.unexcused == [])
    }

    @Test func `every relative link leads to a file`() {
        #expect(DocumentRules.links.unexcused == [])
    }

    @Test func `the limits are what their page says`() {
        #expect(DocumentRules.limits.unexcused == [])
    }

    @Test func `no file speaks of somebody's machine`() {
        #expect(DocumentRules.machines.unexcused == [])
    }

    @Test func `scripts can be run and stop at the first error`() {
        #expect(!DocumentRules.runnable.isEmpty)
        #expect(DocumentRules.scripts.unexcused == [])
    }

    @Test func `decisions are numbered without a gap and say the same four things`() throws {
        let decisions = DocumentRules.documents.filter { $0.isIn("docs/adr") }
            .sorted { $0.path < $1.path }
        try #require(!decisions.isEmpty)
        for (index, file) in decisions.enumerated() {
            let number = String(String(10_001 + index).dropFirst())
            #expect(file.path.hasPrefix("docs/adr/\(number)-"))
            for heading in ["Context", "Decision", "Refused", "What would change our mind"] {
                #expect(file.lines.contains("## \(heading)"), "\(file.path) lacks \(heading)")
            }
        }
    }

    @Test func `the README has at most 150 lines`() throws {
        let readme = try #require(DocumentRules.documents.first { $0.path == "README.md" })
        #expect(readme.lines.count <= 151)
    }

    @Test func `the change log has a place for what is to come`() throws {
        let log = try #require(DocumentRules.documents.first { $0.path == "CHANGELOG.md" })
        #expect(log.lines.contains("## Unreleased"))
    }
}
