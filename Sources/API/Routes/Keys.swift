internal import Credit
internal import Engine
internal import HTTP
internal import JSON
internal import Ledger
internal import Wire

/// `/v1/accounts/{account}/keys`: the customer keys of an account.
extension APIApplication {
    func handleKey(
        _ name: RouteName, _ request: HTTPRequest, _ call: Call
    ) throws(Problem) {
        let account = try call.accountInPath()
        guard call.ownAccount.map({ $0 == account }) ?? true,
            let slot = services.directory.slot(of: account)
        else { throw .nothingHere }
        switch name {
        case .createKey: try createKey(of: account, request, call)
        case .changeKey: try changeKey(of: account, request, call)
        case .revokeKey:
            try Self.checkEmptyBody(of: request)
            let id = try call.id(at: 1, as: APIKeyID.self)
            perform(call, .revokeAPIKey(id, account: account)) { [self] _, _ throws(Problem) in
                try showKey(id, status: 200, call)
            }
        default: try listKeys(of: slot, request, call)
        }
    }

    private func createKey(
        of account: Name, _ request: HTTPRequest, _ call: Call
    ) throws(Problem) {
        try Self.checkMediaType(of: request, isBodyOptional: false)
        let wanted = try KeyRequest(body: request.body, limits: services.limits)
        try check(scopes: wanted.scopes, expiresAt: wanted.expiresAt, call)
        guard wanted.importedHash == nil || !call.isCustomer else {
            throw Problem(
                .forbidden, "only an operator key may import keys", field: "import_sha256")
        }
        createKey(
            APIKeyRole.customer(account: account), name: wanted.name, scopes: wanted.scopes,
            expiresAt: wanted.expiresAt, importedHash: wanted.importedHash, call)
    }

    /// Makes a key; its secret leaves with this answer and is kept nowhere.
    func createKey(
        _ role: APIKeyRole, name: String, scopes: [String] = [], expiresAt: Instant? = nil,
        importedHash: [UInt8]? = nil, _ call: Call
    ) {
        let secret = importedHash == nil ? KeySecret.make(for: role) : []
        let hash = importedHash ?? KeySecret.hash(of: secret.span)
        var new = NewAPIKey(
            role: role, name: name, secretHash: hash, hint: KeySecret.hint(of: secret))
        new.scopes = scopes
        new.expiresAt = expiresAt
        perform(call, .createAPIKey(new)) { [self] position, _ throws(Problem) in
            try showKey(position.id(), status: 201, secret: secret.isEmpty ? nil : secret, call)
        }
    }

    private func changeKey(
        of account: Name, _ request: HTTPRequest, _ call: Call
    ) throws(Problem) {
        let id = try call.id(at: 1, as: APIKeyID.self)
        try Self.checkMediaType(of: request, isBodyOptional: false)
        let change = try APIKeyChange(body: request.body, limits: services.limits)
        if let scopes = change.scopes { try check(scopes: scopes, expiresAt: nil, call) }
        if let expiresAt = change.expiresAt {
            try check(scopes: nil, expiresAt: expiresAt, call)
        }
        perform(call, .changeAPIKey(id, account: account, change)) { [self] _, _ throws(Problem) in
            try showKey(id, status: 200, call)
        }
    }

    /// Nobody gives away more than they have, nor a key that has expired.
    private func check(
        scopes: [String]?, expiresAt: Instant?, _ call: Call
    ) throws(Problem) {
        if let expiresAt, expiresAt <= call.now {
            throw Problem(
                .timestampOutOfRange, "the key would have expired already", field: "expires_at")
        }
        guard call.isCustomer, let scopes, let own = call.principal?.scopes else { return }
        guard Scope.covers(scopes, by: own) else {
            throw Problem(
                .forbidden, "a key cannot give scopes that it does not have", field: "scopes")
        }
    }

    func showKey(
        _ id: APIKeyID, status: Int, secret: [UInt8]? = nil, _ call: Call
    ) throws(Problem) {
        guard let slot = services.directory.slot(of: id),
            let key = services.directory.apiKey(slot)
        else { throw .nothingHere }
        var body: [UInt8] = []
        KeyAnswer(key: key, secret: secret).write(to: &body)
        respond(call.json(status, body), to: call)
    }

    func listKeys(
        of account: AccountSlot?, _ request: HTTPRequest, _ call: Call
    ) throws(Problem) {
        let query = try QueryParameters(request, known: ["limit", "cursor"])
        let limit = try query.limit(within: services.limits)
        let cursor = try query.cursor() ?? 0
        let rest = services.directory.apiKeys(of: account).filter { UInt128($0.slot) >= cursor }
        let next = rest.count > limit ? PageCursor(number: UInt128(rest[limit].slot)).text : nil
        var body: [UInt8] = []
        PageAnswer(items: rest.prefix(limit).map { KeyAnswer(key: $0.key) }, nextCursor: next)
            .write(to: &body)
        respond(call.json(200, body), to: call)
    }
}

/// `/admin/keys`: the keys of operators and services, over the unix socket alone.
extension APIApplication {
    func handleAdminKey(
        _ name: RouteName, _ request: HTTPRequest, _ call: Call
    ) throws(Problem) {
        switch name {
        case .createAdminKey:
            try Self.checkMediaType(of: request, isBodyOptional: false)
            let wanted = try AdminKeyRequest(body: request.body, limits: services.limits)
            createKey(wanted.role, name: wanted.name, call)
        case .revokeAdminKey:
            try Self.checkEmptyBody(of: request)
            let id = try call.id(at: 0, as: APIKeyID.self)
            perform(call, .revokeAPIKey(id, account: nil)) { [self] _, _ throws(Problem) in
                try showKey(id, status: 200, call)
            }
        default: try listKeys(of: nil, request, call)
        }
    }
}

/// `POST /v1/keys/verify`: what a customer's key is worth, in one call.
extension APIApplication {
    func verifyKey(_ request: HTTPRequest, _ call: Call) throws(Problem) {
        try Self.checkMediaType(of: request, isBodyOptional: false)
        let secret = try VerifyRequest(body: request.body, limits: services.limits).key
        guard (try? KeySecret.check(secret.span)) != nil else {
            return respondInvalid("malformed", call)
        }
        let hash = KeySecret.hash(of: secret.span)
        guard let slot = services.directory.slot(ofSecretHash: hash),
            let key = services.directory.apiKey(slot), case .customer(let account) = key.role
        else { return respondInvalid("unknown", call) }
        guard !key.isRevoked else { return respondInvalid("revoked", call) }
        guard key.expiresAt.map({ $0 > call.now }) ?? true else {
            return respondInvalid("expired", call)
        }
        view(account, call) { [self] view in
            let plan = services.directory.profile(view.slot)?.plan?.id
            let body = Self.valid(key, of: account, plan: plan, view.record.balance)
            respond(call.json(200, body, fields: view.figures), to: call)
        }
    }

    private func respondInvalid(_ reason: String, _ call: Call) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("valid", false)
        writer.member("reason", reason)
        writer.endObject()
        respond(call.json(200, writer.bytes), to: call)
    }

    private static func valid(
        _ key: APIKeyRecord, of account: Name, plan: Name?, _ balance: Balance
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(balance)
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("valid", true)
        writer.member("account", account)
        writer.member("key_id", key.id)
        writer.key("scopes")
        writer.beginArray()
        for scope in key.scopes { writer.value(scope) }
        writer.endArray()
        writer.member("plan", plan)
        writer.key("balance")
        writer.value(json: bytes.span)
        writer.endObject()
        return writer.bytes
    }

    /// The inline figures of an account.
    static func figures(of record: AccountRecord, resetsAt: Instant?) -> [UInt8] {
        var fields: [UInt8] = []
        fields.appendCredits(
            available: Credits(micros: record.available), held: Credits(micros: record.held),
            resetsAt: resetsAt)
        return fields
    }
}
