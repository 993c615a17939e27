public import Credit
public import Ledger
public import Pricing
public import Store

/// A stored period priced again by a draft: what every account would have paid.
///
/// Segments are priced one by one, on any thread, and folded in order. A call that the list priced
/// is priced anew from what is stored of it; what was priced by hand, or charged because a hold
/// expired, stays as it was and is left out.
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
        public internal(set) var after: Int128 = 0

        mutating func add(_ item: PricedSegment.Item) {
            calls += 1
            before += Int128(item.before)
            after += Int128(item.after)
        }
    }

    /// What would have become of an account.
    public struct Account: Hashable, Sendable {
        public let slot: AccountSlot
        public internal(set) var sums = Sums()
        /// Calls that its balance would not have covered, and the time of the first.
        public internal(set) var refusedCalls = 0
        public internal(set) var firstRefusedAt: Instant?
        /// The least balance that it had after a call, overdraft being negative, in micro-credits.
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
    public var accounts: [Account] { accountsBySlot.compactMap(\.self) }

    /// Sums by action, in the order in which actions first came up.
    public var sumsByAction: [(action: [UInt8], sums: Sums)] {
        var sums = [Sums](repeating: Sums(), count: actions.count)
        for row in rows {
            guard let place = actions[row.action] else { continue }
            sums[place].calls += row.sums.calls
            sums[place].before += row.sums.before
            sums[place].after += row.sums.after
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
        for item in segment.items { fold(item, action: places[item.action], segment) }
        unpricedCalls += segment.unpriced.count
        unpriced += segment.unpriced.prefix(Self.unpricedMax - unpriced.count)
    }

    private mutating func fold(
        _ item: PricedSegment.Item, action: Int, _ segment: PricedSegment
    ) {
        guard Int(item.account) < accountsBySlot.count else { return }
        total.add(item)
        let key = UInt64(item.account) << 32 | UInt64(action)
        let place = rowPlaces[key, default: rows.count]
        if place == rows.count {
            rowPlaces[key] = place
            rows.append(Row(account: item.account, action: segment.actions[item.action]))
        }
        rows[place].sums.add(item)
        var account = accountsBySlot[Int(item.account)] ?? Account(slot: item.account)
        account.take(item, overdraftLimit: overdraftLimits[Int(item.account)])
        accountsBySlot[Int(item.account)] = account
    }
}

extension PriceSimulation.Account {
    fileprivate mutating func take(_ item: PricedSegment.Item, overdraftLimit: Int64) {
        sums.add(item)
        let left = Int128(item.balance)
        // What was not collected never left the balance.
        let paid = Int128(item.before) - Int128(item.uncollected)
        let change = paid - Int128(item.after)
        lowestBefore = min(lowestBefore, left)
        savedWithoutRefusals += change
        lowestAfter = min(lowestAfter, left + savedWithoutRefusals)
        // What could be spent when the call came, had the draft been in force before.
        let spendable = left + paid + saved + Int128(overdraftLimit)
        guard !item.isCapture, item.after > 0, Int128(item.after) > spendable else {
            saved += change
            return
        }
        refusedCalls += 1
        if firstRefusedAt == nil { firstRefusedAt = item.time }
        saved += paid
    }
}

/// The calls of a segment, priced by a draft.
public struct PricedSegment: Sendable {
    struct Item: Sendable, BitwiseCopyable {
        let account: AccountSlot
        /// The place in `actions`.
        let action: Int
        /// What it cost and what it would, in micro-credits like the rest.
        let before: Int64
        let after: Int64
        let uncollected: Int64
        /// Available less what was owed, after the call.
        let balance: Int64
        let time: Instant
        /// Captures are made whatever the balance.
        let isCapture: Bool
    }

    let items: [Item]
    let actions: [[UInt8]]
    let unpriced: [PriceSimulation.Unpriced]

    /// Prices the calls of a segment; can be done on any thread.
    public init(_ contents: SegmentContents, by terms: PriceSimulation.Terms) {
        var items: [Item] = []
        var actions: [[UInt8]] = []
        var unpriced: [PriceSimulation.Unpriced] = []
        contents.visit { position, item in
            guard case .charge(let index) = item else { return }
            let charge = contents.charges[index]
            guard terms.versions.contains(charge.price.version),
                terms.period.contains(charge.head.time)
            else { return }
            let role = contents.role(of: charge)
            switch role {
            case .placed: return
            case .captured(let settlement) where settlement.cause == .expired: return
            case .captured, nil: break
            }
            var call = ChargeCommand()
            call.action = charge.action
            call.details = charge.details
            let action = actions.place(of: contents.bytes, charge.action)
            var after: Int64 = 0
            do throws(PricingError) {
                after = try terms.draft.price(call, in: contents.bytes).credits.micros
            } catch {
                unpriced.append(
                    PriceSimulation.Unpriced(
                        position: position, action: actions[action], error: error))
            }
            let balance = charge.head.balance
            items.append(
                Item(
                    account: charge.head.account, action: action, before: charge.credits,
                    after: after, uncollected: charge.uncollected,
                    balance: balance.available.micros - balance.negative.micros,
                    time: charge.head.time, isCapture: role != nil))
        }
        self.items = items
        self.actions = actions
        self.unpriced = unpriced
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
