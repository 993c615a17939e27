internal import Credit
internal import Ledger
internal import Reports
internal import Store
internal import Synchronization
internal import Wire

/// The packages that grants named, which only the journal keeps; remembers those asked for.
final class GrantPackages: Sendable {
    private static let countMax = 65_536

    private let known = Mutex<[Position: String?]>([:])

    /// The package of the grant recorded at `position`.
    func package(
        of position: Position, in segments: SegmentCache
    ) throws(StoreError) -> String? {
        if let package = known.withLock({ $0[position] }) { return package }
        var package: String?
        if let stored = try segments.event(at: position), case .event(let index) = stored.item,
            case .granted(let grant) = stored.contents.events[index]
        {
            package = PackageName.inMemo(grant.memo)
        }
        known.withLock { known in
            if known.count >= Self.countMax { known.removeAll() }
            known[position] = .some(package)
        }
        return package
    }
}
