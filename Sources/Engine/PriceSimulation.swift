public import Credit
public import Ledger
public import Pricing
public import Store

/// A stored period priced again by a draft: what every account would have paid.
///
/// Segments are priced one by one, on any thread, and folded in order. A call that the list priced
/// is priced anew from what is stored of it; one whose details were deleted costs what it cost. What
/// was priced by hand, or charged because a hold expired, stays as it was and is left out of the
/// sums. So do refunds: they give back what they gave back. Balances are followed through all
/// entries of the period.
public struct PriceSimulation: Sendable {
    /// What is priced again, and by what.
    public struct Terms: Sendable {
        /// The prices that are tried.
        public let draft: PriceList
        /// The numbers of the versions whose calls are priced again.
        public let versions: Set<UInt32>
        public let period: Range<Instant>

        public init(draft: PriceList, versions: Set<UInt32>, period: Range<Instant>) {
            self.draft = draft
            self.versions = versions
            self.period = period
        }
    }

    /// Sums over calls, in micro-credits.
    public struct Sums: Hashable, Sendable {
        public internal(set) var calls = 0
        public internal(set) var before: Int128 = 0
        /// What all calls would cost, those that would be refused included.
        public internal(set) var after: Int128 = 0
        /// Calls that the balance would not have covered.
        public internal(set) var refusedCalls = 0
        /// What they would cost, and do not pay.
        public internal(set) var refused: Int128 = 0

        mutating func add(_ call: PricedSegment.Call, isRefused: Bool) {
            calls += 1
            before += Int128(call.before)
            after += Int128(call.after)
            guard isRefused else { return }
            refusedCalls += 1
            refused += Int128(call.after)
        }

        mutating func add(_ other: Self) {
            calls += other.calls
            before += other.before
            after += other.after
            refusedCalls += other.refusedCalls
            refused += other.refused
        }
    }

    /// What would have become of an account.
    public struct Account: Hashable, Sendable {
        public let slot: AccountSlot
        public internal(set) var sums = Sums()
        /// The time of the first call that its balance would not have covered.
        public internal(set) var firstRefusedAt: Instant?
        /// The least that it had after an entry, what was held included and what was owed being
        /// negative, in micro-credits.
        public internal(set) var lowestBefore = Int128.max
        /// The least it would have had if nothing had been refused.
        public internal(set) var lowestAfter = Int128.max
        /// What it would have more than it had, with and without what would be refused.
        var saved: Int128 = 0
        var savedWithoutRefusals: Int128 = 0

        /// True when the draft takes it below zero, where it was not before.
        public var goesNegative: Bool { lowestAfter < 0 && lowestBefore >= 0 }
    }

    /// What one account paid for one action.
    public struct Row: Hashable, Sendable {
        public let account: AccountSlot
        public let action: [UInt8]
        public internal(set) var sums = Sums()
    }

    /// A call that the draft does not price; it costs nothing in the sums.
    public struct Unpriced: Hashable, Sendable {
        public let position: Position
        public let action: [UInt8]
        public let error: PricingError
    }

    /// The most unpriced calls that are named.
    public static let unpricedMax = 100

    public let terms: Terms
    /// How much overdraft each account has now, in micro-credits, by slot.
    private let overdraftLimits: [Int64]

    /// All calls.
    public private(set) var total = Sums()
    public private(set) var unpricedCalls = 0
    /// Calls that could not be priced again, because their details were deleted.
    public private(set) var deletedCalls = 0
    public private(set) var unpriced: [Unpriced] = []
    public private(set) var rows: [Row] = []
    private var accountsBySlot: [Account?]
    private var actions: [[UInt8]: Int] = [:]
    private var rowPlaces: [UInt64: Int] = [:]

    /// A simulation; `overdraftLimits` has a place for each account.
    public init(_ terms: Terms, overdraftLimits: [Int64]) {
        self.terms = terms
        self.overdraftLimits = overdraftLimits
        accountsBySlot = Array(repeating: nil, count: overdraftLimits.count)
    }

    /// The first segment that can have entries of the period; imports may put them in any later one.
    ///
    /// `time` gives when a segment was begun, nil where there is none.
    public func firstSegment<Failure: Error>(
        last: UInt64, time: (UInt64) throws(Failure) -> Instant?
    ) throws(Failure) -> UInt64 {
        var (low, high) = (UInt64(0), last + 1)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            guard let begun = try time(middle) else { break }
            if begun < terms.period.lowerBound { low = middle } else { high = middle }
        }
        return high
    }

    /// The accounts that called, by slot.
    public var accounts: [Account] {
        accountsBySlot.compactMap { account in
            account.flatMap { $0.sums.calls > 0 ? $0 : nil }
        }
    }

    /// Sums by action, in the order in which actions first came up.
    public var sumsByAction: [(action: [UInt8], sums: Sums)] {
        var sums = [Sums](repeating: Sums(), count: actions.count)
        for row in rows {
            guard let place = actions[row.action] else { continue }
            sums[place].add(row.sums)
        }
        return actions.sorted { $0.value < $1.value }.map { ($0.key, sums[$0.value]) }
    }

    /// Takes over a priced segment; they come in the order of their numbers.
    public mutating func fold(_ segment: PricedSegment) {
        let places = segment.actions.map { action in
            let place = actions[action, default: actions.count]
            actions[action] = place
            return place
        }
        for item in segment.items { fold(item, places, segment) }
        unpricedCalls += segment.unpriced.count
        deletedCalls += segment.deletedCalls
        unpriced += segment.unpriced.prefix(Self.unpricedMax - unpriced.count)
    }

    private mutating func fold(
        _ item: PricedSegment.Item, _ actionPlaces: [Int], _ segment: PricedSegment
    ) {
        let slot = Int(item.account)
        guard slot < accountsBySlot.count else { return }
        var account = accountsBySlot[slot] ?? Account(slot: item.account)
        defer { accountsBySlot[slot] = account }
        guard let call = item.call else {
            return account.see(Int128(item.balance) + Int128(item.held))
        }
        let isRefused = account.take(
            call, leaving: Int128(item.balance), overdraftLimit: overdraftLimits[slot])
        account.see(Int128(item.balance) + Int128(item.held))
        total.add(call, isRefused: isRefused)
        let key = UInt64(item.account) << 32 | UInt64(actionPlaces[call.action])
        let place = rowPlaces[key, default: rows.count]
        if place == rows.count {
            rowPlaces[key] = place
            rows.append(Row(account: item.account, action: segment.actions[call.action]))
        }
        rows[place].sums.add(call, isRefused: isRefused)
    }
}

extension PriceSimulation.Account {
    /// Takes note of a balance that the account had, and of what it would have been.
    fileprivate mutating func see(_ balance: Int128) {
        lowestBefore = min(lowestBefore, balance)
        lowestAfter = min(lowestAfter, balance + savedWithoutRefusals)
    }

    /// Takes a call that left `balance`; true when it would have been refused.
    fileprivate mutating func take(
        _ call: PricedSegment.Call, leaving balance: Int128, overdraftLimit: Int64
    ) -> Bool {
        // What was not collected never left the balance.
        let paid = Int128(call.before) - Int128(call.uncollected)
        // What could be spent when the call came, had the draft been in force before; and what, had
        // nothing been refused.
        let had = balance + paid + Int128(overdraftLimit)
        let price = Int128(call.after)
        let isShort = price > 0 && price > had + saved
        let isRefused = isShort && !call.isCollected
        let collected = call.isCollected ? min(price, max(0, had + savedWithoutRefusals)) : price
        savedWithoutRefusals += paid - collected
        if isRefused {
            saved += paid
            firstRefusedAt = firstRefusedAt ?? call.time
        } else {
            saved += paid - (call.isCollected ? min(price, max(0, had + saved)) : price)
        }
        sums.add(call, isRefused: isRefused)
        return isRefused
    }
}

/// The calls of a segment, priced by a draft.
public struct PricedSegment: Sendable {
    /// An entry of the period.
    struct Item: Sendable, BitwiseCopyable {
        let account: AccountSlot
        /// Available less what was owed, after the entry, in micro-credits.
        let balance: Int64
        /// What is set aside for holds, after the entry.
        let held: Int64
        /// Nil for what is not priced again.
        let call: Call?
    }

    /// A call that is priced again; all amounts in micro-credits.
    struct Call: Sendable, BitwiseCopyable {
        /// The place in `actions`.
        let action: Int
        /// What it cost and what it would.
        let before: Int64
        let after: Int64
        let uncollected: Int64
        let time: Instant
        /// True for what is made whatever the balance: captures, and calls that were not collected
        /// in full.
        let isCollected: Bool
    }

    let items: [Item]
    let actions: [[UInt8]]
    let unpriced: [PriceSimulation.Unpriced]
    let deletedCalls: Int

    /// Prices the calls of a segment; can be done on any thread.
    public init(_ contents: SegmentContents, by terms: PriceSimulation.Terms) {
        var items: [Item] = []
        var actions: [[UInt8]] = []
        var unpriced: [PriceSimulation.Unpriced] = []
        var deletedCalls = 0
        items.reserveCapacity(contents.count)
        contents.visit { position, item in
            switch item {
            case .event(let index):
                guard let head = contents.events[index].head, terms.period.contains(head.time)
                else { return }
                items.append(Item(head, call: nil))
            case .charge(let index):
                let charge = contents.charges[index]
                guard terms.period.contains(charge.head.time) else { return }
                let role = contents.role(of: charge)
                // What a hold takes is still the account's.
                if case .placed = role { return }
                guard terms.versions.contains(charge.price.version), !role.isExpiry else {
                    return items.append(Item(charge.head, call: nil))
                }
                let action = actions.place(of: contents.bytes, charge.action)
                var after = charge.credits
                do throws(PricingError) {
                    if contents.deletion(ofCharge: index) == nil {
                        after = try Self.price(charge, contents, terms.draft)
                    } else {
                        deletedCalls += 1
                    }
                } catch {
                    after = 0
                    unpriced.append(
                        PriceSimulation.Unpriced(
                            position: position, action: actions[action], error: error))
                }
                let call = Call(
                    action: action, before: charge.credits, after: after,
                    uncollected: charge.uncollected, time: charge.head.time,
                    isCollected: role != nil || charge.uncollected > 0)
                items.append(Item(charge.head, call: call))
            }
        }
        self.items = items
        self.actions = actions
        self.unpriced = unpriced
        self.deletedCalls = deletedCalls
    }

    private static func price(
        _ charge: ChargeEvent, _ contents: borrowing SegmentContents, _ draft: PriceList
    ) throws(PricingError) -> Int64 {
        var call = ChargeCommand()
        call.action = charge.action
        call.details = charge.details
        return try draft.price(call, in: contents.bytes).credits.micros
    }
}

extension PricedSegment.Item {
    fileprivate init(_ head: EntryHead, call: PricedSegment.Call?) {
        let balance = head.balance
        self.init(
            account: head.account,
            balance: balance.available.micros - balance.negative.micros,
            held: balance.held.micros, call: call)
    }
}

extension HoldRole? {
    /// True for a charge that nobody asked for: its hold expired.
    fileprivate var isExpiry: Bool {
        if case .captured(let settlement) = self { settlement.cause == .expired } else { false }
    }
}

extension [[UInt8]] {
    /// The place of a text among few, to which it is added if it is new.
    fileprivate mutating func place(of bytes: [UInt8], _ range: ByteRange) -> Int {
        for (place, known) in enumerated() where known.count == range.count {
            if known.elementsEqual(bytes[range.indices]) { return place }
        }
        append([UInt8](bytes[range.indices]))
        return count - 1
    }
}
