internal import Credit
internal import Ledger
public import Store

/// Checkpoints in `state.db`: all of it can be rebuilt from the journal.
///
/// The only connection that writes the file, used by the checkpointing thread. Its commits need
/// not be durable at once (synchronous=NORMAL): after a crash an older checkpoint is as good.
public struct SQLiteState: ~Copyable, StateStore, Sendable {
    static let fileName = "state.db"
    /// PRAGMA application_id, "TLYS".
    static let applicationID: Int64 = 0x544C_5953
    static let schemaVersion: Int64 = 8
    /// A checkpoint writes megabytes, which fewer and longer pages make cheaper.
    private static let pageBytes = 16_384

    let database: Database
    /// The last segment that the file includes.
    public private(set) var through: UInt64
    /// How many rows there are of what.
    private var counts: StateHead.Counts
    var health: LogHealth
    /// The API keys as they were written last; none before the first checkpoint after the start.
    private var writtenKeys: PagedList<APIKeyRecord>
    var keys: StateRuns<KeyMerging>
    var usage: StateRuns<UsageMerging>
    /// What hashes of idempotency keys are made with, for as long as the file lives.
    public let keySeed: UInt64
    let tuning: StoreTuning

    /// Opens or creates the file in a locked folder; makes it anew when it is damaged.
    ///
    /// A file made anew keeps `seed` for the hashes of its keys.
    public init(
        in folder: borrowing some StoreFolder & ~Copyable, seed: UInt64,
        tuning: StoreTuning = StoreTuning()
    ) throws(StoreError) {
        try folder.renewLog(of: Self.fileName)
        self = try Self.found(in: folder, seed: seed, tuning)
    }

    private static func found(
        in folder: borrowing some StoreFolder & ~Copyable, seed: UInt64, _ tuning: StoreTuning
    ) throws(StoreError) -> Self {
        let path = "\(folder.path)/\(fileName)"
        do throws(StoreError) {
            return try Self(path: path, vfs: folder.vfs, seed: seed, tuning)
        } catch {
            guard case .corrupt = error else { throw error }
            return try rebuilt(in: folder, seed: seed, tuning: tuning)
        }
    }

    /// Makes the file anew, without any checkpoint; nothing may have it open.
    public static func rebuilt(
        in folder: borrowing some StoreFolder & ~Copyable, seed: UInt64,
        tuning: StoreTuning = StoreTuning()
    ) throws(StoreError) -> Self {
        folder.removeDatabase(fileName)
        return try Self(
            path: "\(folder.path)/\(fileName)", vfs: folder.vfs, seed: seed, tuning)
    }

    private init(
        path: String, vfs: String?, seed: UInt64, _ tuning: StoreTuning
    ) throws(StoreError) {
        let database = try Database(path: path, access: .writing, vfs: vfs)
        let isKnown = try database.isKnown(as: Self.applicationID)
        if !isKnown { try database.run("PRAGMA page_size = \(Self.pageBytes)") }
        try database.assertPragma("journal_mode", "WAL", reads: "wal")
        try database.assertPragma("synchronous", "NORMAL", reads: "1")
        try database.assertPragma("wal_autocheckpoint", "0", reads: "0")
        try database.limitLog()
        _ = try database.emptyLog()
        if !isKnown {
            try database.stamp(as: Self.applicationID, schema: Self.schemaVersion) {
                () throws(StoreError) in
                try database.run(Self.schema + Self.usageSchema)
            }
        }
        try database.requireSchema(Self.schemaVersion)
        let head = try Self.head(database)
        let keys = try StateRuns<KeyMerging>(
            try Self.keyRuns(database, tuning), in: .keys, database)
        let usage = try StateRuns<UsageMerging>(
            try Self.usageRuns(database), in: .usage, database)
        writtenKeys = PagedList()
        self.keys = keys
        self.usage = usage
        through = head?.through.number ?? 0
        counts = head?.counts ?? StateHead.Counts()
        keySeed = head?.keySeed ?? seed
        self.tuning = tuning
        health = .sound
        self.database = database
    }

    private static let schema = """
        CREATE TABLE checkpoint (
            id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL);
        CREATE TABLE account (slot INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE api_key (slot INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE price_list (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE plan (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE scenario (
            account INTEGER NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL,
            PRIMARY KEY (account, id)) WITHOUT ROWID;
        CREATE TABLE key_run (
            number INTEGER PRIMARY KEY, after INTEGER NOT NULL, through INTEGER NOT NULL,
            count INTEGER NOT NULL, crc32 INTEGER NOT NULL);
        CREATE TABLE key_filter (run INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE key_page (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
        """

    /// The runs of idempotency keys, oldest first.
    public var keyRuns: [KeyRun] { keys.all }

    /// How many cells the run of usage has that was written last.
    public var newestUsageCount: Int { usage.all.last?.count ?? 0 }

    /// Up to where the file in a folder reaches; nil when there is none or it is damaged.
    public static func head(in path: String) -> JournalMark? {
        let database = try? Database(path: "\(path)/\(fileName)", access: .reading, vfs: nil)
        guard let database, let head = try? head(database) else { return nil }
        return head.through
    }

    /// Up to where the file reaches; nil before the first checkpoint.
    static func head(_ database: borrowing Database) throws(StoreError) -> StateHead? {
        let row = try database.statement("SELECT body FROM checkpoint")
        guard try row.step(database) else { return nil }
        let body = row.bytes(0)
        row.reset()
        do throws(SegmentError) {
            return try StateHead(from: body)
        } catch {
            throw .corrupt("\(fileName): the head: \(error)")
        }
    }

    static func through(_ database: borrowing Database) throws(StoreError) -> UInt64 {
        try head(database)?.through.number ?? 0
    }

    /// Once the log could not be synced nothing is written until the file is opened again.
    public mutating func write(_ checkpoint: Checkpoint) throws(StoreError) {
        if case .doubtful(let error) = health { throw error }
        var (newKeys, newUsage): (KeyRun?, UsageRun?)
        var counts = counts
        try database.transaction { () throws(StoreError) in
            try writeCatalogue(checkpoint.image)
            try writeAccounts(checkpoint.image)
            newUsage = try writeUsage(checkpoint.usage, through: checkpoint.through.number)
            counts.usageThrough = Int(newUsage?.range.through ?? usage.through)
            let sealed = checkpoint.image.sealedKeys.filter { $0.through > through }
            newKeys = try writeKeys(sealed)
            counts.keys = keys.all.reduce(newKeys?.count ?? 0) { $0 + $1.count }
            counts.accounts = checkpoint.image.accountCount
            counts.apiKeys = checkpoint.image.catalogue.apiKeys.count
            counts.priceLists = checkpoint.image.catalogue.priceLists.count
            counts.plans = checkpoint.image.catalogue.plans.count
            counts.scenarios = checkpoint.image.catalogue.scenarioCount
            try writeHead(StateHead(through: checkpoint.through, counts: counts, keySeed: keySeed))
        }
        through = checkpoint.through.number
        if let newKeys { keys.append(newKeys) }
        if let newUsage { usage.append(newUsage) }
        writtenKeys = checkpoint.image.catalogue.apiKeys
        self.counts = counts
        copyLog()
    }

    /// Copies what readers allow of the log into the file.
    mutating func copyLog() {
        health.attempt(database) { (database) throws(StoreError) in try database.copyLog() }
    }

    private func writeHead(_ head: StateHead) throws(StoreError) {
        let insert = try database.statement("INSERT OR REPLACE INTO checkpoint VALUES (1, ?)")
        insert.bind(1, copying: head.encoded)
        _ = try insert.step(database)
    }

    private func writeAccounts(_ image: LedgerImage) throws(StoreError) {
        let insert = try database.statement("INSERT OR REPLACE INTO account VALUES (?, ?)")
        for slot in 0..<image.accountCount {
            let account = image.account(
                AccountSlot(truncatingIfNeeded: slot), changedAfter: through)
            guard let account else { continue }
            insert.bind(1, Int64(slot))
            insert.bind(2, copying: StateEncoding.encode(account))
            _ = try insert.step(database)
        }
    }

    private func writeCatalogue(_ image: LedgerImage) throws(StoreError) {
        let keys = try database.statement("INSERT OR REPLACE INTO api_key VALUES (?, ?)")
        for (slot, key) in image.catalogue.apiKeys.enumerated() {
            if slot < writtenKeys.count, writtenKeys[slot] == key { continue }
            keys.bind(1, Int64(slot))
            keys.bind(2, copying: StateEncoding.encode(key, at: Int64(slot)))
            _ = try keys.step(database)
        }
        let lists = try database.statement("INSERT OR IGNORE INTO price_list VALUES (?, ?)")
        for (index, list) in image.catalogue.priceLists.enumerated() {
            lists.bind(1, Int64(index + 1))
            lists.bind(2, copying: StateEncoding.encode(list, at: Int64(index + 1)))
            _ = try lists.step(database)
        }
        let plans = try database.statement("INSERT OR IGNORE INTO plan VALUES (?, ?)")
        for (index, plan) in image.catalogue.plans.enumerated() {
            plans.bind(1, Int64(index + 1))
            plans.bind(2, copying: StateEncoding.encode(plan, at: Int64(index + 1)))
            _ = try plans.step(database)
        }
        try write(image.catalogue.scenarios(changedAfter: through))
    }

    private func write(_ scenarios: [ScenarioRecord]) throws(StoreError) {
        let insert = try database.statement("INSERT OR REPLACE INTO scenario VALUES (?, ?, ?)")
        for scenario in scenarios {
            insert.bind(1, Int64(scenario.account))
            insert.bind(2, text: scenario.id.text)
            insert.bind(3, copying: StateEncoding.encode(scenario))
            _ = try insert.step(database)
        }
    }

    /// Empties the log; one that cannot be emptied is read at the next start.
    public mutating func finish() {
        health.attempt(database) { (database) throws(StoreError) in try database.truncateLog() }
    }

    /// Empties the log at a clean end.
    public consuming func close() throws(StoreError) {
        try database.truncateLog()
    }
}

extension SQLiteState {
    /// What the last checkpoint holds; nil when there is none.
    ///
    /// Throws when any part of it is missing, fails its checksum or cannot be read: the caller then
    /// makes the file anew (``rebuilt(in:seed:tuning:)``).
    public func restored() throws(StoreError) -> RestoredState? {
        guard let head = try Self.head(database) else { return nil }
        let restored = RestoredState(
            through: head.through,
            accounts: try rows("SELECT slot, body FROM account ORDER BY slot", from: 0) {
                (slot, bytes) throws(SegmentError) in
                try StateEncoding.account(AccountSlot(truncatingIfNeeded: slot), from: bytes)
            },
            apiKeys: try rows("SELECT slot, body FROM api_key ORDER BY slot", from: 0) {
                (slot, bytes) throws(SegmentError) in
                try StateEncoding.apiKey(at: slot, from: bytes)
            },
            priceLists: try rows("SELECT number, body FROM price_list ORDER BY number", from: 1) {
                (number, bytes) throws(SegmentError) in
                try StateEncoding.priceList(at: number, from: bytes)
            },
            plans: try rows("SELECT number, body FROM plan ORDER BY number", from: 1) {
                (number, bytes) throws(SegmentError) in
                try StateEncoding.plan(at: number, from: bytes)
            },
            scenarios: try scenarios())
        guard restored.accounts.count == head.counts.accounts,
            restored.apiKeys.count == head.counts.apiKeys,
            restored.priceLists.count == head.counts.priceLists,
            restored.plans.count == head.counts.plans,
            restored.scenarios.count == head.counts.scenarios
        else { throw .corrupt("\(Self.fileName): rows are missing") }
        return restored
    }

    private func scenarios() throws(StoreError) -> [ScenarioRecord] {
        let select = try database.statement(
            "SELECT account, body FROM scenario ORDER BY account, id")
        var scenarios: [ScenarioRecord] = []
        while try select.step(database) {
            do throws(SegmentError) {
                scenarios.append(
                    try StateEncoding.scenario(
                        of: AccountSlot(truncatingIfNeeded: select.integer(0)),
                        from: select.bytes(1)))
            } catch {
                throw .corrupt("\(Self.fileName): a scenario: \(error)")
            }
        }
        return scenarios
    }

    /// Reads rows that are numbered from `first` without gap, or throws.
    private func rows<Value>(
        _ sql: String, from first: Int64,
        _ body: (Int64, [UInt8]) throws(SegmentError) -> Value
    ) throws(StoreError) -> [Value] {
        let statement = try database.statement(sql)
        var values: [Value] = []
        while try statement.step(database) {
            let number = first + Int64(values.count)
            guard statement.integer(0) == number else {
                throw .corrupt("\(Self.fileName): \(sql): row \(number) is missing")
            }
            do throws(SegmentError) {
                values.append(try body(number, statement.bytes(1)))
            } catch {
                throw .corrupt("\(Self.fileName): \(sql): row \(number): \(error)")
            }
        }
        return values
    }
}
