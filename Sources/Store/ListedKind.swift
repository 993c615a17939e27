public import Ledger

/// What an entry of an account's list is.
///
/// Refusals are listed too, though they are no entries. Where a run begins and ends is not listed, but
/// stands among the entries that make the run.
public enum ListedKind: UInt8, CaseIterable, Hashable, Sendable, BitwiseCopyable {
    case charge = 0
    case hold = 1
    case capture = 2
    case release = 3
    case holdExpiry = 4
    case refund = 5
    case grant = 6
    case grantActivation = 7
    case grantExpiry = 8
    case void = 9
    case adjustment = 10
    case refusal = 11
    case runStart = 12
    case runFinish = 13

    /// The name in lists.
    public var word: String {
        switch self {
        case .charge: "charge"
        case .hold: "hold"
        case .capture: "capture"
        case .release: "release"
        case .holdExpiry: "hold_expiry"
        case .refund: "refund"
        case .grant: "grant"
        case .grantActivation: "grant_activation"
        case .grantExpiry: "grant_expiry"
        case .void: "void"
        case .adjustment: "adjustment"
        case .refusal: "refusal"
        case .runStart: "run_start"
        case .runFinish: "run_finish"
        }
    }

    /// True for what lists show.
    public var isListed: Bool { self != .runStart && self != .runFinish }

    /// True for entries of the account, whose times never decrease; others stand between them with
    /// times of their own.
    public var isEntry: Bool { isListed && self != .refusal }

    /// The kind of a charge that says this of a hold.
    public init(_ role: HoldRole?) {
        switch role {
        case nil: self = .charge
        case .placed: self = .hold
        case .captured: self = .capture
        }
    }

    /// The kind of an event that is no charge; nil for one that is of no account's list or runs.
    public init?(_ event: Event) {
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
        case .runStarted: self = .runStart
        case .runFinished: self = .runFinish
        case .accountCreated, .accountChanged, .accountSuspended, .accountResumed,
            .apiKeyCreated, .apiKeyChanged, .apiKeyRevoked, .priceListPut, .budgetPut,
            .budgetDeleted, .budgetRestarted, .planPut, .periodStarted, .planPending, .scenarioPut:
            return nil
        }
    }
}
