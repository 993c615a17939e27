internal import Credit
internal import Engine
internal import JSON
internal import Ledger
internal import Wire

/// Whose key a call used: named by its secret as the customer sent it, or by its id.
extension APIApplication {
    /// Finds the key that a call names, if it names one, and checks that it may make the call.
    ///
    /// The id of its account is added to `texts` where the call leaves it out.
    func resolveKey(
        of charge: inout DecodedCharge, _ texts: inout [UInt8], _ body: Span<UInt8>,
        at now: Instant
    ) throws(Problem) {
        let found: CallKey
        switch (charge.customerKey, charge.keyID) {
        case (nil, nil): return
        case (let secret?, nil): found = try customerKey(secret, body, at: now)
        case (nil, let id?):
            found = try key(id, at: charge.command.postedAt == .never ? now : nil)
        case (_?, _?):
            throw Problem(.invalidField, "send customer_key or key_id", field: "key_id")
        }
        if charge.command.account.isEmpty {
            charge.command.account = texts.appending(found.account.text.utf8.span)
        }
        let named = texts.span.extracting(charge.command.account.indices)
        guard named.isEqual(to: found.account.text.utf8.span) else {
            throw Problem(
                .invalidField, "the key is one of another account", field: found.field)
        }
        let action = texts.span.extracting(charge.command.action.indices)
        guard Scope.allows(action: action, in: found.scopes) else { throw .actionOutOfScope }
        charge.command.key = found.slot
    }

    private struct CallKey {
        let slot: APIKeySlot
        let account: Name
        let scopes: [String]
        /// The field that names it.
        let field: String
    }

    private func customerKey(
        _ secret: JSONString, _ body: Span<UInt8>, at now: Instant
    ) throws(Problem) -> CallKey {
        var bytes: [UInt8] = []
        bytes.append(unescaped: secret, of: body)
        guard (try? KeySecret.check(bytes.span)) != nil,
            let principal = services.directory.principal(
                secretHash: KeySecret.hash(of: bytes.span)),
            case .customer(let account) = principal.role,
            principal.expiresAt.map({ $0 > now }) ?? true
        else {
            throw Problem(
                .invalidField, "it is no valid key of a customer", field: "customer_key")
        }
        return CallKey(
            slot: principal.slot, account: account, scopes: principal.scopes,
            field: "customer_key")
    }

    /// The key of an id; `now` is nil for a call of the past, which it may have made in its time.
    private func key(_ id: APIKeyID, at now: Instant?) throws(Problem) -> CallKey {
        guard let slot = services.directory.slot(of: id),
            let key = services.directory.apiKey(slot), case .customer(let account) = key.role
        else {
            throw Problem(.invalidField, "it is no key of a customer", field: "key_id")
        }
        if let now {
            guard !key.isRevoked, key.expiresAt.map({ $0 > now }) ?? true else {
                throw Problem(
                    .invalidField, "the key has expired or is revoked", field: "key_id")
            }
        }
        let scopes = now == nil ? [] : key.scopes
        return CallKey(slot: slot, account: account, scopes: scopes, field: "key_id")
    }
}
