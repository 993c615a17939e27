public import Credit

/// Why the ledger does not do what was asked; a closed set, each with one code on the wire.
public enum Rejection: Error, Hashable, Sendable {
    /// The amount asked is over what can be spent; recorded, final for its key.
    case insufficientCredits(required: Credits, spendable: Credits)
    /// Charges are stopped until the account is resumed; recorded, final for its key.
    case accountSuspended
    /// A budget does not allow it; recorded, final for its key.
    case budgetExceeded(BudgetExcess)
    case budgetNotFound
    case planNotFound
    /// The scope, window and parent of a budget cannot be changed.
    case budgetShapeFixed
    /// There is no such parent, or too many stand above it.
    case budgetParentInvalid
    /// It is the parent of others.
    case budgetHasChildren
    /// The account has as many budgets as it may have.
    case tooManyBudgets
    /// The account has as many scenarios as it may have.
    case tooManyScenarios
    /// The hold was captured, released or has expired; recorded, final for its key.
    case holdNotOpen
    /// No open hold was placed there, and nobody said whose it was.
    case holdNotFound
    /// More than what is left of the charge; recorded, final for its key.
    case refundExceedsCharge(refundable: Credits)
    /// The account has as many open holds as it may have.
    case tooManyHolds
    case accountNotFound
    case accountExists
    case grantNotFound
    case grantNotOpen
    case apiKeyNotFound
    /// A key with the same hash exists.
    case apiKeyExists
    case priceListNotFound
    /// No rule prices this action for the account.
    case unknownAction
    /// The rule cannot price the parameters: names the field and says what is wrong.
    case invalidParameter(field: String, isMissing: Bool, detail: String)
    case balanceOverflow
    case amountOutOfRange
    /// `posted_at` or `effective_at` lies outside what is allowed.
    case timeOutOfRange(field: String)
}
