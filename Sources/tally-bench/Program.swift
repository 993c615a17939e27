import Foundation
import Glibc

/// Other people's programs: run to their end, or beside us until they are stopped.
enum Program {
    /// Runs a program and gives what it says on standard output; its errors go to ours, or nowhere.
    @discardableResult
    static func output(
        _ command: [String], in folder: String? = nil, isQuiet: Bool = false
    ) throws -> String {
        let process = try process(command, in: folder)
        let pipe = Pipe()
        if isQuiet { process.standardError = FileHandle.nullDevice }
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw BenchError.storage("\(command[0]) ended with \(process.terminationStatus)")
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// Starts a program that runs on; what it says goes to a file.
    static func start(_ command: [String], in folder: String) throws -> Process {
        let process = try process(command, in: folder)
        let log = "\(folder)/log"
        guard FileManager.default.createFile(atPath: log, contents: nil),
            let handle = FileHandle(forWritingAtPath: log)
        else { throw BenchError.storage(log) }
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        return process
    }

    private static func process(_ command: [String], in folder: String?) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try path(of: command[0]))
        process.arguments = Array(command.dropFirst())
        if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
        return process
    }

    /// Where a program is: at its path, or in one of the folders of Debian.
    static func path(of name: String) throws -> String {
        let folders = ["", "/usr/bin/", "/usr/sbin/", "/sbin/"]
        let paths = folders.map { $0 + name }
        guard let path = paths.first(where: FileManager.default.isExecutableFile(atPath:)) else {
            throw BenchError.usage("\(name) is missing: scripts/setup --bench")
        }
        return path
    }

    /// Asks again and again, for at most 20 seconds, until a question is answered.
    static func wait(for name: String, until isReady: () -> Bool) throws {
        let deadline = Monotonic.now() + 20_000_000_000
        while !isReady() {
            guard Monotonic.now() < deadline else {
                throw BenchError.storage("\(name) did not start")
            }
            usleep(20_000)
        }
    }
}
