internal import Credit
internal import Engine
internal import HTTP
internal import Ledger
internal import Wire

/// Finds out who sends a request.
extension APIApplication {
    /// Whose key the request carries, its rate limit not yet exceeded.
    func authenticate(_ request: HTTPRequest, at now: Instant) throws(Problem) -> Principal {
        guard let principal = principal(of: request, at: now) else { throw .unauthorized }
        if case .customer = principal.role,
            let wait = services.limiter.admit(
                principal.slot, own: principal.account.flatMap(services.directory.requestsMax),
                at: now)
        {
            throw .rateLimited(seconds: wait)
        }
        return principal
    }

    /// True when the request carries anything that could be a key.
    static func hasCredentials(_ request: HTTPRequest) -> Bool {
        request.count(of: "authorization") + request.count(of: "x-api-key")
            + request.count(of: "api_key") > 0
    }

    /// True when the request carries a valid key.
    func isKnown(_ request: HTTPRequest, at now: Instant) -> Bool {
        principal(of: request, at: now) != nil
    }

    private func principal(of request: HTTPRequest, at now: Instant) -> Principal? {
        guard let hash = secretHash(of: request),
            let principal = services.directory.principal(secretHash: hash)
        else { return nil }
        guard principal.expiresAt.map({ $0 > now }) ?? true else { return nil }
        return principal
    }

    /// The SHA-256 of the one secret that the request carries, however often it does.
    private func secretHash(of request: HTTPRequest) -> [UInt8]? {
        let bearers = request.count(of: "authorization")
        let keys = request.count(of: "x-api-key") + request.count(of: "api_key")
        if bearers == 1, keys == 0 {
            return request.withValue(of: "authorization") { value in
                Self.token(in: value).flatMap { Self.checkedHash(value.extracting($0)) }
            } ?? nil
        }
        if bearers == 0, keys == 1, request.count(of: "x-api-key") == 1 {
            return request.withValue(of: "x-api-key") { Self.checkedHash($0) } ?? nil
        }
        return onlySecret(of: request).flatMap { Self.checkedHash($0.span) }
    }

    private func onlySecret(of request: HTTPRequest) -> [UInt8]? {
        var secrets = request.values(of: "x-api-key") + request.values(of: "api_key")
        for value in request.values(of: "authorization") {
            guard let token = Self.token(in: value.span) else { return nil }
            secrets.append(Array(value[token]))
        }
        guard let first = secrets.first, secrets.allSatisfy({ $0 == first }) else { return nil }
        return first
    }

    private static func checkedHash(_ secret: Span<UInt8>) -> [UInt8]? {
        guard (try? KeySecret.check(secret)) != nil else { return nil }
        return KeySecret.hash(of: secret)
    }

    /// Where the key stands in `Bearer KEY` or `Token KEY`.
    private static func token(in value: Span<UInt8>) -> Range<Int>? {
        for scheme: StaticString in ["bearer ", "token "] {
            let count = scheme.utf8CodeUnitCount
            guard value.count > count else { continue }
            let isScheme = scheme.withUTF8Buffer { letters in
                for index in letters.indices {
                    guard unsafe letters[index] == value[index] | 0x20 else { return false }
                }
                return true
            }
            guard isScheme else { continue }
            var first = count
            while first < value.count, value[first] == UInt8(ascii: " ") { first += 1 }
            return first..<value.count
        }
        return nil
    }
}

extension Problem {
    /// The one body for every 401.
    static let unauthorized = Problem(
        .unauthorized, "send a valid API key, such as Authorization: Bearer KEY")

    static let forbidden = Problem(.forbidden, "the role or the scopes of the key do not allow it")

    static func rateLimited(seconds: Int) -> Problem {
        var problem = Problem(.rateLimited, "too many requests; try again in \(seconds) s")
        problem.retryAfter = seconds
        return problem
    }
}
