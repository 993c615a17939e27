import Glibc

/// A blocking client socket that sends any bytes; every wait has a deadline.
final class RawSocket {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// How long anything may take before a test fails.
    static let patience: Int32 = 5000

    private let descriptor: Int32
    private var received: [UInt8] = []
    /// What must live as long as the connection.
    private let server: EchoServer

    init(to server: EchoServer, receiveBuffer: Int32 = 0) throws(Failure) {
        self.server = server
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if receiveBuffer > 0 {
            var size = receiveBuffer
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4)
        }
        var on: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = server.port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        try connect(&address, MemoryLayout<sockaddr_in>.size)
    }

    init(to server: EchoServer, path: String) throws(Failure) {
        self.server = server
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) {
            unsafe $0.copyBytes(from: path.utf8)
        }
        try connect(&address, MemoryLayout<sockaddr_un>.size)
    }

    deinit {
        close(descriptor)
    }

    private func connect<Address>(_ address: inout Address, _ size: Int) throws(Failure) {
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(size))
            }
        }
        guard code == 0 else { throw Failure(description: "connect failed: \(errno)") }
    }

    /// Sends all of `bytes`; a peer that has closed is not an error here.
    func send(_ bytes: [UInt8]) {
        var start = 0
        while start < bytes.count {
            let count = unsafe bytes[start...].withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            start += count
        }
    }

    func send(_ text: String) {
        send(Array(text.utf8))
    }

    /// Ends our side; the other can still answer.
    func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Closes so that the peer sees a reset.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Whether nothing arrives and the connection stays open for `milliseconds`.
    func isQuiet(for milliseconds: Int32) -> Bool {
        received.isEmpty && !isReadable(within: milliseconds)
    }

    /// The next answer; `isHead` says that it has no body whatever its length says.
    func response(isHead: Bool = false) throws -> RawResponse {
        while true {
            if let (response, count) = try RawResponse.parse(received, isHead: isHead) {
                received.removeFirst(count)
                return response
            }
            guard try readMore() else {
                throw Failure(
                    description: "closed after \(String(decoding: received, as: UTF8.self))")
            }
        }
    }

    /// Everything until the server closes.
    func rest() throws -> [UInt8] {
        while try readMore() {}
        defer { received.removeAll() }
        return received
    }

    /// Reads once without looking at what came; false at the end.
    func readMore(upTo count: Int = 65_536) throws -> Bool {
        guard isReadable(within: Self.patience) else {
            throw Failure(
                description: "nothing more after \(String(decoding: received, as: UTF8.self))")
        }
        var buffer = [UInt8](repeating: 0, count: count)
        let size = unsafe buffer.withUnsafeMutableBytes {
            unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
        }
        guard size >= 0 else { throw Failure(description: "reset: \(errno)") }
        received += buffer[..<size]
        return size > 0
    }

    private func isReadable(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, milliseconds) > 0
    }
}

/// An answer taken apart.
struct RawResponse {
    var status: Int
    var fields: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The first answer in `bytes` and its length; nil while it is not whole.
    static func parse(
        _ bytes: [UInt8], isHead: Bool
    ) throws(RawSocket.Failure) -> (RawResponse, Int)? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(
            separator: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1])
        else { throw .init(description: "no status line: \(lines[0])") }
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            fields[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        var response = RawResponse(status: status, fields: fields, body: [])
        if isHead || status < 200 || status == 204 { return (response, end.upperBound) }
        if fields["transfer-encoding"] == "chunked" {
            guard let count = response.takeChunks(bytes[end.upperBound...]) else { return nil }
            return (response, end.upperBound + count)
        }
        guard let length = fields["content-length"].flatMap({ Int($0) })
        else { throw .init(description: "no length") }
        guard bytes.count >= end.upperBound + length else { return nil }
        response.body = Array(bytes[end.upperBound..<(end.upperBound + length)])
        return (response, end.upperBound + length)
    }

    private mutating func takeChunks(_ bytes: ArraySlice<UInt8>) -> Int? {
        var rest = bytes
        while let end = rest.firstRange(of: [13, 10]),
            let size = Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16)
        {
            guard rest.endIndex >= end.upperBound + size + 2 else { return nil }
            body += rest[end.upperBound..<(end.upperBound + size)]
            rest = rest[(end.upperBound + size + 2)...]
            if size == 0 { return rest.startIndex - bytes.startIndex }
        }
        return nil
    }
}
