import Credit
import Glibc
import JSON
import Terminal
import Wire

/// What the server says of itself on stderr, a line each: as text, or as JSON for machines.
///
/// Nothing that a client sent is ever in it, and no key.
struct ServerLog: Sendable {
    enum Format: String, Sendable {
        case text
        case json
    }

    enum Level: String, Sendable {
        case info
        case warning
        case error
    }

    private let format: Format

    init(_ format: Format) {
        self.format = format
    }

    /// Says that something happened: `event` for machines, `message` for people.
    func note(
        _ level: Level, _ event: StaticString, _ message: String,
        _ fields: [(name: StaticString, value: String)] = []
    ) {
        guard format == .json else { return Terminal.report(message) }
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.member("time", Instant.now)
        writer.member("level", level.rawValue)
        writer.member("event", "\(event)")
        writer.member("message", message)
        for field in fields { writer.member(field.name, field.value) }
        writer.endObject()
        Terminal.report(String(decoding: writer.bytes, as: UTF8.self))
    }
}

extension Instant {
    /// The time by the wall clock.
    static var now: Self {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Self(micros: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}
