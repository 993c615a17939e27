import Glibc

/// Keeps a number of connections busy, one request under way on each, and times the answers.
struct LoadClient {
    /// One connection: what it has read of the answer it waits for.
    private struct Lane {
        let socket: Int32
        var received: [UInt8] = []
        var sentAt: UInt64 = 0
    }

    private var lanes: [Lane] = []
    private(set) var latencies: [UInt64] = []
    /// Answers whose status is not 200 or 201.
    private(set) var refusedCount = 0

    /// Connects to a port of this machine.
    init(port: UInt16, connections: Int) throws {
        for _ in 0..<connections { lanes.append(Lane(socket: try Self.connect(port))) }
        latencies.reserveCapacity(1 << 20)
    }

    private static func connect(_ port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw BenchError.storage("socket") }
        // From an address of its own, since a server takes 256 connections of one.
        guard unsafe name(descriptor, 0x7F00_0002, 0, bind) == 0,
            unsafe name(descriptor, 0x7F00_0001, port, Glibc.connect) == 0
        else { throw BenchError.storage("connect") }
        var one: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        return descriptor
    }

    /// Calls `function` with an IPv4 address.
    private static func name(
        _ descriptor: Int32, _ host: UInt32, _ port: UInt16,
        _ function: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = host.bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe function(descriptor, pointer, size)
            }
        }
    }

    /// Sends the requests that `next` gives until the time is over or there are no more; gives the
    /// seconds taken.
    mutating func run(seconds: Double, next: () -> [UInt8]?) throws -> Double {
        let begin = Monotonic.now()
        let deadline = begin + UInt64(seconds * 1e9)
        for index in lanes.indices {
            guard let request = next() else { throw BenchError.usage("too few requests") }
            try send(request, on: index)
        }
        var waiting = lanes.count
        var polled = lanes.map { pollfd(fd: $0.socket, events: Int16(POLLIN), revents: 0) }
        while waiting > 0 {
            guard unsafe poll(&polled, nfds_t(polled.count), 5000) > 0 else {
                throw BenchError.storage("no answer within 5 s")
            }
            for index in polled.indices where polled[index].revents != 0 {
                polled[index].revents = 0
                guard try receive(on: index) else { continue }
                if Monotonic.now() < deadline, let request = next() {
                    try send(request, on: index)
                } else {
                    polled[index].fd = -1
                    waiting -= 1
                }
            }
        }
        return Double(Monotonic.now() - begin) / 1e9
    }

    private mutating func send(_ request: [UInt8], on index: Int) throws {
        lanes[index].sentAt = Monotonic.now()
        let written = unsafe request.withUnsafeBytes { bytes in
            unsafe write(lanes[index].socket, bytes.baseAddress, bytes.count)
        }
        guard written == request.count else { throw BenchError.storage("write") }
    }

    /// Reads what is there; true when the answer is whole.
    private mutating func receive(on index: Int) throws -> Bool {
        let socket = lanes[index].socket
        let block = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            count = max(0, unsafe read(socket, buffer.baseAddress, buffer.count))
        }
        guard !block.isEmpty else { throw BenchError.storage("the connection was closed") }
        lanes[index].received += block
        guard let size = Self.answerSize(lanes[index].received),
            lanes[index].received.count >= size
        else { return false }
        if !lanes[index].received.starts(with: "HTTP/1.1 20".utf8) { refusedCount += 1 }
        lanes[index].received.removeFirst(size)
        latencies.append(Monotonic.now() - lanes[index].sentAt)
        return true
    }

    /// The bytes of head and body once the head is whole.
    private static func answerSize(_ bytes: [UInt8]) -> Int? {
        let name = Array("Content-Length: ".utf8)
        var length = 0
        var index = 0
        while index + 3 < bytes.count {
            if bytes[index] == 13, bytes[index + 2] == 13 { return index + 4 + length }
            if bytes[index] == name[0], bytes[index...].starts(with: name) {
                var digit = index + name.count
                length = 0
                while digit < bytes.count, 0x30...0x39 ~= bytes[digit] {
                    length = length * 10 + Int(bytes[digit] - 0x30)
                    digit += 1
                }
                index = digit
            } else {
                index += 1
            }
        }
        return nil
    }

    /// Closes the connections.
    func close() {
        for lane in lanes { _ = Glibc.close(lane.socket) }
    }
}
