import Foundation
import Glibc

/// A ledger as one would write it on PostgreSQL: a function that debits a row and inserts another,
/// called by pgbench; every commit is synced.
///
/// It records the same fields as the engine does, under random keys of 16 bytes, or of each call only that
/// it was made. Prices are taken as given. The server is one of our own, started here from Debian's package.
struct PostgreSQLCase {
    let accounts: Int
    /// Charges a transaction.
    let batch: Int
    let connections: Int
    let seconds: Int
    /// True when a call leaves nothing but a new balance and its key.
    let isDebitOnly: Bool

    private static let database = "postgres"
    /// Enough memory for what a run writes, and checkpoints as a large server has them.
    private static let settings = """
        listen_addresses = ''
        fsync = on
        synchronous_commit = on
        shared_buffers = 1GB
        max_wal_size = 8GB
        checkpoint_timeout = 15min
        max_connections = 300
        """

    private var schema: String {
        """
        CREATE TABLE account (
            id text PRIMARY KEY, balance bigint NOT NULL, seq bigint NOT NULL) WITH (fillfactor = 50);
        CREATE TABLE charge (
            id bigserial PRIMARY KEY, account text NOT NULL, seq bigint NOT NULL,
            idempotency_key text NOT NULL, credits bigint NOT NULL, action text NOT NULL, key int,
            team text, scenario text, run text, module text, parameters text,
            occurred_at timestamptz, bytes bigint, created_at timestamptz NOT NULL DEFAULT now(),
            UNIQUE (account, idempotency_key));
        CREATE FUNCTION charge(
            a text, k text, amount bigint, action text, key int, team text, scenario text, run text,
            module text, parameters text, occurred_at timestamptz, bytes bigint
        ) RETURNS bigint LANGUAGE plpgsql AS $$
        DECLARE
            rest bigint;
            number bigint;
        BEGIN
            SELECT c.seq INTO number FROM charge c WHERE c.account = a AND c.idempotency_key = k;
            IF FOUND THEN RETURN number; END IF;
            UPDATE account SET balance = balance - amount, seq = seq + 1
                WHERE id = a AND balance >= amount RETURNING balance, account.seq INTO rest, number;
            IF NOT FOUND THEN RAISE 'insufficient credits'; END IF;
            \(isDebitOnly ? Self.debit : Self.record)
            RETURN rest;
        END $$;
        """
    }

    private static let record = """
        INSERT INTO charge (account, seq, idempotency_key, credits, action, key, team, scenario, run,
            module, parameters, occurred_at, bytes)
        VALUES (a, number, k, amount, action, key, team, scenario, run, module, parameters, occurred_at,
            bytes);
        """
    private static let debit = """
        INSERT INTO charge (account, seq, idempotency_key, credits, action)
        VALUES (a, number, k, amount, '');
        """

    /// Calls of random accounts, as `Workload` makes them; pgbench sends it prepared.
    ///
    /// A batch takes its accounts in one order, or two batches would wait for each other's rows.
    private static let script = """
        SELECT count(charge('acct-' || a, substr(md5(random()::text), 1, 16), 12340000,
            'chat.completions', a % 3, 'team-' || a % 7, 'scenario-' || a * 4 + i % 4,
            'run-' || 1000000 + (random() * 100000)::int, 'module-' || i % 12,
            '{"input_tokens":' || (random() * 4000)::int || ',"model":"gpt-4o-mini","output_tokens":'
                || (random() * 800)::int || '}', now(), (random() * 8000)::bigint))
        FROM (SELECT i, floor(random() * :accounts)::int a FROM generate_series(1, :batch) i
            ORDER BY a) calls;
        """

    func run(in path: String) throws -> Measurement {
        let binaries = try Self.binaries()
        let user = try Self.user(owning: path)
        let data = "\(path)/data"
        func command(_ program: String, _ arguments: [String]) -> [String] {
            user + ["\(binaries)/\(program)"] + arguments
        }
        try Program.output(
            command("initdb", ["-D", data, "-A", "trust", "-U", "postgres", "--no-sync"]), in: path)
        try Self.settings.write(
            toFile: "\(data)/postgresql.auto.conf", atomically: false, encoding: .utf8)
        let server = try Program.start(command("postgres", ["-D", data, "-k", path]), in: path)
        defer {
            server.terminate()
            server.waitUntilExit()
        }
        let to = ["-h", path, "-U", "postgres"]
        func ask(_ sql: String) throws -> String {
            try Program.output(
                ["\(binaries)/psql"] + to + ["-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-c", sql])
        }
        try Program.wait(for: "postgres") {
            (try? Program.output(["\(binaries)/pg_isready", "-q", "-h", path])) != nil
        }
        _ = try ask(schema)
        _ = try ask(
            "INSERT INTO account SELECT 'acct-' || i, 1::bigint << 50, 0 "
                + "FROM generate_series(0, \(accounts - 1)) i; ANALYZE account")
        let before = try size(ask)
        let times = try measure(["\(binaries)/pgbench"] + to, in: path)
        let count = try Int(ask("SELECT count(*) FROM charge").trimmed) ?? 0
        return Measurement(
            name: isDebitOnly ? "postgresql-debit" : "postgresql", accounts: accounts, batch: batch,
            count: count,
            seconds: times.seconds, latencies: times.latencies, bytes: try size(ask) - before,
            connections: connections)
    }

    private func size(_ ask: (String) throws -> String) throws -> Int {
        _ = try ask("CHECKPOINT")
        return try Int(ask("SELECT pg_database_size('\(Self.database)')").trimmed) ?? 0
    }

    /// Lets pgbench call the function; the latencies are those that it logs of each transaction.
    private func measure(
        _ pgbench: [String], in path: String
    ) throws -> (seconds: Double, latencies: [UInt64]) {
        let logs = "\(path)/logs"
        try FileManager.default.createDirectory(atPath: logs, withIntermediateDirectories: false)
        try Self.script.write(toFile: "\(logs)/call.sql", atomically: false, encoding: .utf8)
        let start = Monotonic.now()
        try Program.output(
            pgbench + [
                "-n", "-M", "prepared", "-f", "call.sql", "-c", "\(connections)", "-j", "1", "-T",
                "\(seconds)", "-D", "accounts=\(accounts)", "-D", "batch=\(batch)", "--log",
                Self.database,
            ], in: logs)
        let elapsed = Double(Monotonic.now() - start) / 1e9
        var latencies: [UInt64] = []
        for name in fileNames(logs) where name.hasPrefix("pgbench_log") {
            let text = try String(contentsOfFile: "\(logs)/\(name)", encoding: .utf8)
            // client, transaction, microseconds, script, time
            for line in text.split(separator: "\n") {
                let fields = line.split(separator: " ")
                if fields.count > 2, let micros = UInt64(fields[2]) {
                    latencies.append(micros * 1000)
                }
            }
        }
        return (elapsed, latencies)
    }

    /// The folder of the newest server that is installed.
    private static func binaries() throws -> String {
        let root = "/usr/lib/postgresql"
        guard let version = fileNames(root).compactMap({ Int($0) }).max() else {
            throw BenchError.usage("postgresql is missing: scripts/setup --bench")
        }
        return "\(root)/\(version)/bin"
    }

    /// How to run as somebody who is not root, whom the folder is given; PostgreSQL refuses root.
    private static func user(owning path: String) throws -> [String] {
        guard geteuid() == 0 else { return [] }
        guard let entry = unsafe getpwnam("postgres") else {
            throw BenchError.usage("there is no user postgres: scripts/setup --bench")
        }
        guard unsafe chown(path, entry.pointee.pw_uid, entry.pointee.pw_gid) == 0 else {
            throw BenchError.storage(path)
        }
        return ["runuser", "-u", "postgres", "--"]
    }
}

extension String {
    /// The text without the space around it.
    var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
