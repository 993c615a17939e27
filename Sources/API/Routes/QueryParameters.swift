internal import Credit
internal import HTTP
internal import Ledger
internal import Wire

/// The parameters behind the `?` of a request; each may be there once.
struct QueryParameters: Sendable {
    private let values: [String: String]

    /// Reads the parameters and refuses those not among `known`.
    init(_ request: HTTPRequest, known: Set<String>) throws(Problem) {
        var values: [String: String] = [:]
        for pair in (request.query ?? []).split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = try Self.decode(parts[0])
            guard known.contains(name) else {
                throw Problem(
                    .unknownField, "there is no such parameter", field: String(name.prefix(64)))
            }
            let value = parts.count > 1 ? try Self.decode(parts[1]) : ""
            guard values.updateValue(value, forKey: name) == nil else {
                throw .invalidParameter(name, "the parameter is there twice")
            }
        }
        self.values = values
    }

    private static func decode(_ text: ArraySlice<UInt8>) throws(Problem) -> String {
        guard let bytes = try? Array(text).percentDecoded(),
            let decoded = String(validating: bytes, as: UTF8.self)
        else { throw Problem(.invalidRequest, "the query is not percent-encoded UTF-8") }
        return decoded
    }

    subscript(name: String) -> String? { values[name] }

    /// A name such as that of a run.
    func name(_ parameter: String) throws(Problem) -> Name? {
        guard let text = values[parameter] else { return nil }
        do throws(Name.Invalid) {
            return try Name(text)
        } catch {
            throw .invalidParameter(parameter, "a name is 1 to 64 of A-Z a-z 0-9 . _ : -")
        }
    }

    func instant(_ parameter: String) throws(Problem) -> Instant? {
        guard let text = values[parameter] else { return nil }
        do throws(Instant.InvalidText) {
            return try Instant(rfc3339: text.utf8.span)
        } catch {
            throw .invalidParameter(
                parameter, "a time is an RFC 3339 date-time such as 2026-11-21T09:30:00Z")
        }
    }

    /// The times of `from` and `to`, in order.
    func range() throws(Problem) -> (from: Instant?, to: Instant?) {
        let (from, to) = (try instant("from"), try instant("to"))
        if let from, let to, to < from { throw .invalidParameter("to", "it is before from") }
        return (from, to)
    }

    /// The same for a report that goes `seconds` back, up to now, where it says nothing else.
    func range(
        seconds: Int64, upTo now: Instant
    ) throws(Problem) -> (from: Instant, to: Instant?) {
        let (from, to) = try range()
        let end = to ?? now
        let start = from ?? end.advanced(seconds: -seconds)
        guard start <= end else {
            throw .invalidParameter("from", "it is still to come, and there is no to")
        }
        return (start, to)
    }

    func credits(_ parameter: String) throws(Problem) -> Credits? {
        guard let text = values[parameter] else { return nil }
        do throws(Credits.InvalidText) {
            return try Credits(decimal: text.utf8.span)
        } catch {
            throw Problem(
                .invalidAmount, "an amount is a number with at most 6 decimals and no exponent",
                field: parameter)
        }
    }

    /// One of the words of `Word`.
    func word<Word: RawRepresentable<String> & CaseIterable>(
        _ parameter: String, as type: Word.Type = Word.self
    ) throws(Problem) -> Word? {
        guard let text = values[parameter] else { return nil }
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalidParameter(parameter, "it is one of \(words)")
        }
        return word
    }

    /// A whole number.
    func number(
        _ parameter: String, in range: ClosedRange<Int64>
    ) throws(Problem) -> Int64? {
        guard let text = values[parameter] else { return nil }
        guard let number = Int64(text), range.contains(number) else {
            throw .invalidParameter(
                parameter, "it is \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// How many items a page may have.
    func limit(within limits: APILimits) throws(Problem) -> Int {
        let limit = try number("limit", in: 1...Int64(limits.pageItemsMax))
        return limit.map { Int($0) } ?? limits.pageItems
    }

    /// Where the page begins: the number that the page before it ended with.
    func cursor() throws(Problem) -> UInt128? {
        guard let text = values["cursor"] else { return nil }
        guard let cursor = PageCursor(text: text) else {
            throw .invalidParameter("cursor", "it is not one that an earlier page gave")
        }
        return cursor.number
    }
}

extension QueryParameters {
    /// Where the page begins in an account's entries.
    func position() throws(Problem) -> Position? {
        guard let cursor = try cursor() else { return nil }
        guard let position = Position(EntryID(rawValue: cursor)) else {
            throw .invalidParameter("cursor", "it is not one that an earlier page gave")
        }
        return position
    }
}

extension Problem {
    static func invalidParameter(_ name: String, _ detail: String) -> Problem {
        Problem(.invalidField, detail, field: name)
    }
}

/// Where the next page of a list begins; opaque to clients.
struct PageCursor: Hashable, Sendable {
    private enum Kind: IDKind {
        static let prefix = "cur"
    }

    let number: UInt128

    init(number: UInt128) {
        self.number = number
    }

    init?(text: String) {
        guard let id = try? ID<Kind>(text: text.utf8.span) else { return nil }
        number = id.rawValue
    }

    var text: String { ID<Kind>(rawValue: number).text }
}
