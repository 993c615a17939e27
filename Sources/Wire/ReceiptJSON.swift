internal import Credit
public import JSON
public import Ledger
public import Pricing
public import Store

/// The full explanation of an entry.
public struct ReceiptAnswer: Sendable {
    /// Why the entry's amount is what it is.
    public enum Basis: String, Sendable {
        /// A rule of a price list priced the call.
        case priceList = "price_list"
        /// Whoever asked named the amount.
        case byHand = "by_hand"
        /// A hold expired and its minimum was charged.
        case holdMinimum = "hold_minimum"
    }

    /// Why nothing was worked out again.
    public enum Reason: String, Sendable {
        /// The entry is none that a price makes.
        case notPriced = "not_priced"
        /// Whoever asked named the amount.
        case byHand = "by_hand"
        /// The parameters of the call were deleted.
        case detailsDeleted = "details_deleted"
    }

    /// What working the entry out again came to.
    public enum Recomputed: Sendable {
        case agrees
        /// Why it does not.
        case differs(String)
        case not(Reason)
    }

    /// The entry as lists show it.
    public var entry: [UInt8]
    public var basis: Basis?
    public var explanation: PriceExplanation?
    /// The rule in words.
    public var words: String?
    public var recomputed: Recomputed
    /// Nil where the entry before is too far away to be looked for.
    public var before: Balance?
    public var after: Balance
    /// Why the details of the call are not there any more; nil when they are.
    public var deletion: DetailsDeletion?
    /// What budgets had used when the call was decided; nil for what is no call.
    public var budgets: [BudgetUse]?
    /// The segment in which the entry is stored, the entry's place in it and the hashes.
    public var segment: UInt64
    public var index: Int
    public var hash: [UInt8]
    public var previousHash: [UInt8]

    public init(
        entry: [UInt8], recomputed: Recomputed, before: Balance?, after: Balance, segment: UInt64,
        index: Int, hash: [UInt8], previousHash: [UInt8]
    ) {
        self.entry = entry
        self.recomputed = recomputed
        self.before = before
        self.after = after
        self.segment = segment
        self.index = index
        self.hash = hash
        self.previousHash = previousHash
    }
}

extension ReceiptAnswer: JSONWritable {
    public func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter(capacity: entry.count + 2048)
        writer.beginObject()
        writer.key("entry")
        writer.value(json: entry.span)
        writer.member("basis", basis?.rawValue)
        writer.member("rule_in_words", words)
        writer.addMembers(of: explanation)
        switch recomputed {
        case .agrees: writer.member("recomputed", true)
        case .differs(let difference):
            writer.member("recomputed", false)
            writer.member("difference", difference)
        case .not(let reason):
            writer.member("recomputed", false)
            writer.member("not_recomputed", reason.rawValue)
        }
        if let deletion {
            writer.member("details", "deleted")
            writer.member("retention_days", deletion.retentionDays.map { Int64($0) })
        }
        if let budgets {
            writer.key("budgets")
            writer.beginArray()
            for use in budgets { writer.add(use) }
            writer.endArray()
        }
        writer.member("balance_before", before.map { BalanceFigures($0) })
        writer.member("balance_after", BalanceFigures(after))
        writer.key("segment")
        writer.beginObject()
        writer.member("number", segment)
        writer.member("index", index)
        writer.member("hash", Self.hex(hash))
        writer.member("previous_hash", Self.hex(previousHash))
        writer.endObject()
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension JSONWriter {
    fileprivate mutating func add(_ use: BudgetUse) {
        beginObject()
        member("budget", use.budget)
        member("limit", Credits(micros: use.limit))
        member("used_before", CreditsSum(micros: use.before))
        member("used_after", CreditsSum(micros: max(0, use.before + Int128(use.change))))
        member("resets_at", use.resetsAt == .never ? nil : use.resetsAt)
        endObject()
    }
}

private struct BalanceFigures: JSONWritable {
    let balance: Balance

    init(_ balance: Balance) {
        self.balance = balance
    }

    func write(to bytes: inout [UInt8]) {
        bytes.append(balance)
    }
}
