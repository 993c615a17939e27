public import Credit

/// What kind of credits a grant gives; decides its usual place in the burn order.
public enum GrantSource: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    case promo
    case rollover
    case plan
    case topUp
    case adjustment

    /// The name in JSON.
    public var text: String {
        switch self {
        case .promo: "promo"
        case .rollover: "rollover"
        case .plan: "plan"
        case .topUp: "top_up"
        case .adjustment: "adjustment"
        }
    }

    /// The priority unless the grant names one; lower burns first.
    public var usualPriority: Int32 {
        switch self {
        case .promo: 5
        case .rollover: 8
        case .plan: 10
        case .topUp, .adjustment: 20
        }
    }
}

/// The credits of one grant and where they are now.
///
/// Conservation: granted = remaining + held + spent + expired + voided, every term >= 0.
public struct Lot: Hashable, Sendable, BitwiseCopyable {
    /// The life of a lot; only an open one can pay.
    public enum State: UInt8, Sendable, BitwiseCopyable {
        /// Its `effectiveAt` is still to come.
        case waiting
        case open
        /// Nothing remains, and nothing can come back by itself.
        case closed
        /// Expired or voided, while holds still reserve some of it.
        case lapsed
    }

    /// Where its grant was recorded; its id is derived from it.
    public let position: Position
    /// What kind of credits they are.
    public let source: GrantSource
    /// Lower burns first; never changes.
    public let priority: Int32
    /// When it becomes usable.
    public let effectiveAt: Instant
    /// From when on it is not usable; `Instant.never` when it does not expire.
    public let expiresAt: Instant
    /// All that was granted, in micro-credits, like every amount below.
    public let granted: Int64
    /// Unheld and unspent.
    public internal(set) var remaining: Int64
    /// Reserved by open holds.
    public internal(set) var held: Int64 = 0
    /// Paid for charges, negative adjustments and earlier debt.
    public internal(set) var spent: Int64 = 0
    /// Lost to expiry.
    public internal(set) var expired: Int64 = 0
    /// Taken back by a void.
    public internal(set) var voided: Int64 = 0
    /// Where it is in its life.
    public internal(set) var state: State
    /// True once it was voided: nothing comes back to it.
    public internal(set) var isVoided = false
    /// True of the one lot that stands for all of an account's that have expired or were voided.
    ///
    /// Nothing can come back to those. It has their amounts added up; the rest of it says nothing.
    public var isEnded: Bool { position == Self.endedPosition }

    /// Where nothing is ever granted: segments count from 1.
    static let endedPosition = Position(segment: 0, index: 0)

    /// The next lot of the same account in its chain, or ``Lot/none``.
    var next: UInt32 = Lot.none

    static let none = UInt32.max

    /// The id of the grant.
    public var id: GrantID { position.id() }

    /// True when every credit granted is accounted for.
    public var isConserved: Bool {
        let parts = [remaining, held, spent, expired, voided]
        guard parts.allSatisfy({ $0 >= 0 }) else { return false }
        return parts.reduce(Int128(0)) { $0 + Int128($1) } == Int128(granted)
    }

    /// True when this lot pays before `other`: priority, then soonest expiry, then id.
    func burns(before other: Lot) -> Bool {
        if priority != other.priority { return priority < other.priority }
        if expiresAt != other.expiresAt { return expiresAt < other.expiresAt }
        return position < other.position
    }
}

/// How much of one entry one lot paid or got.
public struct LotShare: Hashable, Sendable, BitwiseCopyable {
    /// Where the grant of the lot was recorded.
    public let grant: Position
    /// What kind of credits the lot has.
    public let source: GrantSource
    /// Micro-credits.
    public let micros: Int64

    /// A share of `micros` from the lot granted at `grant`.
    @inlinable
    public init(grant: Position, source: GrantSource, micros: Int64) {
        self.grant = grant
        self.source = source
        self.micros = micros
    }

    /// The id of the grant.
    public var id: GrantID { grant.id() }
}
