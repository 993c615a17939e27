internal import Credit
internal import Ledger
internal import Reports
internal import Store
internal import Wire

/// The kinds of entries, as lists name them.
enum EntryKindName: String, CaseIterable, Hashable, Sendable {
    case charge
    case hold
    case capture
    case release
    case holdExpiry = "hold_expiry"
    case refund
    case grant
    case grantActivation = "grant_activation"
    case grantExpiry = "grant_expiry"
    case void
    case adjustment
    case refusal

    init(_ role: HoldRole?) {
        switch role {
        case nil: self = .charge
        case .placed: self = .hold
        case .captured: self = .capture
        }
    }

    init?(_ event: Event) {
        switch event {
        case .granted(let grant): self = grant.isAdjustment ? .adjustment : .grant
        case .lot(let lot):
            switch lot.cause {
            case .activated: self = .grantActivation
            case .expired: self = .grantExpiry
            case .voided: self = .void
            }
        case .adjusted: self = .adjustment
        case .released(let release):
            self = release.settlement.cause == .requested ? .release : .holdExpiry
        case .refunded: self = .refund
        case .refused: self = .refusal
        case .accountCreated, .accountChanged, .accountSuspended, .accountResumed,
            .apiKeyCreated, .apiKeyChanged, .apiKeyRevoked, .priceListPut, .budgetPut,
            .budgetDeleted, .budgetRestarted, .planPut, .periodStarted, .planPending:
            return nil
        }
    }
}

/// Which entries of an account a list shows.
struct EntryFilter: Sendable {
    static let parameters: Set<String> = [
        "account", "from", "to", "kind", "action", "key", "team", "scenario", "run", "status",
        "min_credits", "cursor", "limit",
    ]

    var from: Instant?
    var to: Instant?
    var kind: EntryKindName?
    var action: [UInt8]?
    var key: APIKeySlot?
    var team: [UInt8]?
    var scenario: [UInt8]?
    var run: [UInt8]?
    var status: CallStatus?
    var creditsMin: Credits?

    init() {}

    /// Reads the filter; `slotOfKey` finds a key by its id.
    init(
        _ query: QueryParameters, slotOfKey: (APIKeyID) -> APIKeySlot?
    ) throws(Problem) {
        from = try query.instant("from")
        to = try query.instant("to")
        kind = try query.word("kind")
        action = try query.name("action").map { Array($0.text.utf8) }
        team = try query.name("team").map { Array($0.text.utf8) }
        scenario = try query.name("scenario").map { Array($0.text.utf8) }
        run = try query.name("run").map { Array($0.text.utf8) }
        creditsMin = try query.credits("min_credits")
        if let text = query["status"] {
            guard let status = CallStatus(text: text.utf8.span) else {
                throw .invalidParameter(
                    "status", "it is succeeded, failed, empty, partial, timeout or 100 to 599")
            }
            self.status = status
        }
        if let text = query["key"] {
            guard let id = try? APIKeyID(text: text.utf8.span) else {
                throw .invalidParameter("key", "it is no id of a key")
            }
            // A key that nobody has matches nothing.
            key = slotOfKey(id) ?? ChargeCommand.noKey - 1
        }
    }

    /// True when a time is in the range asked for, `to` not included.
    func includes(_ time: Instant) -> Bool {
        (from.map { $0 <= time } ?? true) && (to.map { time < $0 } ?? true)
    }

    /// True for the events that the list shows.
    func includes(_ stored: StoredEvent) -> Bool {
        switch stored.item {
        case .charge(let index): includes(stored.contents.charges[index], of: stored.contents)
        case .event(let index): includes(stored.contents.events[index])
        }
    }

    func includes(_ charge: ChargeEvent, of contents: borrowing SegmentContents) -> Bool {
        let role = contents.role(of: charge)
        guard kind == nil || kind == EntryKindName(role), includes(charge.head.time) else {
            return false
        }
        guard key == nil || key == charge.key else { return false }
        guard status == nil || status == charge.details.status else { return false }
        guard creditsMin.map({ charge.spent(as: role) >= $0 }) ?? true else { return false }
        return matches(action, charge.action, of: contents)
            && matches(team, charge.details.team, of: contents)
            && matches(scenario, charge.details.scenario, of: contents)
            && matches(run, charge.details.run, of: contents)
    }

    private func matches(
        _ wanted: [UInt8]?, _ range: ByteRange, of contents: borrowing SegmentContents
    ) -> Bool {
        guard let wanted else { return true }
        return wanted.span.isEqual(to: contents.bytes.span.extracting(range.indices))
    }

    private func includes(_ event: Event) -> Bool {
        guard let name = EntryKindName(event), kind == nil || kind == name,
            includes(event.entryTime), team == nil, scenario == nil, run == nil, status == nil
        else { return false }
        guard creditsMin.map({ event.entryCredits >= $0 }) ?? true else { return false }
        switch event {
        case .refused(let refusal): return isOf(refusal.action, refusal.apiKey)
        case .refunded(let refund): return isOf(refund.action, refund.apiKey)
        default: return action == nil && key == nil
        }
    }

    private func isOf(_ action: [UInt8], _ key: APIKeySlot) -> Bool {
        (self.key == nil || self.key == key) && (self.action ?? action) == action
    }
}

extension Event {
    /// The time of an entry or refusal.
    var entryTime: Instant {
        if case .refused(let refusal) = self { return refusal.time }
        return head?.time ?? .never
    }

    /// What an entry shows as its credits.
    fileprivate var entryCredits: Credits {
        switch self {
        case .granted(let grant): grant.amount
        case .lot(let lot): Credits(micros: lot.amount)
        case .adjusted(let adjustment): Credits(micros: 0 &- adjustment.amount.micros)
        case .refunded(let refund): Credits(micros: refund.amount)
        case .accountCreated, .accountChanged, .accountSuspended, .accountResumed,
            .apiKeyCreated, .apiKeyChanged, .apiKeyRevoked, .priceListPut, .budgetPut,
            .budgetDeleted, .budgetRestarted, .planPut, .periodStarted, .planPending, .released,
            .refused:
            .zero
        }
    }
}

extension StoredEvent {
    /// The ledger time of the event.
    var time: Instant {
        switch item {
        case .charge(let index): contents.charges[index].head.time
        case .event(let index): contents.events[index].entryTime
        }
    }

    /// Whose list of entries shows it.
    var account: AccountSlot? {
        switch item {
        case .charge(let index): return contents.charges[index].head.account
        case .event(let index):
            if case .refused(let refusal) = contents.events[index] { return refusal.account }
            return contents.events[index].head?.account
        }
    }

    var isRefusal: Bool {
        guard case .event(let index) = item, case .refused = contents.events[index] else {
            return false
        }
        return true
    }
}
