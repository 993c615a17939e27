/// What went wrong, as clients know it; a code never changes its meaning.
public enum ProblemCode: String, CaseIterable, Hashable, Sendable {
    case invalidJSON = "invalid_json"
    case invalidRequest = "invalid_request"
    case idempotencyKeyRequired = "idempotency_key_required"
    case invalidIdempotencyKey = "invalid_idempotency_key"
    case unauthorized
    case insufficientCredits = "insufficient_credits"
    case budgetExceeded = "budget_exceeded"
    case forbidden
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case requestTimeout = "request_timeout"
    case alreadyExists = "already_exists"
    case accountSuspended = "account_suspended"
    case holdNotOpen = "hold_not_open"
    case refundExceedsCharge = "refund_exceeds_charge"
    case bodyTooLarge = "body_too_large"
    case uriTooLong = "uri_too_long"
    case unsupportedMediaType = "unsupported_media_type"
    case expectationFailed = "expectation_failed"
    case unknownField = "unknown_field"
    case missingField = "missing_field"
    case invalidField = "invalid_field"
    case invalidAmount = "invalid_amount"
    case amountOutOfRange = "amount_out_of_range"
    case balanceOverflow = "balance_overflow"
    case unknownAction = "unknown_action"
    case idempotencyKeyReused = "idempotency_key_reused"
    case timestampOutOfRange = "timestamp_out_of_range"
    case rateLimited = "rate_limited"
    case headersTooLarge = "headers_too_large"
    case internalError = "internal_error"
    case notImplemented = "not_implemented"
    case outcomeUnknown = "outcome_unknown"
    case overloaded
    case versionNotSupported = "version_not_supported"

    /// The status of the answer.
    public var status: Int {
        switch self {
        case .invalidJSON, .invalidRequest, .idempotencyKeyRequired, .invalidIdempotencyKey: 400
        case .unauthorized: 401
        case .insufficientCredits, .budgetExceeded: 402
        case .forbidden: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .requestTimeout: 408
        case .alreadyExists, .accountSuspended, .holdNotOpen: 409
        case .bodyTooLarge: 413
        case .uriTooLong: 414
        case .unsupportedMediaType: 415
        case .expectationFailed: 417
        case .unknownField, .missingField, .invalidField, .invalidAmount, .amountOutOfRange,
            .balanceOverflow, .unknownAction, .refundExceedsCharge, .idempotencyKeyReused,
            .timestampOutOfRange:
            422
        case .rateLimited: 429
        case .headersTooLarge: 431
        case .internalError: 500
        case .notImplemented: 501
        case .outcomeUnknown, .overloaded: 503
        case .versionNotSupported: 505
        }
    }

    /// What people read; says the same whatever the request.
    public var title: String {
        switch self {
        case .invalidJSON: "The body is not valid JSON"
        case .invalidRequest: "The request is malformed"
        case .idempotencyKeyRequired: "An Idempotency-Key is required"
        case .invalidIdempotencyKey: "The Idempotency-Key is invalid"
        case .unauthorized: "A valid API key is required"
        case .insufficientCredits: "The account has too few credits"
        case .budgetExceeded: "A budget does not allow it"
        case .forbidden: "The API key may not do this"
        case .notFound: "There is nothing here"
        case .methodNotAllowed: "The method is not allowed here"
        case .requestTimeout: "The request took too long to arrive"
        case .alreadyExists: "It exists already"
        case .accountSuspended: "The account is suspended"
        case .holdNotOpen: "The hold is no longer open"
        case .refundExceedsCharge: "The charge has less left than that"
        case .bodyTooLarge: "The body is too large"
        case .uriTooLong: "The URL is too long"
        case .unsupportedMediaType: "The media type is not supported"
        case .expectationFailed: "The expectation cannot be met"
        case .unknownField: "A field is unknown"
        case .missingField: "A field is missing"
        case .invalidField: "A field is invalid"
        case .invalidAmount: "An amount is not written as credits are"
        case .amountOutOfRange: "An amount is out of range"
        case .balanceOverflow: "The balance would be too large"
        case .unknownAction: "No price is known for this action"
        case .idempotencyKeyReused: "The Idempotency-Key was used for something else"
        case .timestampOutOfRange: "A time is out of range"
        case .rateLimited: "Too many requests"
        case .headersTooLarge: "The headers are too large"
        case .internalError: "The server failed"
        case .notImplemented: "This is not supported"
        case .outcomeUnknown: "The outcome is unknown"
        case .overloaded: "The server is overloaded"
        case .versionNotSupported: "This version of HTTP is not supported"
        }
    }
}
