public import Credit

/// What is known of an account beside its balance.
public struct AccountProfile: Hashable, Sendable {
    public let id: Name
    public internal(set) var name: String
    public internal(set) var timeZone: String
    /// What billing periods are counted from.
    public internal(set) var anchor: Instant
    /// The version of the plan in force; nil without a plan.
    public internal(set) var plan: PlanReference?
    /// True when the vendor named the anchor, so that a change of plan keeps it.
    public let isAnchorFixed: Bool
    /// When the billing period ends; `Instant.never` when it does not.
    public internal(set) var periodEnd = Instant.never
    public internal(set) var priceList: Name?
    public internal(set) var metadata: [UInt8]
    public let createdAt: Instant
}

/// What is known of an API key; never its secret.
public struct APIKeyRecord: Hashable, Sendable {
    public let id: APIKeyID
    public let role: APIKeyRole
    /// The account of a customer key.
    public let account: AccountSlot?
    public internal(set) var name: String
    /// SHA-256 of the secret.
    public let secretHash: [UInt8]
    public let hint: String
    public internal(set) var scopes: [String]
    public internal(set) var expiresAt: Instant?
    public internal(set) var isRevoked = false
    public let createdAt: Instant
}

/// Accounts' profiles, API keys, price lists, plans and scenarios: what changes rarely.
public struct Catalogue: Sendable {
    /// One version of a price list; its number in the partition is its place here plus one.
    public struct PriceListVersion: Hashable, Sendable {
        public let name: Name
        public let version: UInt32
        public let effectiveAt: Instant
        public let json: [UInt8]
        public let createdAt: Instant
    }

    /// The account at each slot.
    public internal(set) var accounts = PagedList<AccountProfile>()
    /// The API key at each slot.
    public internal(set) var apiKeys = PagedList<APIKeyRecord>()
    /// Every version of every price list in order of creation.
    public internal(set) var priceLists: [PriceListVersion] = []
    /// Every version of every plan in order of creation.
    public internal(set) var plans: [PlanEvent] = []
    var latestPlans: [Name: Int] = [:]
    var planPlaces: [PlanReference: Int] = [:]
    /// The scenarios of each account, by id.
    var scenariosByAccount = SlotTable<[ScenarioRecord]>(empty: [])
    private var keySlots: [[UInt8]: APIKeySlot] = [:]
    /// The keys of each account, and those of operators and services, in order of creation.
    private var keysByAccount: [AccountSlot?: [APIKeySlot]] = [:]
    var index: AccountIndex

    /// An empty catalogue; `seed` makes its hash table unforeseeable and changes nothing else.
    public init(seed: UInt64) {
        index = AccountIndex(seed: seed)
    }

    /// The same to be read from start to end: without what single things are looked up by.
    var withoutIndices: Self {
        var copy = self
        copy.index = AccountIndex(seed: 0)
        copy.keySlots = [:]
        copy.keysByAccount = [:]
        return copy
    }

    /// The slot of the account with this id.
    public func slot(of id: Span<UInt8>) -> AccountSlot? { index.slot(of: id, index.hash(of: id)) }

    /// The slot of the account with this id.
    public func slot(of id: Name) -> AccountSlot? { slot(of: id.text.utf8.span) }

    /// The slot of the key whose secret has this SHA-256.
    public func slot(ofSecretHash hash: [UInt8]) -> APIKeySlot? { keySlots[hash] }

    /// The keys of an account, or those of operators and services for nil, in order of creation.
    public func keys(of account: AccountSlot?) -> [APIKeySlot] { keysByAccount[account] ?? [] }

    /// The slot of the key with this id.
    public func slot(of key: APIKeyID) -> APIKeySlot? {
        var low = 0
        var high = apiKeys.count
        while low < high {
            let middle = (low + high) / 2
            if apiKeys[middle].id < key { low = middle + 1 } else { high = middle }
        }
        guard low < apiKeys.count, apiKeys[low].id == key else { return nil }
        return APIKeySlot(truncatingIfNeeded: low)
    }

    /// The last version of `name` that was put, in force or not.
    public func latestVersion(of name: Name) -> UInt32 {
        priceLists.last { $0.name == name }?.version ?? 0
    }
}

extension Catalogue {
    /// Takes over what an event says of accounts, keys and price lists; others change nothing.
    public mutating func apply(_ event: Event, at position: Position) {
        switch event {
        case .accountCreated(let new, let time): createAccount(new, at: time)
        case .accountChanged(let slot, let change, _): changeAccount(slot, change)
        case .apiKeyCreated(let new, let time): createAPIKey(new, at: position, time: time)
        case .apiKeyChanged(let slot, let change, _): changeAPIKey(slot, change)
        case .apiKeyRevoked(let slot, _): apiKeys[Int(slot)].isRevoked = true
        case .priceListPut(let event): putPriceList(event)
        case .planPut(let event): append(event)
        case .periodStarted(let event): apply(event)
        case .scenarioPut(let event): put(event, in: position.segment)
        case .accountSuspended, .accountResumed, .granted, .lot, .adjusted, .released,
            .refunded, .refused, .budgetPut, .budgetDeleted, .budgetRestarted,
            .planPending, .runStarted, .runFinished:
            break
        }
    }

    private mutating func createAccount(_ new: NewAccount, at time: Instant) {
        append(
            AccountProfile(
                id: new.id, name: new.name, timeZone: new.timeZone, anchor: new.anchor ?? time,
                plan: nil, isAnchorFixed: new.anchor != nil, priceList: new.priceList,
                metadata: new.metadata, createdAt: time))
    }

    /// Adds the profile of the account at the next slot.
    mutating func append(_ profile: AccountProfile) {
        index.append(profile.id.text.utf8.span)
        accounts.append(profile)
    }

    private mutating func changeAccount(_ slot: AccountSlot, _ change: AccountChange) {
        let index = Int(slot)
        if let name = change.name { accounts[index].name = name }
        if let timeZone = change.timeZone { accounts[index].timeZone = timeZone }
        if let priceList = change.priceList { accounts[index].priceList = priceList }
        if let metadata = change.metadata { accounts[index].metadata = metadata }
    }

    private mutating func createAPIKey(_ new: NewAPIKey, at position: Position, time: Instant) {
        let owner: AccountSlot? =
            if case .customer(let account) = new.role { slot(of: account) } else { nil }
        append(
            APIKeyRecord(
                id: position.id(), role: new.role, account: owner, name: new.name,
                secretHash: new.secretHash, hint: new.hint, scopes: new.scopes,
                expiresAt: new.expiresAt, createdAt: time))
    }

    /// Adds the key at the next slot.
    mutating func append(_ key: APIKeyRecord) {
        let slot = APIKeySlot(truncatingIfNeeded: apiKeys.count)
        keySlots[key.secretHash] = slot
        keysByAccount[key.account, default: []].append(slot)
        apiKeys.append(key)
    }

    private mutating func changeAPIKey(_ slot: APIKeySlot, _ change: APIKeyChange) {
        let index = Int(slot)
        if let name = change.name { apiKeys[index].name = name }
        if let scopes = change.scopes { apiKeys[index].scopes = scopes }
        if let expiresAt = change.expiresAt { apiKeys[index].expiresAt = expiresAt }
    }

    private mutating func putPriceList(_ event: PriceListEvent) {
        priceLists.append(
            PriceListVersion(
                name: event.name, version: event.version, effectiveAt: event.effectiveAt,
                json: event.json, createdAt: event.time))
    }
}
