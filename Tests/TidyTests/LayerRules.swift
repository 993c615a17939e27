import Testing

/// Which imports may not be.
enum LayerRules {
    static let all = upward + secondImporters + forgotten
    static let sources = SourceTree.swift.filter { !$0.file.isIn("Tests") }

    static let upward: [Finding] = sources.flatMap { source -> [Finding] in
        guard let target = source.file.target, let row = Layers.row(of: target) else { return [] }
        let system = Layers.pure.contains(target) ? [] : Layers.system
        return source.imports.filter { _, module in
            !row.imports.contains(module) && !system.contains(module)
        }.map { line, module in
            Finding(
                rule: "layers", path: source.file.path, line: line,
                what: "\(target) imports \(module)")
        }
    }

    /// C modules imported where their one importer is not.
    static let secondImporters: [Finding] = sources.flatMap { source in
        source.imports.filter { _, module in
            isC(module) && source.file.target != importer(of: module)
        }.map { line, module in
            Finding(rule: "one importer", path: source.file.path, line: line, what: module)
        }
    }

    /// Targets that lie in a folder but not in the package: they would never be built.
    static let forgotten: [Finding] = {
        let package = SourceTree.files.first { $0.path == "Package.swift" }?.text ?? ""
        let calls = package.filter { !$0.isWhitespace }
        return Set(SourceTree.swift.compactMap(\.file.target)).sorted().filter { target in
            let isTest = target.hasSuffix("Tests")
            let name = isTest ? String(target.dropLast(5)) : target
            return !(isTest ? ["tests"] : ["library", "program", "fuzzer"])
                .contains { calls.contains("\($0)(\"\(name)\"") }
        }.map { Finding(rule: "forgotten target", path: "Package.swift", line: 0, what: $0) }
    }()

    /// True for the name of a C target, such as `CUV`.
    static func isC(_ module: String) -> Bool {
        module.hasPrefix("C") && module.dropFirst().first?.isUppercase == true
    }

    /// The lowest target that the table lets import a C module.
    private static func importer(of module: String) -> String? {
        Layers.rows.first { $0.imports.contains(module) }?.target
    }
}

struct LayerRuleTests {
    @Test func `every target has a place in the table of layers`() {
        let targets = Set(LayerRules.sources.compactMap(\.file.target))
        #expect(targets.filter { Layers.row(of: $0) == nil } == [])
    }

    @Test(arguments: Layers.rows.indices)
    func `a row names only rows below it`(index: Int) {
        let below = Set(Layers.rows[..<index].map(\.target))
        let imports = Layers.rows[index].imports.filter { !LayerRules.isC($0) }
        #expect(imports.filter { !below.contains($0) } == [])
    }

    @Test func `imports point downward`() {
        #expect(LayerRules.upward.unexcused == [])
    }

    @Test func `every folder with sources is a target`() {
        #expect(LayerRules.forgotten.unexcused == [])
    }

    @Test func `a C module has one importer`() {
        #expect(LayerRules.secondImporters.unexcused == [])
    }
}
