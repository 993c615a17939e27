internal import Glibc
internal import Synchronization

/// The time zones of the system, by their IANA names; those used once are kept.
public final class TimeZones: Sendable {
    private static let folder = "/usr/share/zoneinfo/"
    private static let fileBytesMax = 64 * 1024

    private let known = Mutex<[String: TimeZoneRules]>(["UTC": .utc])

    public init() {}

    /// The zone called `name`; nil when the system has none.
    ///
    /// Names cannot lead out of the system's folder: no `..`, and letters, digits, `_ + - /` only.
    public func rules(of name: String) -> TimeZoneRules? {
        if let rules = known.withLock({ $0[name] }) { return rules }
        guard Self.isName(name), let bytes = Self.read(Self.folder + name) else { return nil }
        guard let rules = try? TimeZoneFile(bytes).rules() else { return nil }
        known.withLock { $0[name] = rules }
        return rules
    }

    private static func isName(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard 1...64 ~= name.utf8.count, parts.first != "right" else { return false }
        return parts.allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                    case UInt8(ascii: "a")...UInt8(ascii: "z"): true
                    case 0x30...0x39, UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"): true
                    default: false
                    }
                }
        }
    }

    private static func read(_ path: String) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: fileBytesMax + 1)
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
        }
        guard 0...fileBytesMax ~= count else { return nil }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}
