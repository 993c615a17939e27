public import Credit
internal import Ledger
public import Pricing

/// The price lists in force: finds the one that prices an account's calls at a time.
///
/// An account without a list of its own uses that of its plan, or else the list named `default`.
public struct PriceBook: Sendable {
    /// The list of accounts that name none.
    public static let defaultName = "default"

    fileprivate struct Version: Sendable {
        let effectiveAt: Instant
        let number: UInt32
        let list: PriceList
    }

    private static let unresolved: Int32 = -2
    private static let none: Int32 = -1

    /// Every version in the order of taking effect, by the list's place.
    private var histories: [[Version]] = []
    private var places: [Name: Int] = [:]
    private var versionCount: UInt32 = 0
    /// The list's place for each account, once looked up.
    private var placeOfAccount: [Int32] = []

    public init() {}

    /// Takes over a price list version.
    ///
    /// The journal holds only lists that Pricing accepted, so that one it cannot read is damage.
    public mutating func put(
        _ name: Name, version: UInt32, effectiveAt: Instant, json: [UInt8]
    ) throws(PriceListError) {
        let draft = try PriceList.Draft(json: json.span)
        let list = PriceList(
            name: name, version: version, effectiveAt: effectiveAt, draft: draft)
        versionCount += 1
        let added = Version(effectiveAt: effectiveAt, number: versionCount, list: list)
        if let place = places[name] {
            let later = histories[place].firstIndex { $0.effectiveAt > effectiveAt }
            histories[place].insert(added, at: later ?? histories[place].count)
        } else {
            places[name] = histories.count
            histories.append([added])
            forgetAccounts()
        }
    }

    /// Looks every account's list up again, after accounts or lists have changed.
    public mutating func forgetAccounts() {
        placeOfAccount.removeAll(keepingCapacity: true)
    }

    /// Looks the list of an account up again, after its plan has changed.
    mutating func forget(_ slot: AccountSlot) {
        guard Int(slot) < placeOfAccount.count else { return }
        placeOfAccount[Int(slot)] = Self.unresolved
    }

    /// The price of a call, and which rule of which version gave it.
    ///
    /// The version is the one in force at `time`. A call posted for a time before the list's first
    /// version takes that one, if it is in force `now`: history can be imported before the list was
    /// made.
    mutating func price(
        _ call: ChargeCommand, in bytes: [UInt8], of slot: AccountSlot, catalogue: Catalogue,
        at time: Instant, now: Instant
    ) throws(Rejection) -> (quote: Quote, reference: PriceReference) {
        let place = place(of: slot, catalogue: catalogue)
        guard place >= 0, let index = histories[place].index(at: time, now: now) else {
            throw .unknownAction
        }
        return try histories[place][index].price(call, in: bytes)
    }

    /// The price of a call by the version with this number, in force or not.
    func price(
        _ call: ChargeCommand, in bytes: [UInt8], byVersion number: UInt32
    ) throws(Rejection) -> (quote: Quote, reference: PriceReference) {
        for history in histories {
            guard let version = history.first(where: { $0.number == number }) else { continue }
            return try version.price(call, in: bytes)
        }
        throw .unknownAction
    }

    private mutating func place(of slot: AccountSlot, catalogue: Catalogue) -> Int {
        let index = Int(slot)
        while placeOfAccount.count <= index { placeOfAccount.append(Self.unresolved) }
        if placeOfAccount[index] == Self.unresolved {
            let name = Self.listName(of: slot, catalogue) ?? (try? Name(Self.defaultName))
            let place = name.flatMap { places[$0] }
            placeOfAccount[index] = place.map { Int32(truncatingIfNeeded: $0) } ?? Self.none
        }
        return Int(placeOfAccount[index])
    }

    /// The list that an account names, or its plan for it; nil for the usual one.
    static func listName(of slot: AccountSlot, _ catalogue: Catalogue) -> Name? {
        let account = catalogue.accounts[Int(slot)]
        return account.priceList ?? account.plan.flatMap { catalogue.plan($0)?.terms.priceList }
    }

    /// The version of a list that is in force at `time`.
    func list(named name: Name, at time: Instant) -> PriceList? {
        guard let history = places[name].map({ histories[$0] }),
            let index = history.index(at: time, now: time)
        else { return nil }
        return history[index].list
    }
}

extension PriceBook.Version {
    @inline(__always)
    fileprivate func price(
        _ call: ChargeCommand, in bytes: [UInt8]
    ) throws(Rejection) -> (quote: Quote, reference: PriceReference) {
        do throws(PricingError) {
            let quote = try list.price(call, in: bytes)
            return (quote, PriceReference(version: number, rule: UInt32(quote.ruleIndex)))
        } catch {
            throw Rejection(error)
        }
    }
}

extension [PriceBook.Version] {
    fileprivate func index(at time: Instant, now: Instant) -> Int? {
        if let index = lastIndex(where: { $0.effectiveAt <= time }) { return index }
        guard let first, first.effectiveAt <= now else { return nil }
        return 0
    }
}
