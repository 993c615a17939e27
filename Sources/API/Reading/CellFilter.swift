internal import Ledger
internal import Store

/// What a report asks for, in the numbers of some cells.
///
/// Some cells do not tell all that their entries said: those past the limit of a quarter of an hour not
/// their action, team, scenario and key, and those of refunds not the status of their charges.
struct CellFilter {
    enum Match: Int {
        case none
        /// Only its entries tell which of them count, or for what.
        case unknown
        case all

        func and(_ other: Self) -> Self { rawValue < other.rawValue ? self : other }
    }

    /// A text that is asked for.
    private enum Wanted {
        case any
        /// Its number; nil when no cell has it.
        case text(UInt32?)

        init(_ text: [UInt8]?, _ names: NameTable) {
            self = text.map { .text(names.known($0.span)) } ?? .any
        }
    }

    private let filter: EntryFilter
    private let group: UsageQuery.Group?
    private let action: Wanted
    private let team: Wanted
    private let scenario: Wanted
    /// The number of what is not told apart; nil when all is.
    private let other: UInt32?

    init(_ filter: EntryFilter, _ group: UsageQuery.Group?, _ names: NameTable) {
        self.filter = filter
        self.group = group
        action = Wanted(filter.action, names)
        team = Wanted(filter.team, names)
        scenario = Wanted(filter.scenario, names)
        other = names.known(UsageCells.otherName.utf8.span)
    }

    func match(_ key: UsageKey) -> Match {
        match(action, key.action)
            .and(match(team, key.team))
            .and(match(scenario, key.scenario))
            .and(Self.match(filter.key, key.key, unknown: UsageCells.otherKey))
            .and(Self.match(filter.status, key.status, unknown: UsageCells.refundStatus))
            .and(isGroupUnknown(key) ? .unknown : .all)
    }

    private func match(_ wanted: Wanted, _ number: UInt32) -> Match {
        guard case .text(let text) = wanted else { return .all }
        if number == other { return .unknown }
        return number == text ? .all : .none
    }

    private static func match<Value: Equatable>(
        _ wanted: Value?, _ value: Value, unknown: Value
    ) -> Match {
        guard let wanted else { return .all }
        if value == unknown { return .unknown }
        return wanted == value ? .all : .none
    }

    private func isGroupUnknown(_ key: UsageKey) -> Bool {
        switch group {
        case .action: key.action == other
        case .team: key.team == other
        case .scenario: key.scenario == other
        case .key: key.key == UsageCells.otherKey
        case .status: key.status == UsageCells.refundStatus
        case .planOrExtra, .run, .module, .parameter, nil: false
        }
    }
}
