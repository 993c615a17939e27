import Credit
import Dispatch
import Engine
import Foundation
import HTTP
import JSON
import Ledger
import Partition
import SQLiteStore
import Synchronization
import Terminal
import Wire

/// `tally admin key`: the keys of operators and of the vendor's services.
enum AdminCommand {
    static let command = Subcommand(
        name: "admin", summary: "make, list and revoke the keys of operators and services",
        help: """
            tally admin key create --role operator|service [--name N] [--data DIR]
            tally admin key list [--data DIR] [--json]
            tally admin key revoke ID [--data DIR]

            Works with the server running (through DIR/admin.sock) or without. `create` prints the
            key alone: it is shown this once and stored as a hash.

              --data DIR   the data folder (./tally-data)
            """,
        run: run)

    private static func run(_ text: [String]) throws {
        let arguments = try Arguments(
            text, options: ["--role", "--name", "--data"], flags: ["--json"])
        guard arguments.values.first == "key", arguments.values.count >= 2 else {
            throw Failure.usage("tally admin key create, list or revoke")
        }
        switch (arguments.values[1], arguments.values.count) {
        case ("create", 2):
            let role = try role(arguments)
            let name = try arguments.value("--name") ?? role.rawValue
            try withKeys(arguments) { Terminal.print(try $0.create(role, name: name)) }
        case ("list", 2):
            try withKeys(arguments) { list(try $0.list(), asJSON: arguments.has("--json")) }
        case ("revoke", 3): try withKeys(arguments) { try $0.revoke(arguments.values[2]) }
        default: throw Failure.usage("tally admin key create, list or revoke ID")
        }
    }

    /// Opens the keys of the folder, or of the server that has it open.
    private static func withKeys(
        _ arguments: Arguments, _ body: (any AdminKeys) throws -> Void
    ) throws {
        let data = try arguments.value("--data") ?? DataOption.usual
        let keys: any AdminKeys =
            if let running = RunningKeys(folder: data) { running } else {
                try FolderKeys(folder: data)
            }
        defer { keys.close() }
        try body(keys)
    }

    private static func role(_ arguments: Arguments) throws -> AdminRole {
        guard let role = AdminRole(rawValue: try arguments.required("--role")) else {
            throw Failure.usage("--role is operator or service")
        }
        return role
    }

    private static func list(_ keys: [ListedKey], asJSON: Bool) {
        for key in keys {
            guard asJSON else {
                let state = key.isRevoked ? "revoked" : "active"
                Terminal.print("\(key.id)  \(key.role)  \(state)  \(key.hint)…  \(key.name)")
                continue
            }
            var json = JSONWriter()
            json.beginObject()
            json.member("id", key.id)
            json.member("role", key.role)
            json.member("name", key.name)
            json.member("hint", key.hint)
            json.member("revoked", key.isRevoked)
            json.endObject()
            Terminal.print(String(decoding: json.bytes, as: UTF8.self))
        }
    }
}

/// The roles that `tally admin` makes keys for.
enum AdminRole: String {
    case `operator`
    case service
}

/// What `tally admin key list` shows of a key.
struct ListedKey {
    let id: String
    let role: String
    let name: String
    let hint: String
    let isRevoked: Bool
}

/// Where admin keys are kept: a running server or a folder of our own.
protocol AdminKeys {
    func create(_ role: AdminRole, name: String) throws -> String
    func list() throws -> [ListedKey]
    func revoke(_ id: String) throws
    func close()
}

/// The keys of a running server, through its socket.
private struct RunningKeys: AdminKeys {
    private let connection: TallyConnection

    /// Nil when no server answers at the folder's socket.
    init?(folder: String) {
        let socket = ServeCommand.adminSocket(in: folder)
        guard FileManager.default.fileExists(atPath: socket),
            let connection = try? TallyConnection(
                url: "http://localhost", key: nil, unixSocketPath: socket),
            let (status, _) = try? connection.send(
                connection.request(.get, "/health"), allowing: [200]), status == 200
        else { return nil }
        self.connection = connection
    }

    func create(_ role: AdminRole, name: String) throws -> String {
        var json = JSONWriter()
        json.beginObject()
        json.member("role", role.rawValue)
        json.member("name", name)
        json.endObject()
        let (_, answer) = try connection.send(
            connection.request(.post, "/admin/keys", body: json.bytes))
        guard let key = answer["key"]?.string else { throw Failure.failed("no key came back") }
        return key
    }

    func list() throws -> [ListedKey] {
        let (_, answer) = try connection.send(connection.request(.get, "/admin/keys"))
        return (answer["data"]?.array ?? []).map { key in
            ListedKey(
                id: key["id"]?.string ?? "", role: key["role"]?.string ?? "",
                name: key["name"]?.string ?? "", hint: key["hint"]?.string ?? "",
                isRevoked: key["revoked"] == .bool(true))
        }
    }

    func revoke(_ id: String) throws {
        try connection.send(
            connection.request(.delete, "/admin/keys/\(id)"), allowing: [200, 204])
    }

    func close() {}
}

/// The keys of a folder that no server has open.
private struct FolderKeys: AdminKeys {
    private final class Answer: Sendable {
        let arrived = DispatchSemaphore(value: 0)
        let batch = Mutex<CommandBatch?>(nil)
    }

    private let partition: Partition
    private let answer = Answer()

    init(folder: String) throws {
        let locked = try DataOption.open(folder, creating: true)
        let answer = answer
        partition = try Partition(
            folder: locked,
            handlers: Partition.Handlers(
                deliver: { _, answers in
                    answer.batch.withLock { $0 = answers.first?.batch }
                    answer.arrived.signal()
                },
                failed: { error in Terminal.report("a commit failed: \(error)") }))
    }

    private func perform(_ command: Command) throws {
        var batch = CommandBatch(origin: 0)
        batch.append(command, tag: 0)
        guard partition.submit(batch) else { throw Failure.failed("the partition is closing") }
        answer.arrived.wait()
        switch answer.batch.withLock({ $0?.outcomes.first }) {
        case .recorded: return
        case .rejected(.apiKeyNotFound): throw Failure.failed("no key has this id")
        case let outcome: throw Failure.failed("the outcome is \(String(describing: outcome))")
        }
    }

    func create(_ role: AdminRole, name: String) throws -> String {
        let keyRole: APIKeyRole = role == .operator ? .operator : .service
        let secret = KeySecret.make(for: keyRole)
        try perform(
            .createAPIKey(
                NewAPIKey(
                    role: keyRole, name: name, secretHash: KeySecret.hash(of: secret.span),
                    hint: KeySecret.hint(of: secret))))
        return String(decoding: secret, as: UTF8.self)
    }

    func list() throws -> [ListedKey] {
        partition.directory.apiKeys(of: nil).map { _, key in
            ListedKey(
                id: key.id.text, role: key.role == .operator ? "operator" : "service",
                name: key.name, hint: key.hint, isRevoked: key.isRevoked)
        }
    }

    func revoke(_ id: String) throws {
        guard let key = try? APIKeyID(text: id.utf8.span) else {
            throw Failure.failed("\(id) is no key id")
        }
        try perform(.revokeAPIKey(key, account: nil))
    }

    func close() {
        partition.close()
    }
}
