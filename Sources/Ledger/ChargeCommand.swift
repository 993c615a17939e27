public import Credit

/// What happened to the call that is charged for.
///
/// Values 100-599 are the HTTP status that the vendor sent; the others are named.
public struct CallStatus: Hashable, Sendable, BitwiseCopyable, RawRepresentable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// Not said; counts as succeeded.
    public static let unsaid = Self(rawValue: 0)
    public static let succeeded = Self(rawValue: 1)
    public static let failed = Self(rawValue: 2)
    public static let empty = Self(rawValue: 3)
    public static let partial = Self(rawValue: 4)
    public static let timeout = Self(rawValue: 5)
    /// Of runs only: somebody ended it.
    public static let cancelled = Self(rawValue: 6)

    /// True for a call that failed or ran out of time, by name or by its HTTP status.
    public var isFailure: Bool { self == .failed || self == .timeout || rawValue >= 400 }
}

/// What a run belongs to.
public enum ScenarioType: UInt8, Sendable, BitwiseCopyable {
    case unsaid
    case scenario
    case agent
}

/// What a charge does when the balance is too small.
public enum ShortPolicy: UInt8, Sendable, BitwiseCopyable {
    /// Refuse with `insufficient_credits`.
    case refuse
    /// Always record: what is available, then overdraft, the rest uncollected.
    case collect
}

/// An optional count of 0 to 2^63-2 in eight bytes.
public struct OptionalCount: Hashable, Sendable, BitwiseCopyable {
    /// The count plus one; 0 when there is none.
    public let stored: UInt64

    /// No count.
    public static let none = Self(stored: 0)

    /// The form that ``stored`` describes.
    public init(stored: UInt64) {
        self.stored = stored
    }

    /// A count, or none when it is negative or too large.
    public init(_ value: Int64) {
        stored = value >= 0 && value < Int64.max ? UInt64(value) + 1 : 0
    }

    /// The count, if there is one.
    public var value: Int64? { stored == 0 ? nil : Int64(truncatingIfNeeded: stored - 1) }
}

/// What is recorded of a call beside its money: where the credits went.
///
/// Text fields lie in the buffer that the holder of this value names; empty means not sent.
public struct CallDetails: Hashable, Sendable, BitwiseCopyable {
    public var team = ByteRange.empty
    public var scenario = ByteRange.empty
    public var run = ByteRange.empty
    public var module = ByteRange.empty
    /// The vendor's own id of the request.
    public var requestID = ByteRange.empty
    /// A canonical JSON object.
    public var parameters = ByteRange.empty
    /// A canonical JSON object of strings.
    public var metadata = ByteRange.empty
    public var results = OptionalCount.none
    /// Data transferred, in bytes.
    public var bytes = OptionalCount.none
    /// How long the call took, in milliseconds.
    public var duration = OptionalCount.none
    /// When the call happened, or `Instant.never` when not said.
    public var occurredAt = Instant.never
    public var status = CallStatus.unsaid
    public var scenarioType = ScenarioType.unsaid
    public var isCheckRun = false

    public init() {}
}

/// Who asks for what, once only: the key and the fingerprint of what was sent with it.
public struct Idempotence: Hashable, Sendable, BitwiseCopyable {
    /// The key, in the buffer that the holder names.
    public var key: ByteRange
    /// The first 128 bits of the SHA-256 of the command in its canonical form.
    public var fingerprint: UInt128

    @inlinable
    public init(key: ByteRange, fingerprint: UInt128) {
        self.key = key
        self.fingerprint = fingerprint
    }
}

/// A request to charge an account, parsed and checked; its texts lie in a `CommandBatch`.
public struct ChargeCommand: Hashable, Sendable, BitwiseCopyable {
    /// The vendor's id of the account.
    public var account = ByteRange.empty
    public var action = ByteRange.empty
    public var idempotence = Idempotence(key: .empty, fingerprint: 0)
    /// The customer key that the call used, or ``noKey``.
    public var key = Self.noKey
    /// A price by hand in micro-credits, or ``notByHand``.
    public var amount = Self.notByHand
    /// The ledger time that an operator sent, or `Instant.never`.
    public var postedAt = Instant.never
    public var onShort = ShortPolicy.refuse
    public var details = CallDetails()

    /// Says that no customer key was used.
    public static let noKey = APIKeySlot.max
    /// Says that the price list decides.
    public static let notByHand: Int64 = -1

    public init() {}

    /// What budgets go by.
    @inlinable
    public var scope: ScopeRanges { ScopeRanges(action: action, key: key, details: details) }
}
