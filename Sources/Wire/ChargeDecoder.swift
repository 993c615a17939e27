internal import Credit
public import JSON
internal import Ledger

/// Reads charges from bodies; keeps its working memory, so that one kept for long allocates nothing.
public struct ChargeDecoder: Sendable {
    enum Field: String, CaseIterable {
        case account
        case action
        case parameters
        case customerKey = "customer_key"
        case keyID = "key_id"
        case idempotencyKey = "idempotency_key"
        case amount
        case team
        case scenario
        case scenarioType = "scenario_type"
        case run
        case module
        case requestID = "request_id"
        case status
        case results
        case bytes
        case durationMS = "duration_ms"
        case checkRun = "check_run"
        case occurredAt = "occurred_at"
        case postedAt = "posted_at"
        case onShort = "on_short"
        case metadata
        case ttlSeconds = "ttl_seconds"
        case onExpiry = "on_expiry"
        case minimum
        case priceList = "price_list"
    }

    static let fields = FieldTable<Field>()
    private let fields = ChargeDecoder.fields
    private var canonical = CanonicalJSON()

    public init() {}

    /// Reads the body of a single charge: one object and nothing else.
    public mutating func decode(
        body text: Span<UInt8>, _ form: ChargeForm, to output: inout [UInt8]
    ) throws(Problem) -> DecodedCharge {
        var cursor = JSONCursor()
        do throws(Problem) {
            let charge = try decode(text, at: &cursor, form, to: &output)
            try Self.scan { () throws(JSONError) in try cursor.end(in: text) }
            return charge
        } catch {
            // What is not JSON as a whole is told first, wherever the fault stands.
            try Self.scan { () throws(JSONError) in try JSONCursor.check(text) }
            throw error
        }
    }

    /// Reads the object at `cursor`; texts go to the end of `output`.
    ///
    /// After a problem `output` may have bytes too many, and `cursor` stands anywhere.
    public mutating func decode(
        _ text: Span<UInt8>, at cursor: inout JSONCursor, _ form: ChargeForm,
        to output: inout [UInt8]
    ) throws(Problem) -> DecodedCharge {
        var charge = DecodedCharge()
        if form.kind == .capture { charge.command.onShort = .collect }
        var seen = FieldSet()
        guard try Self.scan({ () throws(JSONError) in try cursor.kind(in: text) }) == .object
        else { throw Problem(.invalidRequest, "a charge is a JSON object") }
        try Self.scan { () throws(JSONError) in try cursor.beginObject(in: text) }
        while let key = try Self.scan({ () throws(JSONError) in try cursor.nextKey(in: text) }) {
            let known = try Self.scan { () throws(JSONError) in
                try fields.field(key, in: text, seen: &seen)
            }
            guard let known, form.takes(known) else {
                throw .unknownField(text, key)
            }
            do throws(ValueError) {
                try read(known, text, &cursor, form, &charge, &output)
            } catch {
                throw Problem(error, field: known.rawValue)
            }
        }
        try Self.checkPresence(charge, form)
        charge.hold.minimum = max(0, charge.hold.minimum)
        return charge
    }

    private static func checkPresence(
        _ charge: DecodedCharge, _ form: ChargeForm
    ) throws(Problem) {
        guard form.kind != .capture else { return }
        if form.kind == .batchItem, charge.command.idempotence.key.isEmpty {
            throw .missingField(Field.idempotencyKey.rawValue)
        }
        guard
            !charge.command.account.isEmpty || charge.customerKey != nil || charge.keyID != nil
                || form.kind == .estimate
        else {
            throw .missingField(Field.account.rawValue)
        }
        guard !charge.command.action.isEmpty else {
            throw .missingField(Field.action.rawValue)
        }
        try checkMinimum(charge.hold)
    }

    private static func checkMinimum(_ hold: HoldRequest) throws(Problem) {
        if hold.onExpiry == .captureMinimum, hold.minimum < 0 {
            throw .missingField(Field.minimum.rawValue)
        }
        guard hold.onExpiry == .captureMinimum || hold.minimum <= 0 else {
            throw Problem(
                .invalidField, "only on_expiry capture_minimum takes a minimum",
                field: Field.minimum.rawValue)
        }
    }

    @inline(__always)
    private static func scan<Value>(
        _ read: () throws(JSONError) -> Value
    ) throws(Problem) -> Value {
        do throws(JSONError) {
            return try read()
        } catch {
            throw Problem(error)
        }
    }
}

extension ChargeDecoder {
    private mutating func read(
        _ field: Field, _ text: Span<UInt8>, _ cursor: inout JSONCursor, _ form: ChargeForm,
        _ charge: inout DecodedCharge, _ output: inout [UInt8]
    ) throws(ValueError) {
        switch field {
        case .account: charge.command.account = try cursor.name(in: text, to: &output)
        case .action: charge.command.action = try cursor.name(in: text, to: &output)
        case .amount: charge.command.amount = try cursor.price(in: text).micros
        case .customerKey: charge.customerKey = try Self.secret(text, &cursor)
        case .keyID: charge.keyID = try Self.keyID(text, &cursor)
        case .idempotencyKey:
            let key = try Self.idempotencyKey(text, &cursor, &output)
            charge.command.idempotence.key = key
        case .onShort: charge.command.onShort = try Self.shortPolicy(text, &cursor)
        case .postedAt:
            guard form.allowsPostedAt else {
                throw .forbidden("only an operator key may send posted_at")
            }
            charge.command.postedAt = try cursor.instant(in: text)
        case .ttlSeconds: charge.hold.seconds = try Self.holdSeconds(text, &cursor, form)
        case .onExpiry: charge.hold.onExpiry = try Self.expiryPolicy(text, &cursor)
        case .minimum: charge.hold.minimum = try cursor.price(in: text).micros
        case .priceList: charge.priceList = try cursor.name(in: text, to: &output)
        case .parameters, .metadata, .team, .scenario, .scenarioType, .run, .module, .requestID,
            .status, .results, .bytes, .durationMS, .checkRun, .occurredAt:
            try read(field, text, &cursor, form, &charge.command.details, &output)
        }
    }

    private mutating func read(
        _ field: Field, _ text: Span<UInt8>, _ cursor: inout JSONCursor, _ form: ChargeForm,
        _ details: inout CallDetails, _ output: inout [UInt8]
    ) throws(ValueError) {
        let limit = form.limits.countLimit
        switch field {
        case .parameters: details.parameters = try parameters(text, &cursor, form, &output)
        case .metadata:
            try Metadata(limits: form.limits).check(cursor, in: text)
            details.metadata = try object(text, &cursor, &output)
        case .team: details.team = try cursor.name(in: text, to: &output)
        case .scenario: details.scenario = try cursor.name(in: text, to: &output)
        case .scenarioType: details.scenarioType = try Self.scenarioType(text, &cursor)
        case .run: details.run = try cursor.name(in: text, to: &output)
        case .module: details.module = try cursor.name(in: text, to: &output)
        case .requestID:
            let bytesMax = form.limits.requestIDBytesMax
            details.requestID = try cursor.visibleText(in: text, limit: bytesMax, to: &output)
        case .status: details.status = try Self.status(text, &cursor)
        case .results: details.results = OptionalCount(try cursor.count(in: text, limit: limit))
        case .bytes: details.bytes = OptionalCount(try cursor.count(in: text, limit: limit))
        case .durationMS: details.duration = OptionalCount(try cursor.count(in: text, limit: limit))
        case .checkRun: details.isCheckRun = try cursor.flag(in: text)
        case .occurredAt: details.occurredAt = try Self.occurrence(text, &cursor, form)
        case .account, .action, .amount, .customerKey, .keyID, .idempotencyKey, .onShort,
            .postedAt, .ttlSeconds, .onExpiry, .minimum, .priceList:
            break
        }
    }

    private mutating func parameters(
        _ text: Span<UInt8>, _ cursor: inout JSONCursor, _ form: ChargeForm,
        _ output: inout [UInt8]
    ) throws(ValueError) -> ByteRange {
        let range = try object(text, &cursor, &output)
        guard range.indices.count <= form.limits.parametersBytesMax else {
            throw .invalid("parameters take at most \(form.limits.parametersBytesMax) bytes")
        }
        return range
    }

    /// An object in canonical JSON; the empty one is no bytes, as if it had not been sent.
    private mutating func object(
        _ text: Span<UInt8>, _ cursor: inout JSONCursor, _ output: inout [UInt8]
    ) throws(ValueError) -> ByteRange {
        let kind = try cursor.scan { (cursor) throws(JSONError) in try cursor.kind(in: text) }
        guard kind == .object else { throw .invalid("it takes an object") }
        let start = output.count
        do throws(JSONError) {
            try canonical.append(text, at: &cursor, to: &output)
        } catch {
            throw .json(error)
        }
        guard output.count > start + 2 else { return .empty }
        return ByteRange(start: start, count: output.count - start)
    }

    private static func secret(
        _ text: Span<UInt8>, _ cursor: inout JSONCursor
    ) throws(ValueError) -> JSONString {
        try cursor.scan { (cursor) throws(JSONError) in try cursor.string(in: text) }
    }

    private static func keyID(
        _ text: Span<UInt8>, _ cursor: inout JSONCursor
    ) throws(ValueError) -> APIKeyID {
        var bytes: [UInt8] = []
        _ = try cursor.bytes(in: text, to: &bytes)
        guard let id = try? APIKeyID(text: bytes.span) else {
            throw .invalid("it is no id of a key")
        }
        return id
    }

    private static func idempotencyKey(
        _ text: Span<UInt8>, _ cursor: inout JSONCursor, _ output: inout [UInt8]
    ) throws(ValueError) -> ByteRange {
        let range = try cursor.bytes(in: text, to: &output)
        do throws(IdempotencyKey.Invalid) {
            try IdempotencyKey.check(output.span.extracting(range.indices))
        } catch {
            throw .invalid("an idempotency key is 1 to 255 visible ASCII characters")
        }
        return range
    }

    private static func occurrence(
        _ text: Span<UInt8>, _ cursor: inout JSONCursor, _ form: ChargeForm
    ) throws(ValueError) -> Instant {
        let time = try cursor.instant(in: text)
        try form.limits.check(occurrence: time, at: form.now, of: "occurred_at")
        return time
    }
}

extension ChargeDecoder {
    private static func holdSeconds(
        _ text: Span<UInt8>, _ cursor: inout JSONCursor, _ form: ChargeForm
    ) throws(ValueError) -> Int64 {
        let limit = form.limits.holdSecondsMax
        let seconds: Int64 = try cursor.scan { (cursor) throws(JSONError) in
            try cursor.integer(in: text)
        }
        guard seconds >= 1, seconds <= limit else {
            throw .invalid("a hold lasts 1 to \(limit) seconds")
        }
        return seconds
    }

    private static func expiryPolicy(
        _ text: Span<UInt8>, _ cursor: inout JSONCursor
    ) throws(ValueError) -> HoldExpiryPolicy {
        let word = try secret(text, &cursor)
        if word.equals(literal: "release", in: text) { return .release }
        if word.equals(literal: "capture", in: text) { return .capture }
        if word.equals(literal: "capture_minimum", in: text) { return .captureMinimum }
        throw .invalid("it is release, capture or capture_minimum")
    }

    private static func shortPolicy(
        _ text: Span<UInt8>, _ cursor: inout JSONCursor
    ) throws(ValueError) -> ShortPolicy {
        let word = try secret(text, &cursor)
        if word.equals(literal: "refuse", in: text) { return .refuse }
        if word.equals(literal: "collect", in: text) { return .collect }
        throw .invalid("it is refuse or collect")
    }

    private static func scenarioType(
        _ text: Span<UInt8>, _ cursor: inout JSONCursor
    ) throws(ValueError) -> ScenarioType {
        let word = try secret(text, &cursor)
        if word.equals(literal: "scenario", in: text) { return .scenario }
        if word.equals(literal: "agent", in: text) { return .agent }
        throw .invalid("it is scenario or agent")
    }

    /// A word, or an HTTP status as a number or three digits in a string.
    private static func status(
        _ text: Span<UInt8>, _ cursor: inout JSONCursor
    ) throws(ValueError) -> CallStatus {
        let kind = try cursor.scan { (cursor) throws(JSONError) in try cursor.kind(in: text) }
        guard kind == .string else {
            let code: Int64 = try cursor.scan { (cursor) throws(JSONError) in
                try cursor.integer(in: text)
            }
            guard let status = CallStatus(httpCode: code) else { throw .invalidStatus }
            return status
        }
        let word = try secret(text, &cursor)
        var bytes: [UInt8] = []
        bytes.append(unescaped: word, of: text)
        guard let status = CallStatus(text: bytes.span) else { throw .invalidStatus }
        return status
    }
}

extension ValueError {
    fileprivate static var invalidStatus: Self {
        .invalid(
            "it is succeeded, failed, empty, partial, timeout or an HTTP status of 100 to 599")
    }
}

extension JSONString {
    func equals(literal: StaticString, in text: Span<UInt8>) -> Bool {
        guard !hasEscapes, range.count == literal.utf8CodeUnitCount else { return false }
        let first = range.lowerBound
        return literal.withUTF8Buffer { letters in
            for index in letters.indices {
                guard unsafe letters[index] == text[first + index] else { return false }
            }
            return true
        }
    }
}

extension Problem {
    /// The problem of a key that its object does not have, as much of it as is sensible.
    static func unknownField(_ text: Span<UInt8>, _ key: JSONString) -> Problem {
        var bytes: [UInt8] = []
        bytes.append(unescaped: key, of: text)
        return .unknownField(String(String(bytes.span).prefix(64)))
    }
}
