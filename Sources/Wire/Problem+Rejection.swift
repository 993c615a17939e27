internal import Credit
public import Ledger

extension Problem {
    /// The one answer for everything that is not there, or that the key may not know of.
    public static let nothingHere = Problem(.notFound, "no such thing exists, or not for this key")

    /// What a client is told of a command that the ledger does not carry out.
    public init(_ rejection: Rejection) {
        switch rejection {
        case .insufficientCredits(let required, let spendable):
            self.init(required: required, available: spendable)
        case .accountSuspended:
            self.init(.accountSuspended, "charges are refused until the account is resumed")
        case .budgetExceeded(let excess): self.init(excess)
        case .planNotFound:
            self.init(.invalidField, "no plan has this id", field: "plan")
        case .budgetNotFound: self = .nothingHere
        case .budgetShapeFixed: self = .budgetShapeFixed
        case .budgetParentInvalid: self = .budgetParentInvalid
        case .budgetHasChildren: self = .budgetHasChildren
        case .tooManyBudgets:
            self.init(.invalidField, "an account has at most \(Ledger.budgetsMax) budgets")
        case .tooManyScenarios:
            self.init(.invalidField, "an account has at most \(Ledger.scenariosMax) scenarios")
        case .holdNotOpen:
            self.init(.holdNotOpen, "the hold was captured, was released or has expired")
        case .refundExceedsCharge(let refundable):
            self.init(
                .refundExceedsCharge,
                "\(refundable.decimalText) credits of the charge can still be refunded",
                field: "amount")
        case .tooManyHolds:
            self.init(.rateLimited, "the account has as many open holds as it may have")
            retryAfter = 1
        case .accountNotFound, .apiKeyNotFound, .holdNotFound: self = .nothingHere
        case .grantNotFound: self = .grantNotFound
        case .accountExists:
            self.init(.alreadyExists, "an account has this id already", field: "id")
        case .grantNotOpen: self = .grantNotOpen
        case .apiKeyExists:
            self.init(.alreadyExists, "this key exists already", field: "import_sha256")
        case .priceListNotFound:
            self.init(
                .invalidField, "no price list of this name is in force", field: "price_list")
        case .unknownAction:
            self.init(
                .unknownAction, "no price list in force has a rule for the call", field: "action")
        case .invalidParameter(let field, let isMissing, let detail):
            self.init(isMissing ? .missingField : .invalidField, detail, field: field)
        case .balanceOverflow:
            self.init(.balanceOverflow, "a balance is at most 1000000000000", field: "amount")
        case .amountOutOfRange:
            self.init(.amountOutOfRange, "an amount is at most 1000000000000")
        case .timeOutOfRange(let field):
            self.init(.timestampOutOfRange, Self.times(of: field), field: field)
        }
    }

    /// Which times a field takes that the ledger has looked at.
    private static func times(of field: String) -> String {
        switch field {
        case "posted_at": "it is from the account's last entry on, and not after now"
        case "effective_at": "it is now or later"
        case "expires_at": "it is after now, and after effective_at"
        default: "the time is not one at which this can happen"
        }
    }

    /// What a client is told of a refusal that is final for its key.
    public init(_ reason: RefusalEvent.Reason) {
        switch reason {
        case .insufficientCredits(let required, let spendable):
            self.init(required: required, available: spendable)
        case .accountSuspended: self.init(Rejection.accountSuspended)
        case .holdNotOpen: self.init(Rejection.holdNotOpen)
        case .budgetExceeded(let excess): self.init(excess)
        case .refundExceedsCharge(let refundable):
            self.init(Rejection.refundExceedsCharge(refundable: refundable))
        }
        chargeState = .notCharged
    }

    private static let grantNotFound = Problem(
        .notFound, "the account has no such grant, or it has ended", field: "grant")

    private static let grantNotOpen = Problem(
        .invalidField, "nothing is left of the grant to void", field: "grant")

    private static let budgetShapeFixed = Problem(
        .invalidField, "scope, window and parent of a budget stay: delete it and make another",
        field: "scope")

    private static let budgetParentInvalid = Problem(
        .invalidField,
        "the account has no budget of this name, or \(Ledger.budgetDepthMax) stand above one another",
        field: "parent")

    private static let budgetHasChildren = Problem(
        .invalidField, "the budget is the parent of others: delete those first", field: "name")

    private init(_ excess: BudgetExcess) {
        self.init(
            .budgetExceeded,
            "the budget \(excess.budget.text) allows \(excess.limit.decimalText) credits")
        self.excess = excess
    }

    private init(required: Credits, available: Credits) {
        self.init(
            .insufficientCredits,
            "it takes \(required.decimalText) credits and \(available.decimalText) can be spent")
        shortfall = Shortfall(required: required, available: available)
    }
}
