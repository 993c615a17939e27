import Foundation
import Testing

/// A file of the repository: its path from the root, and what it says.
struct TextFile: Sendable, CustomTestStringConvertible {
    let path: String
    let text: String
    let lines: [Substring]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    var testDescription: String { path }

    /// True when it lies in this folder, named from the root.
    func isIn(_ folder: String) -> Bool { path.hasPrefix("\(folder)/") }

    /// The target of a Swift file in Sources, Tests or Fuzz.
    var target: String? {
        let parts = path.split(separator: "/")
        guard parts.count > 2, ["Sources", "Tests", "Fuzz"].contains(parts[0]) else { return nil }
        return String(parts[1])
    }
}

/// The files of the repository as they lie on disk, without what is built or ignored.
enum SourceTree {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static let skipped: Set<String> = [".build", ".git", "tally-data", "__pycache__"]
    private static let textEndings: Set<String> = [
        "c", "css", "csv", "h", "html", "js", "json", "md", "modulemap", "py", "sh", "swift",
        "txt", "yaml", "yml", "",
    ]

    /// Every text file.
    static let files: [TextFile] = paths(in: "").sorted().compactMap { path in
        guard textEndings.contains(URL(filePath: path).pathExtension),
            let text = try? String(contentsOf: root.appending(path: path), encoding: .utf8)
        else { return nil }
        return TextFile(path: path, text: text)
    }

    /// Every Swift file of Sources, Tests and Fuzz, with comments and literals blanked out too.
    static let swift: [SwiftSource] = files.filter { file in
        file.path.hasSuffix(".swift") && file.target != nil
    }.map(SwiftSource.init)

    /// Every path, folders included.
    static let names: [String] = paths(in: "", withFolders: true)

    /// True when there is a file or folder at this path.
    static func has(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path)
    }

    private static func paths(in folder: String, withFolders: Bool = false) -> [String] {
        let url = folder.isEmpty ? root : root.appending(path: folder)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        return names.filter { !skipped.contains($0) }.flatMap { name in
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            let values = try? root.appending(path: path).resourceValues(forKeys: [.isDirectoryKey])
            guard values?.isDirectory == true else { return [path] }
            return (withFolders ? [path] : []) + paths(in: path, withFolders: withFolders)
        }
    }
}
