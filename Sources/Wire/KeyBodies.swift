public import Credit
internal import JSON
public import Ledger

/// What `POST /v1/accounts/{id}/keys` asks for.
public struct KeyRequest: Hashable, Sendable {
    private enum Field: String, CaseIterable {
        case name
        case scopes
        case expiresAt = "expires_at"
        case importSHA256 = "import_sha256"
    }

    private static let fields = FieldTable<Field>()

    public var name: String
    public var scopes: [String]
    public var expiresAt: Instant?
    /// The SHA-256 of a secret made elsewhere.
    public var importedHash: [UInt8]?

    /// Reads the body.
    public init(body: [UInt8], limits: APILimits) throws(Problem) {
        var reader = try BodyReader(body, limits: limits)
        var (name, scopes): (String, [String]) = ("", [])
        var (expiresAt, importedHash): (Instant?, [UInt8]?)
        try reader.object(Self.fields, required: [.name]) { (reader, field) throws(ValueError) in
            switch field {
            case .name: name = try reader.freeText()
            case .scopes: scopes = try reader.scopes()
            case .expiresAt: expiresAt = try reader.isNull() ? nil : try reader.instant()
            case .importSHA256: importedHash = try reader.sha256()
            }
        }
        (self.name, self.scopes) = (name, scopes)
        (self.expiresAt, self.importedHash) = (expiresAt, importedHash)
    }
}

extension APIKeyChange {
    private enum Field: String, CaseIterable {
        case name
        case scopes
        case expiresAt = "expires_at"
    }

    private static let fields = FieldTable<Field>()

    /// Reads the body of `PATCH /v1/accounts/{id}/keys/{key}`.
    public init(body: [UInt8], limits: APILimits) throws(Problem) {
        self.init()
        var reader = try BodyReader(body, limits: limits)
        var change = Self()
        try reader.object(Self.fields) { (reader, field) throws(ValueError) in
            switch field {
            case .name: change.name = try reader.freeText()
            case .scopes: change.scopes = try reader.scopes()
            case .expiresAt:
                change.expiresAt = try reader.isNull() ? .some(nil) : try reader.instant()
            }
        }
        self = change
    }
}

/// What `POST /admin/keys` asks for.
public struct AdminKeyRequest: Hashable, Sendable {
    private enum Field: String, CaseIterable {
        case role
        case name
    }

    private enum Role: String, CaseIterable {
        case `operator`
        case service
    }

    private static let fields = FieldTable<Field>()

    public var role: APIKeyRole
    public var name: String

    /// Reads the body.
    public init(body: [UInt8], limits: APILimits) throws(Problem) {
        var reader = try BodyReader(body, limits: limits)
        var (role, name): (APIKeyRole, String?) = (.service, nil)
        try reader.object(Self.fields, required: [.role]) { (reader, field) throws(ValueError) in
            switch field {
            case .role:
                switch try reader.word(Role.self) {
                case .operator: role = .operator
                case .service: role = .service
                }
            case .name: name = try reader.freeText()
            }
        }
        self.role = role
        self.name = name ?? (role == .operator ? "operator" : "service")
    }
}

/// What `POST /v1/keys/verify` asks for.
public struct VerifyRequest: Hashable, Sendable {
    private enum Field: String, CaseIterable {
        case key
    }

    private static let fields = FieldTable<Field>()

    public var key: [UInt8]

    /// Reads the body.
    public init(body: [UInt8], limits: APILimits) throws(Problem) {
        var reader = try BodyReader(body, limits: limits)
        var key = ""
        try reader.object(Self.fields, required: [.key]) { (reader, _) throws(ValueError) in
            key = try reader.string()
        }
        self.key = Array(key.utf8)
    }
}

extension BodyReader {
    fileprivate mutating func scopes() throws(ValueError) -> [String] {
        let scopes = try strings(countMax: limits.scopesMax)
        for scope in scopes where !Scope.isValid(scope) {
            throw .invalid("a scope is read, keys:manage, an action, or a prefix with * at its end")
        }
        return scopes
    }

    fileprivate mutating func sha256() throws(ValueError) -> [UInt8] {
        let digits = Array(try string().utf8)
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count - 1, by: 2) {
            guard let high = digits[index].hexadecimalDigit,
                let low = digits[index + 1].hexadecimalDigit
            else { break }
            bytes.append(high << 4 | low)
        }
        guard digits.count == 64, bytes.count == 32 else {
            throw .invalid("it takes the 64 hexadecimal digits of a SHA-256")
        }
        return bytes
    }
}

extension UInt8 {
    fileprivate var hexadecimalDigit: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}
