import Glibc
import HTTP
import JSON

/// A blocking client over one connection.
final class TestClient {
    struct Failure: Error {
        let reason: String
    }

    struct Answer {
        var status: Int
        var headers: [String: String]
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        var json: JSONTree { JSONTree(body) }
    }

    let key: String?
    private let descriptor: Int32
    private var received: [UInt8] = []
    /// What must live as long as the connection.
    private let server: TestServer?

    init(to server: TestServer, key: String? = nil) throws {
        self.key = key
        self.server = server
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var on: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = server.server.address.port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        try connect(&address)
    }

    init(path: String) throws {
        (key, server) = (nil, nil)
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) {
            unsafe $0.copyBytes(from: path.utf8)
        }
        try connect(&address)
    }

    deinit {
        close(descriptor)
    }

    private func connect<Address>(_ address: inout Address) throws {
        let size = socklen_t(MemoryLayout<Address>.size)
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, size)
            }
        }
        guard code == 0 else { throw Failure(reason: "connect \(errno)") }
    }

    func get(_ target: String, _ headers: [String] = []) throws -> Answer {
        try send("GET", target, nil, headers)
    }

    func delete(_ target: String) throws -> Answer { try send("DELETE", target, nil, []) }

    func put(_ target: String, _ body: String) throws -> Answer {
        try send("PUT", target, body, [])
    }

    func patch(_ target: String, _ body: String) throws -> Answer {
        try send("PATCH", target, body, [])
    }

    func post(
        _ target: String, _ body: String?, idempotency: String? = nil, _ headers: [String] = []
    ) throws -> Answer {
        try send(
            "POST", target, body, headers + (idempotency.map { ["Idempotency-Key: \($0)"] } ?? []))
    }

    /// A charge under a key.
    func charge(
        _ body: String, _ idempotency: String, _ headers: [String] = []
    ) throws -> Answer {
        try post("/v1/charges", body, idempotency: idempotency, headers)
    }

    func send(
        _ method: String, _ target: String, _ body: String?, _ headers: [String],
        type: String? = "application/json"
    ) throws -> Answer {
        write(Self.request(method, target, body, headers, type: type, key: key))
        return try answer(isHead: method == "HEAD")
    }

    static func request(
        _ method: String, _ target: String, _ body: String?, _ headers: [String],
        type: String?, key: String?
    ) -> [UInt8] {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n"
        if let key { head += "Authorization: Bearer \(key)\r\n" }
        for header in headers { head += "\(header)\r\n" }
        if let body {
            if let type { head += "Content-Type: \(type)\r\n" }
            head += "Content-Length: \(body.utf8.count)\r\n"
        }
        return Array((head + "\r\n" + (body ?? "")).utf8)
    }

    func write(_ bytes: [UInt8]) {
        var start = 0
        while start < bytes.count {
            let count = unsafe bytes[start...].withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            start += count
        }
    }

    func answer(isHead: Bool = false) throws -> Answer {
        while true {
            if let (answer, count) = parse(isHead: isHead) {
                received.removeFirst(count)
                return answer
            }
            try readMore()
        }
    }

    private func readMore() throws {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&entry, 1, 10_000) > 0 else { throw Failure(reason: "no answer") }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
        }
        guard count > 0 else { throw Failure(reason: "closed") }
        received += buffer[..<count]
    }

    private func parse(isHead: Bool) -> (Answer, Int)? {
        guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self)
            .split(separator: "\r\n")
        var answer = Answer(status: 0, headers: [:], body: [])
        answer.status = lines.first.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            answer.headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        if isHead || answer.status == 304 { return (answer, end.upperBound) }
        if answer.headers["transfer-encoding"] == "chunked" {
            guard let count = takeChunks(from: end.upperBound, to: &answer) else { return nil }
            return (answer, count)
        }
        let length = answer.headers["content-length"].flatMap { Int($0) } ?? 0
        guard received.count >= end.upperBound + length else { return nil }
        answer.body = Array(received[end.upperBound..<end.upperBound + length])
        return (answer, end.upperBound + length)
    }

    private func takeChunks(from start: Int, to answer: inout Answer) -> Int? {
        var index = start
        while let end = received[index...].firstRange(of: Array("\r\n".utf8)),
            let size = Int(
                String(decoding: received[index..<end.lowerBound], as: UTF8.self), radix: 16)
        {
            guard received.count >= end.upperBound + size + 2 else { return nil }
            answer.body += received[end.upperBound..<end.upperBound + size]
            index = end.upperBound + size + 2
            if size == 0 { return index }
        }
        return nil
    }
}

/// A JSON value taken apart, its numbers kept as they were written.
enum JSONTree: Equatable {
    case object([String: JSONTree])
    case array([JSONTree])
    case string(String)
    case number(String)
    case bool(Bool)
    case null
    case invalid

    init(_ bytes: [UInt8]) {
        var cursor = JSONCursor()
        guard (try? JSONCursor.check(bytes.span)) != nil,
            let value = try? Self.value(bytes.span, &cursor)
        else {
            self = .invalid
            return
        }
        self = value
    }

    private static func value(
        _ text: Span<UInt8>, _ cursor: inout JSONCursor
    ) throws(JSONError) -> JSONTree {
        switch try cursor.kind(in: text) {
        case .object:
            var members: [String: JSONTree] = [:]
            try cursor.beginObject(in: text)
            while let key = try cursor.nextKey(in: text) {
                members[string(key, text)] = try value(text, &cursor)
            }
            return .object(members)
        case .array:
            var elements: [JSONTree] = []
            try cursor.beginArray(in: text)
            while try cursor.nextElement(in: text) { elements.append(try value(text, &cursor)) }
            return .array(elements)
        case .string: return .string(string(try cursor.string(in: text), text))
        case .number:
            let range = try cursor.number(in: text).range
            var digits: [UInt8] = []
            digits.append(bytes: text.extracting(range))
            return .number(String(decoding: digits, as: UTF8.self))
        case .bool: return .bool(try cursor.bool(in: text))
        case .null:
            try cursor.null(in: text)
            return .null
        }
    }

    private static func string(_ string: JSONString, _ text: Span<UInt8>) -> String {
        var bytes: [UInt8] = []
        bytes.append(unescaped: string, of: text)
        return String(decoding: bytes, as: UTF8.self)
    }

    subscript(name: String) -> JSONTree {
        guard case .object(let members) = self else { return .invalid }
        return members[name] ?? .invalid
    }

    subscript(index: Int) -> JSONTree {
        guard case .array(let elements) = self, elements.indices.contains(index) else {
            return .invalid
        }
        return elements[index]
    }

    var elements: [JSONTree] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    var keys: Set<String> {
        guard case .object(let members) = self else { return [] }
        return Set(members.keys)
    }

    /// The text of a string, or the digits of a number.
    var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .object, .array, .bool, .null, .invalid: nil
        }
    }
}
