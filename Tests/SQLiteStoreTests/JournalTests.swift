import Glibc
import Store
import TestKit
import Testing

@testable import SQLiteStore

struct JournalTests {
    private static func read(_ path: String) throws -> [EncodedSegment] {
        let reader = try SQLiteJournalReader(folder: path)
        let last = try reader.lastNumber()
        #expect(try reader.segment(0) == nil)
        #expect(try reader.segment(last + 1) == nil)
        var segments: [EncodedSegment] = []
        for number in 0..<last {
            if let segment = try reader.segment(number + 1) { segments.append(segment) }
        }
        return segments
    }

    @Test func `segments are read back, by a reader beside the writer and after a restart`() throws
    {
        let temporary = try TemporaryFolder()
        var builder = try JournalBuilder(seed: 5)
        for round in 1...3 {
            try builder.grow(by: 10)
            let folder = try DataFolder(path: temporary.path)
            var journal = try SQLiteJournal(in: folder)
            let stored = try Self.read(temporary.path).count
            for segment in builder.segments[stored...] { try journal.append(segment) }
            #expect(try Self.read(temporary.path) == builder.segments)
            if round == 2 { try journal.close() }
        }
        #expect(try Self.read(temporary.path) == builder.segments)
    }

    private static func fileNumber(_ path: String) -> UInt64 {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    @Test func `a log left behind is renewed and read`() throws {
        let temporary = try TemporaryFolder()
        var builder = try JournalBuilder(seed: 6)
        try builder.grow(by: 10)
        let before = try TemporaryFolder()
        do {
            let folder = try DataFolder(path: temporary.path)
            var journal = try SQLiteJournal(in: folder)
            for segment in builder.segments { try journal.append(segment) }
            for name in ["journal.db", "journal.db-wal"] {
                try before.write(try temporary.contents(of: name), to: name)
            }
        }
        try before.write([1, 2, 3], to: "journal.db-wal.new")
        let log = try before.contents(of: "journal.db-wal")
        #expect(log.count > 4096)
        do {
            let number = Self.fileNumber("\(before.path)/journal.db-wal")
            #expect(number > 0)
            let folder = try DataFolder(path: before.path)
            try folder.renewLog(of: "journal.db")
            #expect(try before.contents(of: "journal.db-wal") == log)
            #expect(try !before.names().contains("journal.db-wal.new"))
            #expect(Self.fileNumber("\(before.path)/journal.db-wal") == number)
            _ = try SQLiteJournal(in: folder)
        }
        #expect(try Self.read(before.path) == builder.segments)
    }

    @Test func `a segment out of order is refused and does no harm`() throws {
        let temporary = try TemporaryFolder()
        var builder = try JournalBuilder(seed: 7)
        try builder.grow(by: 5)
        let folder = try DataFolder(path: temporary.path)
        var journal = try SQLiteJournal(in: folder)
        try journal.append(builder.segments[0])
        for number in [0, 2] {
            do throws(StoreError) {
                try journal.append(builder.segments[number])
                Issue.record("segment \(number + 1) was taken")
            } catch {
                #expect(error == .outOfOrder(expected: 2, got: UInt64(number + 1)))
            }
        }
        try journal.append(builder.segments[1])
        #expect(try Self.read(temporary.path) == Array(builder.segments[..<2]))
    }

    @Test func `a file that is no database is refused and left as it is`() throws {
        let temporary = try TemporaryFolder()
        var random = SeededRandom(seed: 1)
        let bytes = random.bytes(8192)
        try temporary.write(bytes, to: "journal.db")
        let folder = try DataFolder(path: temporary.path)
        #expect(throws: StoreError.self) { _ = try SQLiteJournal(in: folder) }
        #expect(try temporary.contents(of: "journal.db") == bytes)
    }

    @Test func `somebody else's database is refused and left as it is`() throws {
        let temporary = try TemporaryFolder()
        do {
            let other = try Database(
                path: "\(temporary.path)/journal.db", access: .writing, vfs: nil)
            try other.run("CREATE TABLE theirs (x)")
        }
        let bytes = try temporary.contents(of: "journal.db")
        let folder = try DataFolder(path: temporary.path)
        let path = "\(temporary.path)/journal.db"
        #expect(
            throws: StoreError.corrupt("\(path) is not a file of Tally's, or of another kind")
        ) { _ = try SQLiteJournal(in: folder) }
        #expect(try temporary.contents(of: "journal.db") == bytes)
    }

    @Test func `a journal of a newer version is refused`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        _ = try SQLiteJournal(in: folder)
        do {
            let file = try Database(
                path: "\(temporary.path)/journal.db", access: .writing, vfs: nil)
            try file.run("PRAGMA user_version = 3")
        }
        let path = "\(temporary.path)/journal.db"
        #expect(
            throws: StoreError.unavailable("\(path) was written by a newer version of Tally (3)")
        ) { _ = try SQLiteJournal(in: folder) }
    }
}
