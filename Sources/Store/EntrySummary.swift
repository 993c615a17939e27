public import Credit
public import Ledger

/// What is kept of an entry apart from its segment: enough to find it and to add it up.
///
/// Its texts lie in the bytes of the ``EntrySummaries`` that it is part of.
public struct EntrySummary: Hashable, Sendable, BitwiseCopyable {
    public var account: AccountSlot
    public var position: Position
    public var time: Instant
    public var kind: ListedKind
    /// What lists show as its credits, in micro-credits: what a call cost, what a grant gave.
    public var credits: Int64
    /// The part of what a call cost that no lot of a plan paid; of a refund, that went back to none.
    public var extra: Int64
    /// The customer key; `ChargeCommand.noKey` for none.
    public var key: APIKeySlot
    public var units: Int64
    public var status: CallStatus
    public var results: OptionalCount
    /// Data transferred.
    public var bytes: OptionalCount
    /// In milliseconds.
    public var duration: OptionalCount
    /// Of the start of a run when it began, as the vendor said; else `Instant.never`.
    public var startedAt = Instant.never
    public var action: ByteRange
    public var team: ByteRange
    public var scenario: ByteRange
    public var run: ByteRange
    public var module: ByteRange
    /// A canonical JSON object; empty where it was not asked for.
    public var parameters: ByteRange

    /// An entry without texts.
    public init(
        account: AccountSlot, position: Position, time: Instant, kind: ListedKind,
        credits: Int64 = 0, extra: Int64 = 0, key: APIKeySlot = ChargeCommand.noKey,
        units: Int64 = 0, status: CallStatus = .unsaid, results: OptionalCount = .none,
        bytes: OptionalCount = .none, duration: OptionalCount = .none
    ) {
        self.account = account
        self.position = position
        self.time = time
        self.kind = kind
        self.credits = credits
        self.extra = extra
        self.key = key
        self.units = units
        self.status = status
        self.results = results
        self.bytes = bytes
        self.duration = duration
        action = .empty
        team = .empty
        scenario = .empty
        run = .empty
        module = .empty
        parameters = .empty
    }

    static let blank = Self(
        account: 0, position: Position(segment: 0, index: 0), time: .epoch, kind: .charge)

    /// True for what usage counts: calls that cost something or nothing, and refunds.
    public var isUsage: Bool { isCall || kind == .refund }

    /// True for a call that was made: a charge or a capture, no hold.
    public var isCall: Bool { kind == .charge || kind == .capture }
}

/// Summaries of entries, and the bytes that their texts lie in.
public struct EntrySummaries: Sendable {
    public var entries: [EntrySummary]
    public var bytes: [UInt8]

    public init(entries: [EntrySummary] = [], bytes: [UInt8] = []) {
        self.entries = entries
        self.bytes = bytes
    }

    /// The bytes at a range of one of the entries; an empty one lies anywhere.
    public func bytes(_ range: ByteRange) -> [UInt8] {
        range.isEmpty ? [] : Array(bytes[range.indices])
    }

    /// The text at a range of one of the entries.
    public func text(_ range: ByteRange) -> String {
        String(decoding: bytes[range.indices], as: UTF8.self)
    }
}

extension GrantSource {
    /// True for credits that came with a plan, carried over or not; all others are extra.
    public var isOfPlan: Bool { self == .plan || self == .rollover }
}

extension SegmentContents {
    /// The part of a charge that no lot of a plan paid.
    public func extra(of charge: ChargeEvent) -> Int64 {
        var extra = charge.credits
        for share in charge.shares where shares[share].source.isOfPlan {
            extra &-= shares[share].micros
        }
        return extra
    }
}

extension RefundEvent {
    /// The part that did not go back to a lot of a plan.
    public var extra: Int64 {
        shares.reduce(amount) { $1.source.isOfPlan ? $0 &- $1.micros : $0 }
    }
}
