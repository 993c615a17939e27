import TestKit
import Testing

@testable import SQLiteStore

struct LogOnCloseTests {
    @Test func `closing the last connection leaves the log alone`() throws {
        let temporary = try TemporaryFolder()
        do {
            let database = try Database(
                path: "\(temporary.path)/any.db", access: .writing, vfs: nil)
            try database.assertPragma("journal_mode", "WAL", reads: "wal")
            try database.run("CREATE TABLE t (value TEXT); INSERT INTO t VALUES ('not copied')")
        }
        let text = Array("not copied".utf8)
        #expect(try temporary.contents(of: "any.db").firstRange(of: text) == nil)
        #expect(try temporary.contents(of: "any.db-wal").firstRange(of: text) != nil)
    }
}
