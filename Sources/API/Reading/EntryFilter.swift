internal import Credit
internal import Ledger
internal import Reports
internal import Store
internal import Wire

/// Which entries of an account a list shows.
struct EntryFilter: Sendable {
    static let parameters: Set<String> = [
        "account", "from", "to", "kind", "action", "key", "team", "scenario", "run", "status",
        "min_credits", "cursor", "limit",
    ]

    /// A key that matches nothing, as nobody has it.
    private static let nobodysKey = UsageCells.otherKey - 1

    var from: Instant?
    var to: Instant?
    var kind: ListedKind?
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
        (from, to) = try query.range()
        if let word = query["kind"] {
            let kinds = ListedKind.allCases.filter(\.isListed)
            guard let found = kinds.first(where: { $0.word == word }) else {
                let words = kinds.map(\.word).joined(separator: ", ")
                throw .invalidParameter("kind", "it is one of \(words)")
            }
            kind = found
        }
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
            key = slotOfKey(id) ?? Self.nobodysKey
        }
    }

    /// True when a time is in the range asked for, `to` not included.
    func includes(_ time: Instant) -> Bool {
        (from.map { $0 <= time } ?? true) && (to.map { time < $0 } ?? true)
    }

    /// True for the entries that the list shows; their texts lie in `summaries`.
    func includes(_ entry: EntrySummary, of summaries: borrowing EntrySummaries) -> Bool {
        guard entry.kind.isListed, kind == nil || kind == entry.kind, includes(entry.time),
            key == nil || key == entry.key, status == nil || status == entry.status,
            creditsMin.map({ entry.credits >= $0.micros }) ?? true
        else { return false }
        return matches(action, entry.action, summaries) && matches(team, entry.team, summaries)
            && matches(scenario, entry.scenario, summaries) && matches(run, entry.run, summaries)
    }

    private func matches(
        _ wanted: [UInt8]?, _ range: ByteRange, _ summaries: borrowing EntrySummaries
    ) -> Bool {
        guard let wanted else { return true }
        return wanted.span.isEqual(to: summaries.bytes.span.extracting(range.indices))
    }
}

extension StoredEvent {
    /// Whose list of entries shows it.
    var account: AccountSlot? {
        switch item {
        case .charge(let index): return contents.charges[index].head.account
        case .event(let index):
            if case .refused(let refusal) = contents.events[index] { return refusal.account }
            return contents.events[index].head?.account
        }
    }
}
