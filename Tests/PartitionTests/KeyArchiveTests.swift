import Credit
import Dispatch
import Engine
import Ledger
import Partition
import SQLiteStore
import Store
import Synchronization
import TestKit
import Testing

struct KeyArchiveTests {
    /// A partition that is asked one batch at a time.
    private final class Asker: Sendable {
        private let answered = Mutex<[Outcome]>([])
        private let arrived = DispatchSemaphore(value: 0)
        private let failed = Mutex(0)
        private let partition = Mutex<Partition?>(nil)

        init(_ path: String) throws {
            let opened = try Partition(
                folder: try DataFolder(path: path),
                handlers: Partition.Handlers(
                    deliver: { _, answers in
                        self.answered.withLock { $0 = answers.flatMap(\.batch.outcomes) }
                        self.arrived.signal()
                    },
                    failed: { _ in self.failed.withLock { $0 += 1 } }))
            partition.withLock { $0 = opened }
        }

        func ask(_ batch: CommandBatch) throws -> [Outcome] {
            let held = partition.withLock { $0 }
            let opened = try #require(held)
            #expect(opened.submit(batch))
            arrived.wait()
            return answered.withLock { $0 }
        }

        func ask(_ operations: [Operation]) throws -> [ModelReply] {
            var batch = CommandBatch(origin: 0)
            for operation in operations { try batch.append(operation) }
            return try ask(batch).compactMap { ModelReply($0) }
        }

        var failureCount: Int { failed.withLock { $0 } }

        func close() {
            partition.withLock { partition in
                partition?.close()
                partition = nil
            }
        }
    }

    private static func charge(_ key: String, on account: String = "a", _ micros: Int64 = 0)
        -> Operation
    {
        .move(Move(.charge(micros, collects: false), on: account, key: key))
    }

    @Test func `a key that only disk has is known, exactly`() throws {
        let temporary = try TemporaryFolder()
        let first = try Asker(temporary.path)
        let accounts = ["a", "b"].map { Operation.createAccount($0, overdraft: 10) }
        let replies = try first.ask(accounts + (0..<500).map { Self.charge("key-\($0)") })
        first.close()
        let second = try Asker(temporary.path)
        let again = try second.ask(
            (0..<500).map { Self.charge("key-\($0)") } + [Self.charge("key-1", on: "b")]
                + (500..<900).map { Self.charge("key-\($0)") })
        for (old, new) in zip(replies.dropFirst(2), again) {
            guard case .recorded(let spot) = old else { throw Different(old) }
            #expect(new == .seenBefore(spot))
        }
        for reply in again.dropFirst(500) {
            guard case .recorded = reply else { throw Different(reply) }
        }
        second.close()
        #expect(second.failureCount == 0)
    }

    @Test func `a key on disk is known to the capture of a hold that leaves the account out`()
        throws
    {
        let temporary = try TemporaryFolder()
        let first = try Asker(temporary.path)
        let hold = Operation.move(Move(.hold(HoldAsk(5, seconds: 900)), on: "a", key: "hold"))
        let replies = try first.ask([
            .createAccount("a", overdraft: 10), hold, Self.charge("taken"),
        ])
        guard case .recorded(let spot) = replies[1] else { throw Different(replies[1]) }
        first.close()
        let second = try Asker(temporary.path)
        func capture(_ key: String, of account: String) throws -> Outcome {
            var batch = CommandBatch(origin: 0)
            var call = ChargeCommand()
            call.account = batch.bytes.appending(account.utf8.span)
            call.idempotence.key = batch.bytes.appending(key.utf8.span)
            batch.append(call, capturing: Position(spot), tag: 0)
            return try #require(try second.ask(batch).first)
        }
        guard case .rejected(.holdNotFound) = try capture("taken", of: "") else {
            throw Different("asked without the account")
        }
        guard case .seenBefore = try capture("taken", of: "a") else {
            throw Different("asked with the account")
        }
        guard case .recorded = try capture("new", of: "") else { throw Different("new") }
        second.close()
    }

    @Test func `keys that disk has lost stop the process, and the next start finds them again`()
        throws
    {
        let temporary = try TemporaryFolder()
        let first = try Asker(temporary.path)
        let replies = try first.ask([.createAccount("a", overdraft: 0), Self.charge("key")])
        first.close()
        var bytes = try temporary.contents(of: "state.db")
        // The only page of keys: one key, through segment 1, from 0 to the end of all hashes.
        let page: [UInt8] = [1, 1, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x04]
        let place = try #require(
            bytes.indices.first { bytes[$0...].starts(with: page) })
        bytes[place + page.count] ^= 1
        try temporary.write(bytes, to: "state.db")
        try temporary.write([], to: "state.db-wal")
        let second = try Asker(temporary.path)
        var batch = CommandBatch(origin: 0)
        try batch.append(Self.charge("key"))
        guard case .unknown = try second.ask(batch)[0] else { throw Different("damaged") }
        #expect(second.failureCount == 1)
        second.close()
        let third = try Asker(temporary.path)
        guard case .recorded(let spot) = replies[1] else { throw Different(replies[1]) }
        #expect(try third.ask([Self.charge("key")]) == [.seenBefore(spot)])
        third.close()
    }

    @Test func `a batch whose look-up is out of date is not decided`() throws {
        var engine = try Engine(ledger: Ledger(seed: 1), after: .start)
        let archive = KeyArchive(
            seed: 1, runs: [], through: 0, keys: NoKeys(), journal: MemoryJournal())
        func batch(_ operation: Operation) throws -> CommandBatch {
            var batch = CommandBatch(origin: 0)
            try batch.append(operation)
            let isChecked = archive.check(&batch)
            #expect(isChecked)
            return batch
        }
        let old = try batch(Self.charge("key-2"))
        for operation in [.createAccount("a", overdraft: 0)] + (0..<3).map({ Self.charge("\($0)") })
        {
            let isDecided = engine.submit(try batch(operation), at: .epoch)
            #expect(isDecided)
            _ = engine.nextSegment(salt: [])
            engine.sealKeys()
        }
        archive.publish([], through: 3)
        engine.dropKeys(storedThrough: archive.through)
        #expect(engine.ledger.keyWindow.floor == 2)
        let isOldDecided = engine.submit(old, at: .epoch)
        #expect(!isOldDecided)
        let isNewDecided = engine.submit(try batch(Self.charge("key-2")), at: .epoch)
        #expect(isNewDecided)
    }
}

private struct Different: Error {
    let reply: String

    init(_ reply: some Any) {
        self.reply = "\(reply)"
    }
}

private struct NoKeys: KeyReader {
    func segments(
        of hashes: [UInt64], filters: [SegmentRange: KeyFilter]
    ) throws(StoreError) -> [[UInt64]] {
        hashes.map { _ in [] }
    }
}
