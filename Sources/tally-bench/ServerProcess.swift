import Foundation
import HTTP

/// A `tally serve` of its own, from the program beside this one, on a free port.
final class ServerProcess {
    private let process = Process()
    private let program: URL
    let port: UInt16
    let key: String

    /// Starts it on an empty folder and makes an operator key.
    init(folder: String, loops: Int = 1) throws {
        program = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("tally")
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            throw BenchError.usage("\(program.path) is missing: build the product tally first")
        }
        let pipe = Pipe()
        process.executableURL = program
        process.arguments = [
            "serve", "--data", folder, "--listen", "127.0.0.1:0",
            "--loops", "\(loops)",
        ]
        process.standardError = pipe
        try process.run()
        guard let port = Self.port(from: pipe.fileHandleForReading) else {
            throw BenchError.storage("tally serve did not start")
        }
        self.port = port
        key = try Self.output(
            of: program, ["admin", "key", "create", "--role", "operator", "--data", folder])
    }

    /// Reads what the server says until it names its address.
    private static func port(from handle: FileHandle) -> UInt16? {
        let mark = "http://127.0.0.1:"
        var text = ""
        while true {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = lines.first(where: { $0.contains(mark) }) {
                return line.range(of: mark).flatMap { UInt16(line[$0.upperBound...]) }
            }
            let data = handle.availableData
            guard !data.isEmpty else { return nil }
            text += String(decoding: data, as: UTF8.self)
        }
    }

    private static func output(of program: URL, _ arguments: [String]) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = program
        process.arguments = arguments
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchError.storage("tally admin") }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    /// Asks it to drain and waits for its end.
    func stop() throws {
        process.terminate()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchError.storage("tally serve") }
    }

    /// Sends the requests, many at a time; each must be answered with 200 or 201.
    func send(_ requests: [HTTPClientRequest]) throws {
        let pool = try HTTPClientPool(connections: 16)
        for (index, request) in requests.enumerated() { pool.add(request, tag: index) }
        while let (index, outcome) = pool.next() {
            guard case .success(let reply) = outcome, 200...201 ~= reply.status else {
                throw BenchError.storage("\(requests[index].url): \(outcome)")
            }
        }
    }

    /// A request with the operator key.
    func request(
        _ method: HTTPMethod, _ path: String, _ body: String, idempotencyKey: String? = nil
    ) -> HTTPClientRequest {
        var fields: [HTTPClientRequest.Field] = [
            .init(name: "Authorization", value: "Bearer \(key)"),
            .init(name: "Content-Type", value: "application/json"),
        ]
        if let idempotencyKey {
            fields.append(.init(name: "Idempotency-Key", value: idempotencyKey))
        }
        return HTTPClientRequest(
            method: method, url: "http://127.0.0.1:\(port)\(path)", fields: fields,
            body: Array(body.utf8))
    }
}
