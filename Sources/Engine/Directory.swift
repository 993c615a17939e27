public import Credit
public import Ledger
public import Pricing
public import Store
internal import Synchronization

/// Who sent a request.
public struct Principal: Hashable, Sendable {
    public let slot: APIKeySlot
    public let role: APIKeyRole
    /// The account of a customer key.
    public let account: AccountSlot?
    public let scopes: [String]
    public let expiresAt: Instant?
}

/// What every thread may look up: accounts, API keys and price lists, as far as they are durable.
///
/// The committer folds each durable segment before it releases answers, so that whoever was told
/// of a change finds it here.
public final class Directory: Sendable {
    private struct State: Sendable {
        var catalogue: Catalogue
        var lists: [PriceList] = []
    }

    private let state: Mutex<State>

    /// A directory of what `catalogue` holds.
    public init(_ catalogue: Catalogue) throws(StoreError) {
        var lists: [PriceList] = []
        for version in catalogue.priceLists { lists.append(try Self.parse(version)) }
        state = Mutex(State(catalogue: catalogue, lists: lists))
    }

    private static func parse(
        _ version: Catalogue.PriceListVersion
    ) throws(StoreError) -> PriceList {
        do {
            return PriceList(
                name: version.name, version: version.version, effectiveAt: version.effectiveAt,
                draft: try PriceList.Draft(json: version.json.span))
        } catch {
            throw .corrupt("price list \(version.name.text): \(error)")
        }
    }

    /// Takes over what a durable segment changes.
    public func fold(_ contents: SegmentContents) {
        guard !contents.events.isEmpty else { return }
        state.withLock { state in
            contents.visit { position, item in
                guard case .event(let index) = item else { return }
                state.catalogue.apply(contents.events[index], at: position)
            }
            while state.lists.count < state.catalogue.priceLists.count {
                let version = state.catalogue.priceLists[state.lists.count]
                guard let list = try? Self.parse(version) else { return }
                state.lists.append(list)
            }
        }
    }

    /// Who has the secret with this SHA-256; nil when nobody has, or the key is revoked.
    public func principal(secretHash: [UInt8]) -> Principal? {
        state.withLock { state in
            guard let slot = state.catalogue.slot(ofSecretHash: secretHash) else { return nil }
            let key = state.catalogue.apiKeys[Int(slot)]
            guard !key.isRevoked else { return nil }
            return Principal(
                slot: slot, role: key.role, account: key.account, scopes: key.scopes,
                expiresAt: key.expiresAt)
        }
    }

    /// The slot of the key whose secret has this SHA-256, revoked or not.
    public func slot(ofSecretHash hash: [UInt8]) -> APIKeySlot? {
        state.withLock { $0.catalogue.slot(ofSecretHash: hash) }
    }

    /// How many accounts there are.
    public var accountCount: Int { state.withLock { $0.catalogue.accounts.count } }

    /// The slot of the account with this id.
    public func slot(of account: Name) -> AccountSlot? {
        state.withLock { $0.catalogue.slot(of: account) }
    }

    /// The profile of the account at `slot`.
    public func profile(_ slot: AccountSlot) -> AccountProfile? {
        state.withLock { state in
            let accounts = state.catalogue.accounts
            return Int(slot) < accounts.count ? accounts[Int(slot)] : nil
        }
    }

    /// When the billing period of an account ends; nil when it does not.
    public func periodEnd(of slot: AccountSlot) -> Instant? {
        state.withLock { state in
            guard Int(slot) < state.catalogue.accounts.count else { return nil }
            let end = state.catalogue.accounts[Int(slot)].periodEnd
            return end == .never ? nil : end
        }
    }

    /// How many requests the plan of an account allows each of its keys; nil for the usual number.
    public func requestsMax(of slot: AccountSlot) -> Int? {
        state.withLock { state in
            guard Int(slot) < state.catalogue.accounts.count,
                let plan = state.catalogue.accounts[Int(slot)].plan,
                let terms = state.catalogue.plan(plan)?.terms, terms.requestsMax > 0
            else { return nil }
            return Int(terms.requestsMax)
        }
    }

    /// The last version of each plan, by id.
    public func plans() -> [PlanEvent] {
        state.withLock { state in
            let ids = Set(state.catalogue.plans.map(\.terms.id)).sorted()
            return ids.compactMap { state.catalogue.latestPlan($0) }
        }
    }

    /// For how many days the plan of each account keeps details, by slot, 0 for good; nil when no
    /// plan says for how many.
    public func retention() -> AccountRetention? {
        let plans = state.withLock { $0.catalogue.plans }
        guard plans.contains(where: { $0.terms.retentionDays > 0 }) else { return nil }
        let terms = Dictionary(
            plans.map { ($0.reference, UInt16(clamping: $0.terms.retentionDays)) },
            uniquingKeysWith: { $1 })
        var found = AccountRetention()
        while true {
            // Others look accounts up meanwhile.
            let page = state.withLock { state in
                state.catalogue.accounts.dropFirst(found.days.count)
                    .prefix(RetentionProgress.pageAccounts).map { ($0.plan, $0.createdAt) }
            }
            guard !page.isEmpty else { return found }
            found.days += page.map { plan, _ in plan.flatMap { terms[$0] } ?? 0 }
            found.createdAt += page.map(\.1)
        }
    }

    /// The scenarios of an account, by id.
    public func scenarios(of slot: AccountSlot) -> [ScenarioRecord] {
        state.withLock { $0.catalogue.scenarios(of: slot) }
    }

    /// The scenario of an account with this id.
    public func scenario(_ id: Name, of slot: AccountSlot) -> ScenarioRecord? {
        state.withLock { $0.catalogue.scenario(id, of: slot) }
    }

    /// The profiles of at most `limit` accounts from `slot` on, in order of creation.
    public func profiles(from slot: AccountSlot, limit: Int) -> [AccountProfile] {
        state.withLock { Array($0.catalogue.accounts.dropFirst(Int(slot)).prefix(limit)) }
    }

    /// The API key at `slot`.
    public func apiKey(_ slot: APIKeySlot) -> APIKeyRecord? {
        state.withLock { state in
            let keys = state.catalogue.apiKeys
            return Int(slot) < keys.count ? keys[Int(slot)] : nil
        }
    }

    /// The API keys of an account, or those of operators and services for nil, by slot.
    public func apiKeys(of account: AccountSlot?) -> [(slot: APIKeySlot, key: APIKeyRecord)] {
        state.withLock { state in
            state.catalogue.keys(of: account).map { ($0, state.catalogue.apiKeys[Int($0)]) }
        }
    }

    /// The slot of the API key with this id.
    public func slot(of key: APIKeyID) -> APIKeySlot? {
        state.withLock { $0.catalogue.slot(of: key) }
    }

    /// The price list version with this number in the partition.
    public func priceList(number: UInt32) -> PriceList? {
        state.withLock { state in
            let index = Int(number) - 1
            return state.lists.indices.contains(index) ? state.lists[index] : nil
        }
    }

    /// The numbers of all versions of a price list.
    public func numbers(ofList name: Name) -> Set<UInt32> {
        state.withLock { state in
            let places = state.lists.indices.filter { state.lists[$0].name == name }
            return Set(places.map { UInt32(truncatingIfNeeded: $0 + 1) })
        }
    }

    /// All versions of all price lists in order of creation, with their numbers.
    public func priceLists() -> [Catalogue.PriceListVersion] {
        state.withLock { $0.catalogue.priceLists }
    }
}
