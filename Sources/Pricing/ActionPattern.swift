/// The actions that a rule is for.
public enum ActionPattern: Hashable, Sendable {
    /// One action: `businesses.fetch`.
    case exact([UInt8])
    /// The actions that begin with these bytes, a dot last: `businesses.*`; none of them for `*`.
    case prefix([UInt8])

    /// True for those that end in `*`.
    var isPrefix: Bool {
        switch self {
        case .exact: false
        case .prefix: true
        }
    }

    /// True when the rule is for `action`.
    func matches(_ action: Span<UInt8>) -> Bool {
        switch self {
        case .exact(let bytes): bytes.count == action.count && Self.begins(action, with: bytes)
        case .prefix(let bytes): Self.begins(action, with: bytes)
        }
    }

    private static func begins(_ action: Span<UInt8>, with bytes: [UInt8]) -> Bool {
        guard bytes.count <= action.count else { return false }
        for index in bytes.indices {
            guard bytes[index] == action[index] else { return false }
        }
        return true
    }
}
