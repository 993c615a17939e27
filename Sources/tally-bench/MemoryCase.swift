import Credit
import Dispatch
import Engine
import Glibc
import Ledger
import Partition
import SQLiteStore
import Terminal

/// How much memory idle accounts and recent idempotency keys take.
struct MemoryCase {
    let accounts: Int

    private static let keys = 4_000_000

    /// One JSON line.
    func run(in path: String) throws -> String {
        let perAccount = try accountBytes(in: path)
        return "{\"case\":\"memory\",\"accounts\":\(accounts),\"bytes_per_account\":\(perAccount),"
            + "\"bytes_per_key\":\(keyBytes())}"
    }

    /// What a server that is started on so many accounts takes for each, beside what an empty one takes.
    private func accountBytes(in path: String) throws -> Int {
        let empty = try Self.residentBytes(opening: "\(path)/empty")
        let full = "\(path)/full"
        try fill(full)
        return (try Self.residentBytes(opening: full) - empty) / accounts
    }

    /// Makes the accounts; the folder is free again afterwards.
    private func fill(_ path: String) throws {
        let answers = Answers()
        let partition = try Partition(
            folder: try DataFolder(path: path), handlers: answers.handlers)
        defer { partition.close() }
        for batch in try Setup(accounts: accounts).batches() {
            guard partition.submit(batch) else { throw BenchError.refused }
            answers.room.wait()
        }
    }

    /// What a process of its own takes once it has opened a folder.
    private static func residentBytes(opening folder: String) throws -> Int {
        let line = try Program.output([
            "/proc/self/exe", "--case", ResidentCase.name, "--data", folder,
        ])
        guard let bytes = Int(line.trimmed) else { throw BenchError.storage(line) }
        return bytes
    }

    private func keyBytes() -> Int {
        let before = Resident.bytes()
        var window = KeyWindow(seed: 7)
        let account = Array("account".utf8)
        var key = [UInt8](repeating: 0, count: 8)
        for place in 0..<Self.keys {
            for byte in 0..<8 { key[byte] = UInt8(truncatingIfNeeded: place >> (byte * 8)) }
            window.insert(
                window.hash(of: key.span, account: account.span),
                at: Position(segment: UInt64(place >> 10 + 1), index: UInt32(place & 1023)))
        }
        let taken = Resident.bytes() - before
        return window.count(after: 0) == Self.keys ? taken / Self.keys : 0
    }
}

/// Opens a folder and tells how much memory that took; a process of its own for another case.
struct ResidentCase {
    static let name = "resident"

    func run(in path: String) throws -> String {
        let partition = try Partition(
            folder: try DataFolder(path: path),
            handlers: Partition.Handlers(deliver: { _, _ in }, failed: { _ in }))
        defer { partition.close() }
        return "\(Resident.bytes())"
    }
}

/// What of this process is in memory.
enum Resident {
    static func bytes() -> Int {
        guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
        defer { unsafe fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard unsafe fgets(&line, 256, file) != nil else { return 0 }
        let bytes = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let text = String(decoding: bytes, as: UTF8.self)
        let fields = text.split(separator: " ")
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * 4096
    }
}
