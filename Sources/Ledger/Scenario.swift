public import Credit

/// What somebody says of a scenario or an agent of an account.
public struct ScenarioEvent: Hashable, Sendable {
    public let account: AccountSlot
    public let id: Name
    /// Its name, type, team, modules and links as canonical JSON; empty once it was erased.
    public var description: [UInt8]
    public let time: Instant

    public init(account: AccountSlot, id: Name, description: [UInt8], time: Instant) {
        self.account = account
        self.id = id
        self.description = description
        self.time = time
    }
}

/// A run of a scenario has begun.
public struct RunStartEvent: Hashable, Sendable {
    public let account: AccountSlot
    public let run: Name
    public let scenario: Name
    /// When it began, as the vendor says.
    public let startedAt: Instant
    public let time: Instant

    public init(
        account: AccountSlot, run: Name, scenario: Name, startedAt: Instant, time: Instant
    ) {
        self.account = account
        self.run = run
        self.scenario = scenario
        self.startedAt = startedAt
        self.time = time
    }

    /// A run that begins now where nothing else is said.
    init(_ start: RunStart, of account: AccountSlot, at time: Instant) {
        self.init(
            account: account, run: start.run, scenario: start.scenario,
            startedAt: start.startedAt ?? time, time: time)
    }
}

/// A run has ended.
public struct RunFinishEvent: Hashable, Sendable {
    public let account: AccountSlot
    public let run: Name
    /// How it ended: succeeded, failed, partial, timeout or cancelled.
    public let status: CallStatus
    public let time: Instant

    public init(account: AccountSlot, run: Name, status: CallStatus, time: Instant) {
        self.account = account
        self.run = run
        self.status = status
        self.time = time
    }
}

/// A scenario as it was described last.
public struct ScenarioRecord: Hashable, Sendable {
    public let account: AccountSlot
    public let id: Name
    /// Its name, type, team, modules and links as canonical JSON; empty once it was erased.
    public internal(set) var description: [UInt8]
    public let createdAt: Instant
    public internal(set) var updatedAt: Instant
    /// The segment that described it last.
    public internal(set) var changedIn: UInt64

    /// One that a checkpoint gives back.
    public init(
        account: AccountSlot, id: Name, description: [UInt8], createdAt: Instant,
        updatedAt: Instant, changedIn: UInt64
    ) {
        self.account = account
        self.id = id
        self.description = description
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.changedIn = changedIn
    }
}

extension Catalogue {
    /// The scenarios of an account, by id.
    public func scenarios(of account: AccountSlot) -> [ScenarioRecord] {
        scenariosByAccount[account]
    }

    /// The scenario of an account with this id.
    public func scenario(_ id: Name, of account: AccountSlot) -> ScenarioRecord? {
        let scenarios = scenarios(of: account)
        let place = Self.place(of: id, in: scenarios)
        return place < scenarios.count && scenarios[place].id == id ? scenarios[place] : nil
    }

    /// The scenarios that were described after `segment`, by account and id.
    public func scenarios(changedAfter segment: UInt64) -> [ScenarioRecord] {
        (0..<scenariosByAccount.end).flatMap { account in
            scenarios(of: account).filter { $0.changedIn > segment }
        }
    }

    /// How many scenarios all accounts have.
    public var scenarioCount: Int {
        (0..<scenariosByAccount.end).reduce(0) { $0 + scenariosByAccount[$1].count }
    }

    mutating func put(_ event: ScenarioEvent, in segment: UInt64) {
        let known = scenario(event.id, of: event.account)
        put(
            ScenarioRecord(
                account: event.account, id: event.id, description: event.description,
                createdAt: known?.createdAt ?? event.time, updatedAt: event.time,
                changedIn: segment))
    }

    /// Keeps a scenario in place of the one with its id.
    mutating func put(_ scenario: ScenarioRecord) {
        let account = scenario.account
        let known = scenarios(of: account)
        let place = Self.place(of: scenario.id, in: known)
        if place < known.count, known[place].id == scenario.id {
            scenariosByAccount[account][place] = scenario
        } else {
            scenariosByAccount[account].insert(scenario, at: place)
        }
    }

    /// The first place of an id that is not smaller.
    private static func place(of id: Name, in scenarios: [ScenarioRecord]) -> Int {
        var (low, high) = (0, scenarios.count)
        while low < high {
            let middle = (low + high) / 2
            if scenarios[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension Ledger {
    /// The most scenarios of an account.
    public static let scenariosMax = 1000

    func scenario(
        _ id: Name, of account: Name, _ description: [UInt8], at time: Instant
    ) throws(Rejection) -> ScenarioEvent {
        let slot = try existing(account)
        guard
            catalogue.scenario(id, of: slot) != nil
                || catalogue.scenarios(of: slot).count < Self.scenariosMax
        else { throw .tooManyScenarios }
        return ScenarioEvent(account: slot, id: id, description: description, time: time)
    }
}
