internal import Credit
internal import Ledger
internal import Synchronization

/// Counts each key's requests in an exact sliding window.
final class RateLimiter: Sendable {
    private struct Window: Sendable {
        /// The times of the newest admitted requests, a ring once it is full.
        var times: [Int64] = []
        var oldest = 0
        var newest: Int64 = 0
        /// How many requests it admits; another number begins another window.
        var requestsMax = 0
    }

    /// Windows that are kept before those without a recent request are dropped.
    private static let windowsMax = 4096

    private let requestsMax: Int
    private let windowMicros: Int64
    private let windows = Mutex<[APIKeySlot: Window]>([:])

    init(requestsMax: Int, seconds: Int) {
        self.requestsMax = requestsMax
        windowMicros = Int64(max(seconds, 1)) * 1_000_000
    }

    /// Admits a request of a key; else the seconds until one will be.
    ///
    /// `own` is how many requests the plan of the key's account allows, nil for the usual number.
    func admit(_ key: APIKeySlot, own: Int?, at now: Instant) -> Int? {
        let requestsMax = own ?? requestsMax
        guard requestsMax > 0 else { return nil }
        return windows.withLock { windows in
            if windows.count > Self.windowsMax, windows[key] == nil { prune(&windows, at: now) }
            if windows[key]?.requestsMax != requestsMax {
                windows[key] = Window(requestsMax: requestsMax)
            }
            return admit(in: &windows[key, default: Window(requestsMax: 1)], at: now.micros)
        }
    }

    private func admit(in window: inout Window, at now: Int64) -> Int? {
        if window.times.count < window.requestsMax {
            window.times.append(now)
        } else {
            let end = window.times[window.oldest] + windowMicros
            guard end <= now else { return Int((end - now + 999_999) / 1_000_000) }
            window.times[window.oldest] = now
            window.oldest = (window.oldest + 1) % window.requestsMax
        }
        window.newest = now
        return nil
    }

    private func prune(_ windows: inout [APIKeySlot: Window], at now: Instant) {
        let start = now.micros - windowMicros
        windows = windows.filter { $0.value.newest > start }
    }
}

/// Limits how many refusals an account may have recorded, as each takes room in the journal.
///
/// Spread evenly with a burst (the generic cell rate algorithm): one number an account.
final class RefusalLimiter: Sendable {
    private static let accountsMax = 65_536

    private let stepMicros: Int64
    private let burstMicros: Int64
    /// For each account, by a hash of its id, when its refusals would have been used up evenly.
    private let due = Mutex<[Int: Int64]>([:])
    /// False as long as nobody was refused, so that charging does not look.
    private let isInUse = Atomic<Bool>(false)

    init(refusalsMax: Int, seconds: Int) {
        burstMicros = Int64(max(seconds, 1)) * 1_000_000
        stepMicros = refusalsMax > 0 ? max(1, burstMicros / Int64(refusalsMax)) : 0
    }

    /// Notes a refusal that was recorded.
    func note(_ account: Span<UInt8>, at now: Instant) {
        guard stepMicros > 0 else { return }
        isInUse.store(true, ordering: .relaxed)
        let hash = Self.hash(account)
        due.withLock { due in
            if due.count > Self.accountsMax { due = due.filter { $0.value > now.micros } }
            due[hash] = max(due[hash] ?? 0, now.micros) + stepMicros
        }
    }

    /// The seconds until the account may be charged again; nil when it may now.
    func wait(_ account: Span<UInt8>, at now: Instant) -> Int? {
        guard isInUse.load(ordering: .relaxed) else { return nil }
        let hash = Self.hash(account)
        return due.withLock { due in
            guard let time = due[hash] else { return nil }
            let wait = time + stepMicros - now.micros - burstMicros
            return wait > 0 ? Int((wait + 999_999) / 1_000_000) : nil
        }
    }

    private static func hash(_ account: Span<UInt8>) -> Int {
        var hasher = Hasher()
        unsafe account.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}
