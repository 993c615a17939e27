public import Credit
internal import JSON
public import Ledger

/// What an error says of the idempotency key: not of the attempt, but of all attempts under it.
public enum ChargeState: String, Hashable, Sendable {
    /// Nothing was recorded under the key, or a refusal was, which is final for it.
    case notCharged = "not_charged"
    /// An entry is recorded under the key.
    case charged
    /// It may be recorded or not: a retry with the same key tells.
    case unknown
}

/// An error as a client sees it (RFC 9457).
public struct Problem: Error, Hashable, Sendable {
    /// What was asked and what there is, when credits are short.
    public struct Shortfall: Hashable, Sendable {
        public let required: Credits
        /// What could be spent: available plus what is left of the overdraft.
        public let available: Credits

        public init(required: Credits, available: Credits) {
            self.required = required
            self.available = available
        }

        /// What is missing.
        public var shortBy: Credits {
            Credits(micros: required.micros &- available.micros)
        }
    }

    /// The value of `Content-Type`.
    public static let contentType = "application/problem+json"

    public var code: ProblemCode
    /// What is wrong with this very request.
    public var detail: String
    /// The path of the field that it is about.
    public var field: String?
    public var chargeState: ChargeState?
    public var shortfall: Shortfall?
    /// The budget that does not allow it.
    public var excess: BudgetExcess?
    /// How many seconds to wait before trying again.
    public var retryAfter: Int?

    public init(_ code: ProblemCode, _ detail: String, field: String? = nil) {
        self.code = code
        self.detail = detail
        self.field = field
    }

    /// The same problem, saying what became of the key.
    public func with(_ state: ChargeState) -> Self {
        var problem = self
        problem.chargeState = state
        return problem
    }
}

extension [UInt8] {
    /// Appends a problem as a JSON object.
    public mutating func append(_ problem: Problem, requestID: RequestID) {
        append(literal: "{\"type\":\"urn:tally:problem:")
        append(text: problem.code.rawValue)
        append(literal: "\",\"title\":")
        append(jsonString: problem.code.title)
        append(literal: ",\"status\":")
        append(decimal: Int64(problem.code.status))
        append(literal: ",\"detail\":")
        append(jsonString: problem.detail)
        append(literal: ",\"code\":\"")
        append(text: problem.code.rawValue)
        append(literal: "\",\"request_id\":\"")
        append(id: requestID)
        append(UInt8(ascii: "\""))
        if let field = problem.field {
            append(literal: ",\"field\":")
            append(jsonString: field)
        }
        append(figures: problem)
        if let state = problem.chargeState {
            append(literal: ",\"charge_state\":\"")
            append(text: state.rawValue)
            append(UInt8(ascii: "\""))
        }
        append(UInt8(ascii: "}"))
    }

    /// Appends why a call would be refused, without what only an answer has.
    mutating func append(reason problem: Problem) {
        append(literal: "{\"code\":\"")
        append(text: problem.code.rawValue)
        append(literal: "\",\"detail\":")
        append(jsonString: problem.detail)
        append(figures: problem)
        append(UInt8(ascii: "}"))
    }

    private mutating func append(figures problem: Problem) {
        if let shortfall = problem.shortfall { append(shortfall) }
        if let excess = problem.excess { append(excess) }
    }

    /// Appends the members that say which budget, its use and when that counts from zero again.
    mutating func append(_ excess: BudgetExcess) {
        append(literal: ",\"budget\":\"")
        append(text: excess.budget.text)
        append(literal: "\",\"limit\":")
        append(credits: excess.limit)
        append(literal: ",\"used\":")
        append(micros: excess.used)
        append(literal: ",\"resets_at\":")
        append(time: excess.resetsAt)
    }

    private mutating func append(_ shortfall: Problem.Shortfall) {
        append(literal: ",\"required\":")
        append(credits: shortfall.required)
        append(literal: ",\"available\":")
        append(credits: shortfall.available)
        append(literal: ",\"short_by\":")
        append(credits: shortfall.shortBy)
    }
}
