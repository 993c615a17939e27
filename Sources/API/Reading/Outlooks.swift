internal import Credit
internal import Ledger
internal import Store
internal import Synchronization

/// What is used a day on average, and when nothing is left.
struct Outlook: Sendable {
    /// In micro-credits.
    let averageDaily: Int128
    /// Nil when that is later than a year.
    let runsOutAt: Instant?
}

/// The outlooks that balances told last: what is asked again within a minute, with no entry in between, is
/// not worked out again.
final class Outlooks: Sendable {
    private static let countMax = 16_384
    private static let seconds: Int64 = 60

    /// All that an outlook depends on.
    private struct Basis: Hashable {
        let sequence: UInt64
        let minute: Int64
        let timeZone: String
    }

    private let known = Mutex<[AccountSlot: (basis: Basis, outlook: Outlook)]>([:])

    /// The outlook of an account, by what `make` gives if nobody knows.
    func outlook(
        of view: ReadView, in timeZone: String, _ make: () throws(StoreError) -> Outlook
    ) throws(StoreError) -> Outlook {
        let basis = Basis(
            sequence: view.record.sequence,
            minute: view.now.floor(toSeconds: Self.seconds).micros, timeZone: timeZone)
        if let found = known.withLock({ $0[view.slot] }), found.basis == basis {
            return found.outlook
        }
        let outlook = try make()
        known.withLock { known in
            if known.count >= Self.countMax { known.removeAll() }
            known[view.slot] = (basis, outlook)
        }
        return outlook
    }
}
