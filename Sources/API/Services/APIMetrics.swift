public import Engine
public import HTTP
internal import Wire

/// What `/metrics` shows.
public struct APIMetrics: Hashable, Sendable {
    public var http: HTTPCounters
    public var pipeline: PipelineCounters
    public var accounts: Int
    /// True once requests are answered.
    public var isReady: Bool

    public init(
        http: HTTPCounters, pipeline: PipelineCounters, accounts: Int, isReady: Bool
    ) {
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

    private func addRejections(to text: inout [UInt8]) {
        let name = "tally_http_rejections_total"
        text.append(contentsOf: "# HELP \(name) Requests refused by the server itself\n".utf8)
        text.append(contentsOf: "# TYPE \(name) counter\n".utf8)
        for reason in HTTPRejection.allCases {
            let count = http.rejections[reason] ?? 0
            text.append(contentsOf: "\(name){reason=\"\(reason)\"} \(count)\n".utf8)
        }
    }

    private func add(
        _ name: String, _ type: String, _ help: String, _ value: UInt64, _ text: inout [UInt8]
    ) {
        text.append(
            contentsOf: "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n\(name) \(value)\n".utf8)
    }
}
