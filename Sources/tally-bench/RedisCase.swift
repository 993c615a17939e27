import Foundation

/// A ledger as one would write it on Redis: a Lua script that debits a hash and adds to a stream, called
/// by redis-benchmark, with `appendfsync always`.
///
/// It records the same fields as the engine does, under random keys, or of each call only that it was made;
/// all of it stays in memory as well.
struct RedisCase {
    let accounts: Int
    /// Calls that a connection sends before it waits for answers.
    let batch: Int
    let connections: Int
    let seconds: Int

    /// True when a call leaves nothing but a new balance and its key.
    let isDebitOnly: Bool

    private var script: String {
        """
        local account = 'acct-' .. ARGV[1] % tonumber(ARGV[4])
        local key = account .. ':' .. ARGV[2]
        local seen = redis.call('GET', key)
        if seen then return seen end
        local rest = redis.call('HINCRBY', account, 'balance', -12340000)
        if rest < 0 then
            redis.call('HINCRBY', account, 'balance', 12340000)
            return redis.error_reply('insufficient credits')
        end
        local seq = redis.call('HINCRBY', account, 'seq', 1)
        \(isDebitOnly ? "" : Self.record)
        redis.call('SET', key, seq)
        return rest
        """
    }

    private static let record = """
        redis.call('XADD', 'charges:' .. account, '*', 'seq', seq, 'key', ARGV[2], 'credits', 12340000,
            'action', 'chat.completions', 'api_key', ARGV[1] % 3, 'team', 'team-' .. ARGV[1] % 7,
            'scenario', 'scenario-' .. ARGV[1] % 40000, 'run', 'run-' .. 1000000 + ARGV[3] % 100000,
            'module', 'module-' .. ARGV[3] % 12, 'parameters', '{"input_tokens":' .. ARGV[3] % 4000 ..
            ',"model":"gpt-4o-mini","output_tokens":' .. ARGV[1] % 800 .. '}',
            'occurred_at', ARGV[1], 'bytes', ARGV[3] % 8000)
        """

    func run(in path: String) throws -> Measurement {
        let socket = "\(path)/redis.sock"
        let server = try Program.start(
            [
                "redis-server", "--port", "0", "--unixsocket", socket, "--dir", path, "--save", "",
                "--appendonly", "yes", "--appendfsync", "always",
                "--auto-aof-rewrite-percentage", "0",
            ], in: path)
        defer {
            server.terminate()
            server.waitUntilExit()
        }
        let client = ["redis-cli", "-s", socket]
        try Program.wait(for: "redis-server") {
            (try? Program.output(client + ["PING"], isQuiet: true).trimmed) == "PONG"
        }
        let made = (0..<accounts).map { "HSET acct-\($0) balance \(1 << 50) seq 0" }
        let file = "\(path)/accounts"
        try made.joined(separator: "\n").write(toFile: file, atomically: false, encoding: .utf8)
        try Program.output(["sh", "-c", "redis-cli -s '\(socket)' < '\(file)' > /dev/null"])
        let hash = try Program.output(client + ["SCRIPT", "LOAD", script]).trimmed
        // A short run first tells how many calls the time is enough for.
        let tried = try calls(20_000, hash, socket, keys: "a")
        let before = try size(path)
        let count = max(20_000, Int(tried.perSecond) * seconds)
        let measured = try calls(count, hash, socket, keys: "b")
        try check(20_000 + count, client)
        return Measurement(
            name: isDebitOnly ? "redis-debit" : "redis", accounts: accounts, batch: batch,
            count: count,
            seconds: Double(count) / measured.perSecond, latencies: [],
            bytes: try size(path) - before, connections: connections,
            percentiles: (measured.p50, measured.p99))
    }

    /// Fails unless every call was another one and was recorded: redis-benchmark does not look at answers.
    private func check(_ count: Int, _ client: [String]) throws {
        let keys = try Int(Program.output(client + ["DBSIZE"]).trimmed) ?? 0
        // Each call leaves a key, each account its balance and at most one stream; the last calls of two
        // runs may be more than were asked for.
        let most = count + 2 * accounts + 2 * connections * batch
        guard keys >= count + accounts, keys <= most else {
            throw BenchError.storage("redis has \(keys) keys after \(count) calls")
        }
    }

    /// Makes calls whose keys begin with `first`: what redis-benchmark draws at random depends on the time
    /// and its process's number, and can be the same in two runs.
    private func calls(
        _ count: Int, _ hash: String, _ socket: String, keys first: String
    ) throws -> (perSecond: Double, p50: UInt64, p99: UInt64) {
        let text = try Program.output([
            "redis-benchmark", "-s", socket, "--csv", "-n", "\(count)", "-c", "\(connections)",
            "-P",
            "\(batch)", "-r", "2000000000", "EVALSHA", hash, "0", "__rand_int__",
            "\(first)__rand_int____rand_int__", "__rand_int__", "\(accounts)",
        ])
        // test, rps, then latencies in milliseconds: mean, least, p50, p95, p99, most
        let line = text.split(separator: "\n").last ?? ""
        let fields = line.split(separator: ",").map {
            Double($0.trimmingCharacters(in: CharacterSet(charactersIn: "\"")))
        }
        guard fields.count >= 8, let rate = fields[1], let p50 = fields[4], let p99 = fields[6],
            rate > 0
        else { throw BenchError.storage("redis-benchmark said: \(text)") }
        return (rate, UInt64(p50 * 1000), UInt64(p99 * 1000))
    }

    /// The bytes of the append-only files.
    private func size(_ path: String) throws -> Int { folderSize("\(path)/appendonlydir") }
}
