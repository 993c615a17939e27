import Glibc

/// Why a case gave no figure.
enum BenchError: Error {
    case refused
    case storage(String)
    case usage(String)
}

/// The monotonic clock in nanoseconds.
enum Monotonic {
    static func now() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Returns at a time of this clock, at once when it has passed.
    static func sleep(until nanoseconds: UInt64) {
        var time = timespec()
        time.tv_sec = Int(nanoseconds / 1_000_000_000)
        time.tv_nsec = Int(nanoseconds % 1_000_000_000)
        while unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
    }
}

/// The wall clock.
enum WallClock {
    /// Microseconds since 1970.
    static func micros() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}

/// One case's figures.
struct Measurement {
    let name: String
    let accounts: Int
    let batch: Int
    let count: Int
    let seconds: Double
    let latencies: [UInt64]
    var bytes: Int?
    var connections: Int?
    /// Microseconds, where another program measured them.
    var percentiles: (p50: UInt64, p99: UInt64)?
    /// What one of them takes, where that is less than a microsecond.
    var nanoseconds: Double?

    /// The microseconds that this share of them took at most.
    func microseconds(_ share: Double) -> UInt64 { Self.percentile(share, of: latencies.sorted()) }

    private static func percentile(_ share: Double, of sorted: [UInt64]) -> UInt64 {
        guard !sorted.isEmpty else { return 0 }
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] / 1000
    }

    /// One JSON line.
    var json: String {
        let sorted = latencies.sorted()
        var fields = [
            "\"case\":\"\(name)\"", "\"accounts\":\(accounts)", "\"batch\":\(batch)",
            "\"per_second\":\(Int(Double(count) / seconds))",
            "\"p50_us\":\(percentiles?.p50 ?? Self.percentile(0.5, of: sorted))",
            "\"p99_us\":\(percentiles?.p99 ?? Self.percentile(0.99, of: sorted))",
        ]
        if let bytes {
            fields.append("\"bytes_per_charge\":\(Int((Double(bytes) / Double(count)).rounded()))")
        }
        if let nanoseconds { fields.append("\"nanoseconds\":\(Int(nanoseconds.rounded()))") }
        if let connections { fields.append("\"connections\":\(connections)") }
        fields.append("\"count\":\(count)")
        return "{\(fields.joined(separator: ","))}"
    }
}

/// The names in a folder.
func fileNames(_ path: String) -> [String] {
    guard let folder = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { text in
                unsafe String(cString: text)
            }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}

/// The bytes that the files of a folder take on disk.
func folderSize(_ path: String) -> Int {
    fileNames(path).reduce(0) { total, name in
        var status = stat()
        guard unsafe stat("\(path)/\(name)", &status) == 0 else { return total }
        return total + Int(status.st_blocks) * 512
    }
}
