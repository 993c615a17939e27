import Credit
import Foundation
import HTTP
import JSON

/// Requests to a running Tally, with answers read as JSON.
struct TallyConnection {
    let url: String
    let key: String?
    var unixSocketPath: String?
    private let client: HTTPClient

    init(url: String, key: String?, unixSocketPath: String? = nil) throws {
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.key = key
        self.unixSocketPath = unixSocketPath
        client = try HTTPClient()
    }

    /// The options that say where Tally answers and with what key.
    static let options: Set<String> = ["--url", "--key"]

    /// The connection that `--url` and `--key` name, else `TALLY_URL` and `TALLY_KEY`.
    ///
    /// A key in the environment is not seen by others who list processes.
    init(_ arguments: Arguments) throws {
        let environment = ProcessInfo.processInfo.environment
        guard let key = try arguments.value("--key") ?? environment["TALLY_KEY"] else {
            throw Failure.usage("--key is missing, and so is TALLY_KEY in the environment")
        }
        let url = try arguments.value("--url") ?? environment["TALLY_URL"]
        try self.init(url: url ?? "http://127.0.0.1:8080", key: key)
    }

    /// A request with the key and, for money, an idempotency key.
    func request(
        _ method: HTTPMethod, _ path: String, body: [UInt8] = [], idempotencyKey: String? = nil
    ) -> HTTPClientRequest {
        var fields: [HTTPClientRequest.Field] = []
        if let key { fields.append(.init(name: "Authorization", value: "Bearer \(key)")) }
        if !body.isEmpty { fields.append(.init(name: "Content-Type", value: "application/json")) }
        if let idempotencyKey {
            fields.append(.init(name: "Idempotency-Key", value: idempotencyKey))
        }
        var request = HTTPClientRequest(
            method: method, url: url + path, fields: fields, body: body)
        request.unixSocketPath = unixSocketPath
        return request
    }

    /// Sends a request and reads its answer; an answer that `allowed` has not is a failure.
    @discardableResult
    func send(
        _ request: HTTPClientRequest, allowing allowed: Set<Int> = [200, 201]
    ) throws -> (status: Int, json: JSONValue) {
        let (status, json, _) = try exchange(request, allowing: allowed)
        return (status, json)
    }

    /// The same, also telling whether the answer is that of an earlier request.
    func exchange(
        _ request: HTTPClientRequest, allowing allowed: Set<Int>
    ) throws -> (status: Int, json: JSONValue, isReplayed: Bool) {
        let reply = try reply(to: request)
        let json = (try? JSONValue(reply.body)) ?? .null
        guard allowed.contains(reply.status) else {
            throw Failure.failed(Self.explanation(request, reply.status, json))
        }
        return (reply.status, json, reply.value(of: "Idempotent-Replayed") == "true")
    }

    /// Sends a request and gives the bytes of an answer that is no error.
    func bytes(of request: HTTPClientRequest) throws -> [UInt8] {
        let reply = try reply(to: request)
        guard 200..<300 ~= reply.status else {
            let json = (try? JSONValue(reply.body)) ?? .null
            throw Failure.failed(Self.explanation(request, reply.status, json))
        }
        return reply.body
    }

    private func reply(to request: HTTPClientRequest) throws -> HTTPClientReply {
        do {
            return try client.send(request)
        } catch .cannotConnect(let reason) {
            throw Failure.failed("\(url) does not answer: \(reason)")
        } catch .invalidURL(let url) {
            throw Failure.failed("\(url) is no URL such as http://127.0.0.1:8080")
        } catch {
            throw Failure.failed("\(request.url): \(Self.words(for: error))")
        }
    }

    /// What went wrong, in words.
    private static func words(for error: HTTPClientError) -> String {
        switch error {
        case .invalidURL(let url): "\(url) is no URL such as http://127.0.0.1:8080"
        case .invalidRequest: "a header of the request cannot be sent, such as a key of two lines"
        case .cannotConnect(let reason): reason
        case .timeout: "there was no answer in time"
        case .replyTooLarge: "the answer is too large"
        case .failed(let code, let reason): "\(reason) (libcurl \(code))"
        }
    }

    /// What an answer that is an error says.
    static func explanation(_ request: HTTPClientRequest, _ status: Int, _ json: JSONValue)
        -> String
    {
        let detail = json["detail"]?.string ?? json["title"]?.string ?? json["message"]?.string
        let code = json["code"]?.string.map { " (\($0))" } ?? ""
        let field = json["field"]?.string.map { "\($0): " } ?? ""
        return "\(request.method.rawValue) \(request.url): \(status)\(code) \(field)\(detail ?? "")"
    }
}
