internal import Credit
public import Store

/// Details that plans keep no longer (docs/adr/0028-retention.md).
///
/// The tables are made with the first step of a sweep, by which the file becomes one that older programs
/// refuse: they would take what is kept for deleted.
extension SQLiteJournal {
    /// PRAGMA user_version of a journal from which details were deleted.
    static let retentionSchemaVersion: Int64 = 2

    private static let retentionSchema = """
        CREATE TABLE kept_details (
            number INTEGER PRIMARY KEY, step INTEGER NOT NULL, body BLOB NOT NULL);
        CREATE INDEX kept_step ON kept_details (step, number);
        CREATE TABLE retention_cursor (days INTEGER PRIMARY KEY, through INTEGER NOT NULL);
        CREATE TABLE retention_early (number INTEGER PRIMARY KEY, oldest INTEGER NOT NULL);
        CREATE TABLE retention_account (page INTEGER PRIMARY KEY, body BLOB NOT NULL);
        PRAGMA user_version = \(retentionSchemaVersion);
        """
    /// The row of `retention_cursor` that says up to where early segments were looked for.
    static let lookedDays: Int64 = 0

    static func hasRetention(_ database: borrowing Database) throws(StoreError) -> Bool {
        let version = try database.statement("PRAGMA user_version")
        guard try version.step(database) else { return false }
        defer { version.reset() }
        return version.integer(0) >= retentionSchemaVersion
    }

    private func makeRetentionTables() throws(StoreError) {
        guard try !Self.hasRetention(database) else { return }
        try database.run(Self.retentionSchema)
    }

    /// Deletes the details that `step` says and stores how far it is; all of it or nothing.
    public mutating func prune(_ step: RetentionStep) throws(StoreError) {
        do throws(StoreError) {
            try database.transaction { () throws(StoreError) in
                try makeRetentionTables()
                let number = try Self.lastStep(database) + 1
                for segment in step.segments {
                    try keep(KeptDetails(body: segment.kept, step: number), of: segment.number)
                }
                try store(step)
            }
        } catch {
            throw .outcomeUnknown("a deletion of details: \(error)")
        }
        // A row is written anew, and zeros where its details were.
        bytesSinceCopy += step.segments.reduce(8192) { $0 + $1.kept.count + 8192 }
        try copyLogWhenLong()
    }

    /// Deletes details as they were deleted where this journal is a copy of; all of them or none.
    public mutating func prune(
        asIn rows: [(number: UInt64, kept: KeptDetails?)]
    ) throws(StoreError) {
        try database.transaction { () throws(StoreError) in
            if rows.contains(where: { $0.kept != nil }) { try makeRetentionTables() }
            for row in rows { try keep(row.kept, of: row.number) }
        }
    }

    private static func lastStep(_ database: borrowing Database) throws(StoreError) -> UInt64 {
        let select = try database.statement("SELECT coalesce(max(step), 0) FROM kept_details")
        guard try select.step(database) else { return 0 }
        defer { select.reset() }
        return UInt64(bitPattern: select.integer(0))
    }

    /// Deletes the details of a segment, and keeps of them what is given.
    private func keep(_ kept: KeptDetails?, of number: UInt64) throws(StoreError) {
        let delete = try database.statement(
            "UPDATE segment SET details = NULL WHERE number = ? AND details IS NOT NULL")
        delete.bind(1, Int64(bitPattern: number))
        _ = try delete.step(database)
        guard let kept else { return }
        let insert = try database.statement(
            "INSERT OR REPLACE INTO kept_details (number, step, body) VALUES (?, ?, ?)")
        insert.bind(1, Int64(bitPattern: number))
        insert.bind(2, Int64(bitPattern: kept.step))
        insert.bind(3, copying: kept.body)
        _ = try insert.step(database)
    }

    /// Stores what was kept of the details of segments that are stored without them.
    func storeKept(of segments: [EncodedSegment]) throws(StoreError) {
        for segment in segments {
            guard let kept = segment.kept else { continue }
            try makeRetentionTables()
            try keep(kept, of: segment.number)
        }
    }

    private func store(_ step: RetentionStep) throws(StoreError) {
        let cursor = try database.statement("INSERT OR REPLACE INTO retention_cursor VALUES (?, ?)")
        var cursors = step.through.map { (Int64($0.key), $0.value) }
        if let looked = step.looked { cursors.append((Self.lookedDays, looked)) }
        for (days, through) in cursors {
            cursor.bind(1, days)
            cursor.bind(2, Int64(bitPattern: through))
            _ = try cursor.step(database)
        }
        let early = try database.statement("INSERT OR REPLACE INTO retention_early VALUES (?, ?)")
        for segment in step.early {
            early.bind(1, Int64(bitPattern: segment.number))
            early.bind(2, segment.oldest.micros)
            _ = try early.step(database)
        }
        let page = try database.statement("INSERT OR REPLACE INTO retention_account VALUES (?, ?)")
        for (number, days) in step.accountPages {
            page.bind(1, Int64(number))
            page.bind(2, copying: RetentionProgress.encode(page: days, number))
            _ = try page.step(database)
        }
    }

    /// Copies the log into the file and empties it, unless somebody reads in it or that fails.
    public mutating func clearLog() throws(StoreError) -> Bool {
        var isEmpty = false
        health.attempt(database) { (database) throws(StoreError) in
            isEmpty = try database.truncateLogIfFree()
        }
        if isEmpty { bytesSinceCopy = 0 }
        try requireSound()
        return isEmpty
    }
}

extension SQLiteJournalReader {
    /// How far the deletion of details has come.
    public func retentionProgress() throws(StoreError) -> RetentionProgress {
        try read { (database) throws(StoreError) in
            try database.reading { () throws(StoreError) in
                var progress = RetentionProgress()
                guard try SQLiteJournal.hasRetention(database) else { return progress }
                let cursors = try database.statement("SELECT days, through FROM retention_cursor")
                while try cursors.step(database) {
                    let through = UInt64(bitPattern: cursors.integer(1))
                    if cursors.integer(0) == SQLiteJournal.lookedDays {
                        progress.looked = through
                    } else {
                        progress.through[UInt16(clamping: cursors.integer(0))] = through
                    }
                }
                let early = try database.statement(
                    "SELECT number, oldest FROM retention_early ORDER BY number")
                while try early.step(database) {
                    progress.early.append(
                        EarlySegment(
                            number: UInt64(bitPattern: early.integer(0)),
                            oldest: Instant(micros: early.integer(1))))
                }
                try Self.addAccounts(to: &progress, database)
                return progress
            }
        }
    }

    private static func addAccounts(
        to progress: inout RetentionProgress, _ database: borrowing Database
    ) throws(StoreError) {
        let pages = try database.statement(
            "SELECT page, body FROM retention_account ORDER BY page")
        while try pages.step(database) {
            do throws(SegmentError) {
                try progress.add(page: pages.bytes(1), Int(pages.integer(0)))
            } catch {
                pages.reset()
                throw .corrupt("\(SQLiteJournal.fileName): a page of retention_account: \(error)")
            }
        }
    }

    /// The last step that deleted details; 0 before the first.
    public func lastRetentionStep() throws(StoreError) -> UInt64 {
        try read { (database) throws(StoreError) in
            guard try SQLiteJournal.hasRetention(database) else { return 0 }
            let select = try database.statement("SELECT coalesce(max(step), 0) FROM kept_details")
            guard try select.step(database) else { return 0 }
            defer { select.reset() }
            return UInt64(bitPattern: select.integer(0))
        }
    }

    /// How many rows there are of kept details whose segment is not there or has its details.
    public func strayKeptCount() throws(StoreError) -> Int {
        try read { (database) throws(StoreError) in
            guard try SQLiteJournal.hasRetention(database) else { return 0 }
            let select = try database.statement(
                """
                SELECT count(*) FROM kept_details LEFT JOIN segment USING (number)
                WHERE segment.number IS NULL OR typeof(details) != 'null'
                """)
            guard try select.step(database) else { return 0 }
            defer { select.reset() }
            return Int(select.integer(0))
        }
    }

    /// At most `limit` of the segments from `first` to `last` of which steps after `after` up to
    /// `through` deleted details, in order.
    public func pruned(
        steps after: UInt64, through: UInt64, from first: UInt64, to last: UInt64, limit: Int
    ) throws(StoreError) -> [UInt64] {
        try read { (database) throws(StoreError) in
            guard try SQLiteJournal.hasRetention(database) else { return [] }
            return try Self.numbers(
                """
                SELECT number FROM kept_details
                WHERE number >= ?1 AND number <= ?2 AND step > ?4 AND step <= ?5
                ORDER BY number LIMIT ?3
                """, [first, last, UInt64(limit), after, through], database)
        }
    }

    /// The steps that left what is kept of the details of segments from `first` to `last`.
    public func keptSteps(
        from first: UInt64, to last: UInt64
    ) throws(StoreError) -> [UInt64: UInt64] {
        try read { (database) throws(StoreError) in
            guard try SQLiteJournal.hasRetention(database) else { return [:] }
            let select = try database.statement(
                "SELECT number, step FROM kept_details WHERE number >= ? AND number <= ?")
            select.bind(1, Int64(clamping: first))
            select.bind(2, Int64(clamping: last))
            var steps: [UInt64: UInt64] = [:]
            while try select.step(database) {
                steps[UInt64(bitPattern: select.integer(0))] = UInt64(
                    bitPattern: select.integer(1))
            }
            return steps
        }
    }

    /// At most `limit` of the segments from `first` to `last` that have lost their details, in order.
    public func erased(
        from first: UInt64, to last: UInt64, limit: Int
    ) throws(StoreError) -> [UInt64] {
        try read { (database) throws(StoreError) in
            try Self.numbers(
                """
                SELECT number FROM segment
                WHERE number >= ?1 AND number <= ?2 AND typeof(details) = 'null'
                ORDER BY number LIMIT ?3
                """, [first, last, UInt64(limit)], database)
        }
    }

    private static func numbers(
        _ sql: String, _ values: [UInt64], _ database: borrowing Database
    ) throws(StoreError) -> [UInt64] {
        let select = try database.statement(sql)
        for (index, value) in values.enumerated() {
            select.bind(Int32(index + 1), Int64(clamping: value))
        }
        var found: [UInt64] = []
        while try select.step(database) { found.append(UInt64(bitPattern: select.integer(0))) }
        return found
    }
}
