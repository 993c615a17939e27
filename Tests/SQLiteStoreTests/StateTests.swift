import Credit
import Ledger
import SimulatedDisk
import Store
import TestKit
import Testing

@testable import SQLiteStore

struct StateTests {
    @Test func `a checkpoint gives back the accounts as they were`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var builder = try JournalBuilder(seed: 3, accounts: 9)
        var state = try SQLiteState(in: folder, seed: 1)
        #expect(try state.restored() == nil)
        for _ in 0..<5 {
            try builder.grow(by: 6)
            try state.write(builder.checkpoint)
            let restored = try #require(try state.restored())
            #expect(restored.through == builder.mark)
            #expect(restored.accounts == builder.accounts)
            #expect(restored.apiKeys == Array(builder.image.catalogue.apiKeys))
        }
        try state.close()
        let again = try SQLiteState(in: folder, seed: 1)
        #expect(try again.restored()?.accounts == builder.accounts)
    }

    @Test func `API keys that change after they were written are written again`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var builder = try JournalBuilder(seed: 3, accounts: 2)
        var state = try SQLiteState(in: folder, seed: 1)
        let create = { Operation.createKey(hash: [$0], account: "account-1") }
        for round in 0..<UInt8(4) {
            try builder.add([create(2 * round), create(2 * round + 1)])
            let key = builder.image.catalogue.apiKeys[Int(round)]
            builder.revoke(key.id, of: try Name("account-1"))
            try state.write(builder.checkpoint)
            #expect(try state.restored()?.apiKeys == Array(builder.image.catalogue.apiKeys))
            // What was written before the file was opened is not known to be the same.
            guard round == 1 else { continue }
            try state.close()
            state = try SQLiteState(in: folder, seed: 1)
        }
        #expect(builder.image.catalogue.apiKeys.map(\.isRevoked).count(where: \.self) == 4)
    }

    @Test(arguments: UInt64(1)...60)
    func `what cannot be read in full is not restored in part`(seed: UInt64) throws {
        let disk = SimulatedDisk(seed: seed)
        let vfs = DiskVFS(disk, name: "state-\(seed)")
        let folder = SimulatedFolder(on: disk, vfs: "state-\(seed)")
        var builder = try JournalBuilder(seed: seed, accounts: 200)
        try builder.grow(by: 5)
        do {
            var state = try SQLiteState(in: folder, seed: 1)
            try state.write(builder.checkpoint)
        }
        let state = try SQLiteState(in: folder, seed: 1)
        disk.plan.readErrors = 1000
        let restored = try? state.restored()
        #expect(restored == nil || restored?.accounts == builder.accounts)
        disk.plan = .none
        _ = consume state
        _ = consume vfs
    }

    @Test func `a file of an older version is made anew`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        let builder = try JournalBuilder(seed: 3)
        let state = try written(builder, in: folder)
        #expect(state.through > 0)
        try state.close()
        do {
            let file = try Database(
                path: "\(temporary.path)/state.db", access: .writing, vfs: nil)
            try file.run("DROP TABLE usage_page; PRAGMA user_version = 1")
        }
        let again = try SQLiteState(in: folder, seed: 1)
        #expect(again.through == 0)
        _ = try SQLiteUsageReader(folder: temporary.path)
    }

    @Test(arguments: ["account", "api_key", "price_list"])
    func `a missing row is noticed`(table: String) throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var builder = try JournalBuilder(seed: 3, accounts: 9)
        try builder.add((0..<5).map { .createKey(hash: [$0], account: nil) })
        let state = try written(builder, in: folder)
        try state.close()
        do {
            let file = try Database(
                path: "\(temporary.path)/state.db", access: .writing, vfs: nil)
            let row = table == "price_list" ? "INSERT INTO price_list VALUES (2, x'00')" : ""
            try file.run(row.isEmpty ? "DELETE FROM \(table) WHERE slot = 3" : row)
        }
        let again = try SQLiteState(in: folder, seed: 1)
        #expect(throws: StoreError.self) { try again.restored() }
    }

    private func written(
        _ builder: JournalBuilder, in folder: borrowing DataFolder
    ) throws -> SQLiteState {
        var state = try SQLiteState(in: folder, seed: 1)
        try state.write(builder.checkpoint)
        return state
    }
}

extension StateTests {
    /// A full disk keeps what the log holds from the file itself; the log has room left from before.
    @Test(arguments: ["state.db", "archive.db"])
    func `a log that could not be copied is copied once there is room`(name: String) throws {
        let disk = SimulatedDisk(seed: 4)
        let vfs = DiskVFS(disk, name: "full-\(name)")
        defer { _ = vfs }
        let folder = SimulatedFolder(on: disk, vfs: "full-\(name)")
        var builder = try JournalBuilder(seed: 4)
        var journal = try SQLiteJournal(in: folder)
        let reader = try SQLiteJournalReader(folder: folder.path, vfs: folder.vfs)
        var state = try SQLiteState(in: folder, seed: 1)
        var archive = try SQLiteArchive(in: folder, of: reader)
        var stored = 0
        for round in 0..<3 {
            try builder.grow(by: 20)
            for segment in builder.segments[stored...] { try journal.append(segment) }
            stored = builder.segments.count
            disk.plan.ending = "/\(name)"
            disk.plan.fullDisks = round == 1 ? 10_000 : 0
            try state.write(builder.checkpoint)
            try archive.append(through: builder.mark.number, from: reader)
        }
        #expect(disk.counts.fullDisks > 0)
        disk.plan = .none
        try state.close()
        try archive.close()
        #expect(try SQLiteState(in: folder, seed: 1).restored()?.accounts == builder.accounts)
        #expect(
            try SQLiteArchive(in: folder, of: reader).through == builder.mark.number)
    }

    @Test func `a file that cannot be read now is not made anew`() throws {
        let disk = SimulatedDisk(seed: 5)
        let vfs = DiskVFS(disk, name: "unread")
        defer { _ = vfs }
        let folder = SimulatedFolder(on: disk, vfs: "unread")
        var builder = try JournalBuilder(seed: 5)
        try builder.grow(by: 10)
        var state = try SQLiteState(in: folder, seed: 1)
        try state.write(builder.checkpoint)
        try state.close()
        disk.plan.readErrors = 10_000
        #expect(throws: StoreError.self) { _ = try SQLiteState(in: folder, seed: 1) }
        disk.plan = .none
        #expect(try SQLiteState(in: folder, seed: 1).restored()?.accounts == builder.accounts)
    }

    @Test func `a file that somebody else has locked is opened as it is`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var builder = try JournalBuilder(seed: 5)
        try builder.grow(by: 10)
        var state = try SQLiteState(in: folder, seed: 1)
        try state.write(builder.checkpoint)
        try state.close()
        let other = try Database(path: "\(temporary.path)/state.db", access: .writing, vfs: nil)
        try other.run("BEGIN IMMEDIATE")
        #expect(try SQLiteState(in: folder, seed: 1).restored()?.accounts == builder.accounts)
    }
}
