public import Engine
public import HTTP
internal import Wire

/// What `/metrics` shows of storage.
public struct StorageFigures: Hashable, Sendable {
    /// How many commands wait for the writer.
    public var waitingCommands = 0
    /// Bytes of the files with their logs.
    public var journalBytes: UInt64 = 0
    public var stateBytes: UInt64 = 0
    public var archiveBytes: UInt64 = 0
    /// Events that the last checkpoint does not include.
    public var unwrittenEvents = 0
    /// Events whose entries are not archived.
    public var unarchivedEvents = 0
    public var checkpointsWritten: UInt64 = 0
    public var checkpointsFailed: UInt64 = 0
    public var archiveFailures: UInt64 = 0
    /// How long ago the last checkpoint was written.
    public var checkpointAge: Duration = .zero
    /// How long it took.
    public var checkpointDuration: Duration = .zero
    /// Calls whose details were deleted, and how often segments lost some of theirs.
    public var detailsDeletedCalls: UInt64 = 0
    public var detailsDeletedSegments: UInt64 = 0
    public var retentionSweeps: UInt64 = 0
    public var retentionFailures: UInt64 = 0
    /// How long ago the last sweep was finished, or the start when none was.
    public var retentionAge: Duration = .zero
    /// By days of retention: up to which segment nothing was left to delete.
    public var retentionThrough: [UInt16: UInt64] = [:]

    public init() {}
}

/// What `/metrics` shows.
public struct APIMetrics: Hashable, Sendable {
    public var http: HTTPCounters
    public var pipeline: PipelineCounters
    public var accounts: Int
    /// True once requests are answered.
    public var isReady: Bool
    public var storage: StorageFigures

    public init(
        http: HTTPCounters, pipeline: PipelineCounters, accounts: Int, isReady: Bool,
        storage: StorageFigures
    ) {
        self.storage = storage
        self.http = http
        self.pipeline = pipeline
        self.accounts = accounts
        self.isReady = isReady
    }

    /// The text format of Prometheus, version 0.0.4.
    func text(_ receipts: ReceiptCounts) -> [UInt8] {
        var text: [UInt8] = []
        add(
            "tally_receipts_recomputed_total", "counter", "Receipts worked out again",
            receipts.recomputed, &text)
        add(
            "tally_receipts_differing_total", "counter",
            "Receipts that differed from their entries; an alarm", receipts.differing, &text)
        text.append(
            contentsOf: """
                # HELP tally_build_info Which version answers; always 1
                # TYPE tally_build_info gauge
                tally_build_info{version="\(TallyVersion.text)"} 1

                """.utf8)
        add("tally_ready", "gauge", "1 once requests are answered", isReady ? 1 : 0, &text)
        add("tally_accounts", "gauge", "Accounts", UInt64(accounts), &text)
        add("tally_charges_total", "counter", "Charges recorded", pipeline.charges, &text)
        add(
            "tally_other_events_total", "counter", "Recorded events that are no charges",
            pipeline.otherEvents, &text)
        add("tally_segments_total", "counter", "Segments made durable", pipeline.segments, &text)
        add("tally_segment_bytes_total", "counter", "Bytes of segments", pipeline.bytes, &text)
        add(
            "tally_last_segment", "gauge", "Number of the last segment", pipeline.lastSegment,
            &text)
        addStorage(to: &text)
        addRetention(to: &text)
        add(
            "tally_http_requests_total", "counter", "Whole requests received",
            UInt64(http.requests), &text)
        add(
            "tally_http_connections_total", "counter", "Connections accepted",
            UInt64(http.connectionsAccepted), &text)
        add(
            "tally_http_connections", "gauge", "Open connections",
            UInt64(max(0, http.connectionsOpen)), &text)
        add("tally_http_bytes_in_total", "counter", "Bytes read", UInt64(http.bytesIn), &text)
        add("tally_http_bytes_out_total", "counter", "Bytes written", UInt64(http.bytesOut), &text)
        addRejections(to: &text)
        return text
    }

    private func addStorage(to text: inout [UInt8]) {
        add(
            "tally_commit_events", "Events of a commit", pipeline.commitEvents, micros: false, &text
        )
        add(
            "tally_commit_duration_seconds", "Time to chain, write and sync a commit",
            pipeline.commitMicros, micros: true, &text)
        add(
            "tally_waiting_commands", "gauge", "Commands that wait for the writer",
            UInt64(max(0, storage.waitingCommands)), &text)
        add(
            "tally_journal_bytes", "gauge", "Bytes of the journal with its log",
            storage.journalBytes, &text)
        add(
            "tally_state_bytes", "gauge", "Bytes of balances, keys and rollups, with their log",
            storage.stateBytes, &text)
        add(
            "tally_archive_bytes", "gauge", "Bytes of the archive of entries with its log",
            storage.archiveBytes, &text)
        add(
            "tally_unwritten_events", "gauge", "Events since the last checkpoint was begun",
            UInt64(max(0, storage.unwrittenEvents)), &text)
        add(
            "tally_unarchived_events", "gauge", "Events whose entries are not archived yet",
            UInt64(max(0, storage.unarchivedEvents)), &text)
        add(
            "tally_archive_failures_total", "counter",
            "Times that something could not be archived or deleted from the archive",
            storage.archiveFailures, &text)
        add(
            "tally_checkpoints_total", "counter", "Checkpoints written",
            storage.checkpointsWritten, &text)
        add(
            "tally_checkpoint_failures_total", "counter", "Checkpoints that could not be written",
            storage.checkpointsFailed, &text)
        add(
            "tally_checkpoint_age_seconds", "Time since the last checkpoint, or since the start",
            storage.checkpointAge, &text)
        add(
            "tally_checkpoint_duration_seconds", "Time that the last checkpoint took",
            storage.checkpointDuration, &text)
    }

    func add(_ name: String, _ help: String, _ value: Duration, _ text: inout [UInt8]) {
        let (seconds, attoseconds) = value.components
        let micros =
            UInt64(clamping: seconds) &* 1_000_000
            &+ UInt64(clamping: attoseconds / 1_000_000_000_000)
        text.append(
            contentsOf:
                "# HELP \(name) \(help)\n# TYPE \(name) gauge\n\(name) \(Self.seconds(micros))\n"
                .utf8)
    }

    /// Microseconds as seconds, or a plain number.
    private func add(
        _ name: String, _ help: String, _ histogram: Histogram, micros: Bool,
        _ text: inout [UInt8]
    ) {
        let number = { (value: UInt64) in micros ? Self.seconds(value) : "\(value)" }
        var lines = "# HELP \(name) \(help)\n# TYPE \(name) histogram\n"
        var count: UInt64 = 0
        for (bound, added) in zip(histogram.bounds, histogram.counts) {
            count &+= added
            lines += "\(name)_bucket{le=\"\(number(bound))\"} \(count)\n"
        }
        count &+= histogram.counts.last ?? 0
        lines += "\(name)_bucket{le=\"+Inf\"} \(count)\n"
        lines += "\(name)_sum \(number(histogram.sum))\n\(name)_count \(count)\n"
        text.append(contentsOf: lines.utf8)
    }

    private static func seconds(_ micros: UInt64) -> String {
        let fraction = String(1_000_000 + micros % 1_000_000).dropFirst()
        return "\(micros / 1_000_000).\(fraction)"
    }

    private func addRejections(to text: inout [UInt8]) {
        let name = "tally_http_rejections_total"
        text.append(contentsOf: "# HELP \(name) Requests refused by the server itself\n".utf8)
        text.append(contentsOf: "# TYPE \(name) counter\n".utf8)
        for reason in HTTPRejection.allCases {
            let count = http.rejections[reason] ?? 0
            text.append(contentsOf: "\(name){reason=\"\(reason)\"} \(count)\n".utf8)
        }
    }

    func add(
        _ name: String, _ type: String, _ help: String, _ value: UInt64, _ text: inout [UInt8]
    ) {
        text.append(
            contentsOf: "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n\(name) \(value)\n".utf8)
    }
}
