import SQLiteStore
import Store
import TestKit
import Testing

struct DataFolderTests {
    @Test func `a folder belongs to one holder at a time`() throws {
        let temporary = try TemporaryFolder()
        let path = "\(temporary.path)/data"
        do {
            let folder = try DataFolder(path: path)
            #expect(throws: StoreError.inUse(path: path)) { _ = try DataFolder(path: path) }
            _ = folder.path
        }
        _ = try DataFolder(path: path)
    }

    @Test(arguments: ["data", "data/", "data//"])
    func `a folder is made where its path says`(name: String) throws {
        let temporary = try TemporaryFolder()
        do {
            let folder = try DataFolder(path: "\(temporary.path)/\(name)")
            _ = folder.path
        }
        #expect(try temporary.names() == ["data"])
    }

    @Test func `a folder that cannot be made is refused`() throws {
        let temporary = try TemporaryFolder()
        #expect(throws: StoreError.self) {
            _ = try DataFolder(path: "\(temporary.path)/missing/data")
        }
        try temporary.write([], to: "file")
        #expect(throws: StoreError.self) { _ = try DataFolder(path: "\(temporary.path)/file") }
    }

    @Test func `a file that is written over itself stays as it was`() throws {
        let temporary = try TemporaryFolder()
        let folder = try DataFolder(path: temporary.path)
        var random = SeededRandom(seed: 1)
        let bytes = random.bytes(3_000_017)
        try temporary.write(bytes, to: "log")
        try folder.rewrite("log")
        #expect(try temporary.contents(of: "log") == bytes)
        try folder.rewrite("none")
        #expect(try temporary.names() == ["lock", "log"])
        folder.remove("log")
        folder.remove("log")
        #expect(try temporary.names() == ["lock"])
        try folder.sync()
    }
}
