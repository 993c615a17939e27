public import Credit

/// A part of a sweep that becomes durable as a whole: details that go, and how far the sweep is.
public struct RetentionStep: Hashable, Sendable {
    public var segments: [PrunedSegment] = []
    /// Up to which segment the accounts of a plan that keeps details for so many days have been
    /// dealt with; only what changes.
    public var through: [UInt16: UInt64] = [:]
    /// Up to which segment was looked for calls that are older than their segment; nil as before.
    public var looked: UInt64?
    /// Such segments that were found.
    public var early: [EarlySegment] = []
    /// Pages of ``RetentionProgress/accounts`` that change, by their number.
    public var accountPages: [Int: [UInt16]] = [:]

    public init() {}

    /// True when there is nothing to make durable.
    public var isEmpty: Bool {
        segments.isEmpty && through.isEmpty && looked == nil && early.isEmpty
            && accountPages.isEmpty
    }

    /// How many calls lose their details.
    public var deletedCount: Int { segments.reduce(0) { $0 + $1.deletedCount } }
}

/// A segment with calls that were said to be older than it: what an import brought.
public struct EarlySegment: Hashable, Sendable {
    public let number: UInt64
    /// The time of its oldest call.
    public let oldest: Instant

    public init(number: UInt64, oldest: Instant) {
        self.number = number
        self.oldest = oldest
    }
}

/// What the plans of all accounts say of their details, by slot.
public struct AccountRetention: Hashable, Sendable {
    /// For how many days they are kept; 0 for good.
    public var days: [UInt16]
    /// When the account was created.
    public var createdAt: [Instant]

    public init(days: [UInt16] = [], createdAt: [Instant] = []) {
        self.days = days
        self.createdAt = createdAt
    }
}

/// How far the deletion of details has come; what of it is stored, and what is only known.
public struct RetentionProgress: Hashable, Sendable {
    /// How many accounts stand on a page.
    public static let pageAccounts = 4096

    /// By days of retention: up to which segment nothing is left to do.
    public var through: [UInt16: UInt64] = [:]
    /// Up to which segment was looked for calls that are older than their segment.
    public var looked: UInt64 = 0
    /// The segments with such calls, in order.
    public var early: [EarlySegment] = []
    /// For each account for how many days its details were kept when the last sweep began; 0 for
    /// good.
    public var accounts: [UInt16] = []
    /// When something in an early segment will be too old, by days of retention and segment.
    ///
    /// Not stored: who does not know looks.
    var nextDue: [UInt16: [UInt64: Instant]] = [:]

    public init() {}

    /// Takes over what became durable.
    mutating func take(_ step: RetentionStep) {
        through.merge(step.through) { $1 }
        looked = step.looked ?? looked
        early += step.early
        for (page, days) in step.accountPages {
            let start = page * Self.pageAccounts
            let missing = start + days.count - accounts.count
            if missing > 0 { accounts += repeatElement(0, count: missing) }
            accounts.replaceSubrange(start..<start + days.count, with: days)
        }
    }
}

extension RetentionProgress {
    /// The stored form of a page of accounts: two bytes each, low first, and a CRC-32 of them and of
    /// the page's number.
    public static func encode(page days: [UInt16], _ number: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for length in days { bytes.append(fixed: length) }
        return bytes.withChecksum(under: [Int64(number)])
    }

    /// Adds a page of accounts as it was stored; they come in order.
    public mutating func add(page stored: [UInt8], _ number: Int) throws(SegmentError) {
        let bytes = try stored.checked(under: [Int64(number)])
        guard accounts.count == number * Self.pageAccounts else { throw .malformed(at: 0) }
        var reader = ByteReader()
        while reader.offset < bytes.count {
            accounts.append(try reader.fixed(UInt16.self, in: bytes.span))
        }
    }
}
