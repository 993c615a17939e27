public import Credit
public import JSON
public import Ledger

/// What the body of a call may say, by what it asks for and who says it.
public struct ChargeForm: Sendable {
    /// What a body asks for.
    public enum Kind: Hashable, Sendable {
        case charge
        /// A charge that carries its `idempotency_key`.
        case batchItem
        /// A charge with what it says of its hold.
        case hold
        /// How a held call turned out.
        case capture
        /// A charge that is only asked about; it need not name an account.
        case estimate
    }

    public let kind: Kind
    public let limits: APILimits
    public let now: Instant
    /// Only operators may send `posted_at`.
    public let allowsPostedAt: Bool

    public init(_ kind: Kind, limits: APILimits, now: Instant, allowsPostedAt: Bool) {
        self.kind = kind
        self.limits = limits
        self.now = now
        self.allowsPostedAt = allowsPostedAt
    }

    func takes(_ field: ChargeDecoder.Field) -> Bool {
        switch field {
        case .account, .customerKey, .keyID, .action, .team, .scenario, .scenarioType, .run,
            .module:
            kind != .capture
        case .idempotencyKey: kind == .batchItem
        case .ttlSeconds, .onExpiry, .minimum: kind == .hold
        case .parameters, .amount, .requestID, .status, .results, .bytes, .durationMS, .checkRun,
            .occurredAt, .metadata:
            true
        case .postedAt: kind != .estimate
        case .priceList: kind == .estimate
        case .onShort: kind != .hold
        }
    }
}

/// A charge as it was sent; its account may still be named by a customer key only.
public struct DecodedCharge: Sendable {
    /// The command, without account or fingerprint when a customer key was sent.
    public var command = ChargeCommand()
    /// Where the secret of the customer key stands in the body, if one was sent.
    public var customerKey: JSONString?
    /// The customer's key by its id, for a vendor that does not hold its secret.
    public var keyID: APIKeyID?
    /// The list that an estimate names, empty for none.
    public var priceList = ByteRange.empty
    /// What the body of a hold says beside its call.
    public var hold = HoldRequest(
        seconds: APILimits.holdSecondsUsual, onExpiry: .release, minimum: Self.noMinimum)

    /// Says that no minimum was sent.
    static let noMinimum: Int64 = -1
}
