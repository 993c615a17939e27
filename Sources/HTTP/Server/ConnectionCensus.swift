internal import Synchronization

/// Counts the open connections of all loops against the limits.
final class ConnectionCensus: Sendable {
    private struct Counts {
        var total = 0
        var byOrigin: [PeerOrigin: Int] = [:]
    }

    private let connectionsMax: Int
    private let perOriginMax: Int
    private let counts = Mutex(Counts())

    init(limits: HTTPLimits) {
        connectionsMax = limits.connectionsMax
        perOriginMax = limits.connectionsPerAddressMax
    }

    /// Whether one more connection is allowed, and counts it if so.
    ///
    /// The unix socket does not count towards the total: its owner gets in when nobody else does.
    func admit(_ origin: PeerOrigin) -> Bool {
        counts.withLock { counts in
            let already = counts.byOrigin[origin, default: 0]
            guard already < perOriginMax else { return false }
            if origin != .unixSocket {
                guard counts.total < connectionsMax else { return false }
                counts.total += 1
            }
            counts.byOrigin[origin] = already + 1
            return true
        }
    }

    func leave(_ origin: PeerOrigin) {
        counts.withLock { counts in
            if origin != .unixSocket { counts.total -= 1 }
            let left = counts.byOrigin[origin, default: 1] - 1
            counts.byOrigin[origin] = left > 0 ? left : nil
        }
    }
}

/// Whom connections are counted for.
enum PeerOrigin: Hashable {
    case unixSocket
    case version4(UInt32)
    /// The /64 that one customer of a provider usually gets.
    case version6(prefix: UInt64)
}
