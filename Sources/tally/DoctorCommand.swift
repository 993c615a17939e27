import Credit
import Glibc
import JSON
import SQLiteStore
import Store
import Terminal
import Wire

/// `tally doctor`: looks whether a machine and a data folder are fit to serve.
enum DoctorCommand {
    static let command = Subcommand(
        name: "doctor", summary: "look whether this machine is fit to serve",
        help: """
            tally doctor [--data DIR] [--json]

            Looks at the disk under the data folder (room, and how long a write takes to be durable),
            who can read it, the journal's settings and last segment, SQLite, the clock, the time
            zones and the limits of the process. Changes nothing; the server may run meanwhile. Exits with 1 when
            something would not work.

              --data DIR  where the journal lies, or will lie (./tally-data)
              --json      a list of objects: name, state (ok, warning or failed), detail
            """,
        run: run)

    /// How a thing that was looked at is.
    fileprivate enum State: String {
        case ok
        case warning
        case failed
    }

    fileprivate struct Finding: JSONWritable {
        let name: String
        let state: State
        let detail: String

        func write(to bytes: inout [UInt8]) {
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("name", name)
            writer.member("state", state.rawValue)
            writer.member("detail", detail)
            writer.endObject()
            bytes.append(contentsOf: writer.bytes)
        }
    }

    private static func run(_ text: [String]) throws {
        let arguments = try Arguments(text, options: ["--data"], flags: ["--json"])
        guard arguments.values.isEmpty else {
            throw Failure.usage("unexpected \(arguments.values[0])")
        }
        let data = try arguments.value("--data") ?? DataOption.usual
        let findings =
            DiskChecks(folder: data).findings + readers(of: data) + journal(in: data) + machine()
        if arguments.has("--json") {
            var writer = JSONWriter()
            writer.beginArray()
            for finding in findings { writer.value(finding) }
            writer.endArray()
            Terminal.print(String(decoding: writer.bytes, as: UTF8.self))
        } else {
            for finding in findings {
                let state = finding.state.rawValue.padded(to: 8)
                Terminal.print("\(state) \(finding.name.padded(to: 11)) \(finding.detail)")
            }
        }
        if findings.contains(where: { $0.state == .failed }) { throw Failure.told }
    }

    /// Whether others on the machine can read what is or will be in the folder; nothing where there is
    /// none yet.
    private static func readers(of data: String) -> [Finding] {
        var status = stat()
        guard unsafe stat(data, &status) == 0 else { return [] }
        let isOpen = status.st_mode & 0o077 != 0
        let detail =
            isOpen
            ? "others can look into \(data): chmod -R go= \(data)"
            : "only its owner can look into \(data)"
        return [Finding(name: "access", state: isOpen ? .warning : .ok, detail: detail)]
    }

    private static func journal(in data: String) -> [Finding] {
        guard DataFolder.exists(data) else {
            return [
                Finding(name: "journal", state: .ok, detail: "none yet: serve makes one"),
                clock(after: nil),
            ]
        }
        do throws(StoreError) {
            let reader = try SQLiteJournalReader(folder: data)
            let mode = try reader.journalMode()
            let last = try reader.lastNumber()
            let segment = last > 0 ? try reader.segment(last) : nil
            let time = try? segment?.header().time
            let state: State = mode == "wal" ? .ok : .failed
            return [
                Finding(
                    name: "journal", state: state,
                    detail: "\(last) segments, journal_mode \(mode)"),
                clock(after: time),
            ]
        } catch {
            return [
                Finding(name: "journal", state: .failed, detail: "\(error)"), clock(after: nil),
            ]
        }
    }

    private static func clock(after last: Instant?) -> Finding {
        let now = Instant.now
        guard let last, last > now else {
            return Finding(name: "clock", state: .ok, detail: now.rfc3339)
        }
        let seconds = (last.micros - now.micros) / 1_000_000
        return Finding(
            name: "clock", state: .warning,
            detail: "\(seconds) s behind the journal's last segment: time would wait")
    }

    private static func machine() -> [Finding] {
        var limit = rlimit()
        let isKnown = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        let files = isKnown ? UInt64(limit.rlim_cur) : 0
        let zones = unsafe access("/usr/share/zoneinfo/Europe/Berlin", R_OK) == 0
        return [
            Finding(
                name: "files", state: files >= 10_500 ? .ok : .warning,
                detail: "\(files) may be open; 10000 connections take 10500"),
            Finding(
                name: "time zones", state: zones ? .ok : .failed,
                detail: zones ? "there" : "/usr/share/zoneinfo is missing: install tzdata"),
            Finding(
                name: "SQLite", state: .ok,
                detail: "\(DataFolder.sqliteVersion); one connection writes each file"),
        ]
    }
}

/// What is found of the disk under a folder, or under the nearest one above it that exists.
private struct DiskChecks {
    private static let writes = 100
    private static let bytes = 4096
    private static let freeMin: UInt64 = 1 << 30
    private static let slowMicros: UInt64 = 20_000

    private let folder: String

    init(folder: String) {
        var folder = folder
        while unsafe access(folder, F_OK) != 0, folder.count > 1 {
            let parent = folder.split(separator: "/", omittingEmptySubsequences: false).dropLast()
                .joined(separator: "/")
            folder = parent.isEmpty ? (folder.hasPrefix("/") ? "/" : ".") : parent
        }
        self.folder = folder
    }

    var findings: [DoctorCommand.Finding] { [room, speed] }

    private var room: DoctorCommand.Finding {
        var status = statvfs()
        guard unsafe statvfs(folder, &status) == 0 else {
            return DoctorCommand.Finding(
                name: "room", state: .failed, detail: "\(folder) cannot be looked at")
        }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        return DoctorCommand.Finding(
            name: "room", state: free >= Self.freeMin ? .ok : .warning,
            detail: "\(free >> 20) MiB free under \(folder)")
    }

    private var speed: DoctorCommand.Finding {
        guard let times = measure(), let last = times.last else {
            return DoctorCommand.Finding(
                name: "disk", state: .failed, detail: "\(folder) cannot be written to")
        }
        let (middle, slow) = (times[times.count / 2], times[times.count * 99 / 100])
        return DoctorCommand.Finding(
            name: "disk", state: slow <= Self.slowMicros ? .ok : .warning,
            detail: "a durable write of \(Self.bytes) bytes takes \(middle) us, "
                + "one in a hundred \(slow) us, the slowest of \(times.count) \(last) us")
    }

    /// How long writes took to be durable, rising, in microseconds; nil when they are not possible.
    private func measure() -> [UInt64]? {
        let path = "\(folder)/.tally-doctor-\(getpid())"
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { return nil }
        defer {
            close(file)
            unsafe unlink(path)
        }
        let block = [UInt8](repeating: 0x5A, count: Self.bytes)
        var times: [UInt64] = []
        for _ in 0..<Self.writes {
            let start = ContinuousClock.now
            let written = unsafe block.withUnsafeBytes {
                unsafe write(file, $0.baseAddress, $0.count)
            }
            guard written == Self.bytes, fdatasync(file) == 0 else { return nil }
            let (seconds, attoseconds) = (ContinuousClock.now - start).components
            times.append(UInt64(seconds) * 1_000_000 + UInt64(attoseconds / 1_000_000_000_000))
        }
        return times.sorted()
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
