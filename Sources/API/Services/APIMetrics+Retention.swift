extension APIMetrics {
    /// What has become of details that plans keep no longer.
    func addRetention(to text: inout [UInt8]) {
        add(
            "tally_details_deleted_total", "counter", "Calls whose details retention deleted",
            storage.detailsDeletedCalls, &text)
        add(
            "tally_details_deleted_segments_total", "counter",
            "Segments of which retention deleted details, each time",
            storage.detailsDeletedSegments, &text)
        add(
            "tally_retention_sweeps_total", "counter", "Sweeps for details to delete finished",
            storage.retentionSweeps, &text)
        add(
            "tally_retention_failures_total", "counter",
            "Sweeps broken off because something could not be read", storage.retentionFailures,
            &text)
        add(
            "tally_retention_age_seconds",
            "Time since the last sweep was finished, or since the start", storage.retentionAge,
            &text)
        guard !storage.retentionThrough.isEmpty else { return }
        let name = "tally_retention_through_segment"
        var lines = "# HELP \(name) Segment up to which nothing is left to delete, by days kept\n"
        lines += "# TYPE \(name) gauge\n"
        for (days, segment) in storage.retentionThrough.sorted(by: { $0.key < $1.key }) {
            lines += "\(name){days=\"\(days)\"} \(segment)\n"
        }
        text.append(contentsOf: lines.utf8)
    }
}
