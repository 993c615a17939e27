internal import Glibc

/// What the system's resolver makes of a host and port.
@safe
struct AddressList: ~Copyable {
    private let first: UnsafeMutablePointer<addrinfo>

    init(resolving address: HTTPAddress) throws(HTTPServerError) {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(address.host, String(address.port), &hints, &found)
        guard code == 0, let found = unsafe found
        else { throw .invalidAddress(address.description) }
        unsafe first = found
    }

    deinit {
        unsafe freeaddrinfo(first)
    }

    var family: Int32 { unsafe first.pointee.ai_family }
    var address: UnsafeMutablePointer<sockaddr>? { unsafe first.pointee.ai_addr }
    var length: socklen_t { unsafe first.pointee.ai_addrlen }
}

/// The address of a unix socket.
struct UnixAddress {
    private var address = sockaddr_un()
    private let path: String

    init(path: String) throws(HTTPServerError) {
        self.path = path
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let fits = unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard !bytes.isEmpty, bytes.count < room.count else { return false }
            unsafe room.copyBytes(from: bytes)
            return true
        }
        guard fits else { throw .pathTooLong(path: path) }
    }

    func withPointer<Result>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// Removes the file of a socket that nobody answers at.
    func removeIfStale() throws(HTTPServerError) {
        var file = stat()
        guard unsafe lstat(path, &file) == 0 else { return }
        guard file.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path: path) }
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { _ = close(probe) }
        let code = unsafe withPointer { unsafe connect(probe, $0, $1) }
        guard code != 0, errno == ECONNREFUSED else { throw .addressInUse(address: path) }
        _ = unsafe unlink(path)
    }
}
