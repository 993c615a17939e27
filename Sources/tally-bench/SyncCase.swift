import Glibc

/// What the disk itself does: a block written and synced, one after the other.
///
/// Stands in every run, because a machine's syncs can take ten times as long an hour later.
struct SyncCase {
    let seconds: Double

    func run(in path: String) throws -> Measurement {
        let file = unsafe open("\(path)/sync", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw BenchError.storage(path) }
        defer { close(file) }
        let block = [UInt8](repeating: 1, count: 4096)
        var latencies: [UInt64] = []
        let begin = Monotonic.now()
        let deadline = begin + UInt64(seconds * 1e9)
        while Monotonic.now() < deadline {
            let start = Monotonic.now()
            let written = unsafe block.withUnsafeBytes { buffer in
                unsafe pwrite(file, buffer.baseAddress, buffer.count, latencies.count % 256 * 4096)
            }
            guard written == block.count, fdatasync(file) == 0 else {
                throw BenchError.storage("sync")
            }
            latencies.append(Monotonic.now() - start)
        }
        return Measurement(
            name: "fdatasync", accounts: 0, batch: 1, count: latencies.count,
            seconds: Double(Monotonic.now() - begin) / 1e9, latencies: latencies, bytes: nil)
    }
}
