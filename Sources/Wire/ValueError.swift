public import JSON

/// Why a value is not what its field takes; becomes a ``Problem`` that names the field.
public enum ValueError: Error, Hashable {
    /// No JSON, or JSON of another kind than the field takes.
    case json(JSONError)
    /// Not allowed; says what is.
    case invalid(String)
    /// Not written as an amount of credits is.
    case notAnAmount
    /// An amount that the field does not take; says which it does.
    case amountOutOfRange(String)
    /// Too far from now; says how far is allowed.
    case timeOutOfRange(String)
    /// The key's role does not allow the field.
    case forbidden(String)

    static let amountTooLarge = Self.amountOutOfRange("an amount is at most 1000000000000")
    static let notATime = Self.invalid(
        "a time is an RFC 3339 date-time such as 2026-11-21T09:30:00Z")
}

extension Problem {
    /// The problem of a body that is not JSON.
    public init(_ error: JSONError) {
        self.init(.invalidJSON, "byte \(error.offset): \(error.reason.words)")
    }

    /// The problem of the value of `field`.
    public init(_ error: ValueError, field: String) {
        switch error {
        case .json(let error) where error.isMismatch:
            self.init(.invalidField, error.reason.words, field: field)
        case .json(let error): self.init(error)
        case .invalid(let detail): self.init(.invalidField, detail, field: field)
        case .notAnAmount:
            self.init(
                .invalidAmount,
                "an amount is a JSON number with at most 6 decimals and no exponent, such as 0.4",
                field: field)
        case .amountOutOfRange(let detail):
            self.init(.amountOutOfRange, detail, field: field)
        case .timeOutOfRange(let detail):
            self.init(.timestampOutOfRange, detail, field: field)
        case .forbidden(let detail): self.init(.forbidden, detail, field: field)
        }
    }

    /// The problem of a key that its object does not have.
    public static func unknownField(_ name: String) -> Problem {
        Problem(.unknownField, "there is no such field", field: name)
    }

    /// The problem of a field that must be sent.
    public static func missingField(_ name: String) -> Problem {
        Problem(.missingField, "the field is required", field: name)
    }
}

extension JSONError.Reason {
    /// What was wrong, for people.
    var words: String {
        switch self {
        case .unexpectedEnd: "the text ends too early"
        case .unexpectedByte: "JSON does not allow this byte here"
        case .unexpectedKind: "the value is of another kind than the field takes"
        case .invalidUTF8: "the text is not UTF-8"
        case .invalidEscape: "JSON does not have this escape"
        case .controlCharacter: "control characters must be escaped"
        case .tooDeep: "values are nested more than 32 deep"
        case .tooManyKeys: "an object has too many keys"
        case .duplicateKey: "an object has the same key twice"
        case .trailingBytes: "bytes follow the value"
        case .notAnInteger: "the value is not a whole number"
        case .outOfRange: "the number is out of range"
        }
    }
}
