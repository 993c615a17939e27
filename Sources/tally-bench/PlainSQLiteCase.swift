import CSQLite
import Credit
import Engine
import Ledger

/// A ledger as one would first write it: a row a charge and its account's balance row, one
/// transaction a batch, synchronous=FULL, on the same charges with the same fields.
///
/// Prices are taken as given, keys are unique by index; it stands beside the engine in one run.
struct PlainSQLiteCase {
    let accounts: Int
    let batch: Int
    let seconds: Double

    private static let chargesMax = 400_000
    private static let schema = """
        PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
        CREATE TABLE account (id TEXT PRIMARY KEY, balance INTEGER NOT NULL, seq INTEGER NOT NULL);
        CREATE TABLE charge (
            id INTEGER PRIMARY KEY, account TEXT NOT NULL, seq INTEGER NOT NULL,
            idempotency_key TEXT NOT NULL, credits INTEGER NOT NULL, action TEXT NOT NULL,
            key INTEGER, team TEXT, scenario TEXT, run TEXT, module TEXT, parameters TEXT,
            occurred_at INTEGER, bytes INTEGER, created_at INTEGER NOT NULL,
            UNIQUE (account, idempotency_key));
        """
    private static let insert = """
        INSERT INTO charge (account, seq, idempotency_key, credits, action, key, team, scenario,
            run, module, parameters, occurred_at, bytes, created_at)
        SELECT id, seq, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13
        FROM account WHERE id = ?1
        """

    func run(in path: String) throws -> Measurement {
        let database = try Connection(path: path + "/plain.db")
        try database.run(Self.schema)
        try database.run("BEGIN")
        let account = try database.prepare("INSERT INTO account VALUES (?1, ?2, 0)")
        for index in 0..<accounts {
            account.bind(1, Workload.account(index))
            account.bind(2, 1 << 50)
            try account.run()
        }
        try database.run("COMMIT")
        let sizeBefore = folderSize(path)
        var measured = try measure(database)
        measured.bytes = folderSize(path) - sizeBefore
        return measured
    }

    private func measure(_ database: borrowing Connection) throws -> Measurement {
        var workload = Workload(accountCount: accounts, seed: 42)
        let now = Instant(micros: 1_795_253_400_000_000)
        let count = max(8, Self.chargesMax / batch)
        let batches = (0..<min(count, 20_000)).map { _ in workload.batch(batch, now: now) }
        let debit = try database.prepare(
            "UPDATE account SET balance = balance - ?2, seq = seq + 1 WHERE id = ?1 AND balance >= ?2"
        )
        let insert = try database.prepare(Self.insert)
        var latencies: [UInt64] = []
        let begin = Monotonic.now()
        let deadline = begin + UInt64(seconds * 1e9)
        for batch in batches {
            let start = Monotonic.now()
            guard start < deadline else { break }
            try database.run("BEGIN IMMEDIATE")
            for charge in batch.charges {
                try Self.charge(charge, batch.bytes, now, debit, insert)
            }
            try database.run("COMMIT")
            latencies.append(Monotonic.now() - start)
        }
        let elapsed = Double(Monotonic.now() - begin) / 1e9
        try database.run("PRAGMA wal_checkpoint(TRUNCATE)")
        return Measurement(
            name: "plain-sqlite", accounts: accounts, batch: batch,
            count: latencies.count * batch, seconds: elapsed, latencies: latencies, bytes: nil)
    }

    private static func charge(
        _ charge: ChargeCommand, _ bytes: [UInt8], _ now: Instant, _ debit: borrowing Prepared,
        _ insert: borrowing Prepared
    ) throws {
        func text(_ range: ByteRange) -> String {
            String(decoding: bytes[range.indices], as: UTF8.self)
        }
        let account = text(charge.account)
        debit.bind(1, account)
        debit.bind(2, 12_340_000)
        try debit.run()
        let details = charge.details
        insert.bind(1, account)
        insert.bind(2, text(charge.idempotence.key))
        insert.bind(3, 12_340_000)
        insert.bind(4, text(charge.action))
        insert.bind(5, Int64(charge.key))
        for (index, range) in [details.team, details.scenario, details.run, details.module]
            .enumerated()
        {
            insert.bind(Int32(6 + index), text(range))
        }
        insert.bind(10, text(details.parameters))
        insert.bind(11, details.occurredAt.micros)
        insert.bind(12, details.bytes.value ?? 0)
        insert.bind(13, now.micros)
        try insert.run()
    }
}

/// A SQLite connection of the plain ledger.
@safe
private struct Connection: ~Copyable {
    private let handle: OpaquePointer

    init(path: String) throws {
        var opened: OpaquePointer?
        guard unsafe sqlite3_open(path, &opened) == SQLITE_OK, let opened = unsafe opened else {
            throw BenchError.storage(path)
        }
        unsafe handle = opened
    }

    deinit { unsafe sqlite3_close_v2(handle) }

    func run(_ sql: String) throws {
        guard unsafe sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
            throw BenchError.storage(sql)
        }
    }

    func prepare(_ sql: String) throws -> Prepared {
        var prepared: OpaquePointer?
        guard unsafe sqlite3_prepare_v2(handle, sql, -1, &prepared, nil) == SQLITE_OK,
            let prepared = unsafe prepared
        else { throw BenchError.storage(sql) }
        return unsafe Prepared(prepared)
    }
}

/// A compiled statement of the plain ledger.
@safe
private struct Prepared: ~Copyable {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) {
        unsafe self.handle = handle
    }

    deinit { unsafe sqlite3_finalize(handle) }

    func bind(_ index: Int32, _ value: Int64) {
        unsafe sqlite3_bind_int64(handle, index, value)
    }

    func bind(_ index: Int32, _ value: String) {
        unsafe sqlite3_bind_text(handle, index, value, -1, csqlite_transient())
    }

    func run() throws {
        guard unsafe sqlite3_step(handle) == SQLITE_DONE else { throw BenchError.storage("step") }
        unsafe sqlite3_reset(handle)
    }
}
