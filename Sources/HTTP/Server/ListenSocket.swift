internal import Glibc

/// A socket that listens; closes itself unless a loop took it over.
struct ListenSocket: ~Copyable {
    static let backlog: Int32 = 4096

    private let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        _ = Glibc.close(descriptor)
    }

    /// Gives up the file descriptor to the caller, who closes it.
    consuming func release() -> Int32 {
        let released = descriptor
        discard self
        return released
    }

    /// Listens on `address`, which `isShared` says further sockets of ours shall share.
    ///
    /// The first socket of a server is not shared while it is bound, so that a port which another
    /// process shares among its own loops is refused as well.
    static func tcp(
        _ address: HTTPAddress, isShared: Bool
    ) throws(HTTPServerError) -> ListenSocket {
        let found = try AddressList(resolving: address)
        let socket = try ListenSocket(family: found.family, at: address.description)
        socket.turnOn(SO_REUSEADDR)
        if isShared { socket.turnOn(SO_REUSEPORT) }
        try socket.listen(at: address.description) { descriptor in
            unsafe bind(descriptor, found.address, found.length)
        }
        return socket
    }

    /// Listens on a unix socket that only its owner may open.
    ///
    /// A socket file that nobody answers at, left by a process that died, is replaced.
    static func unix(path: String) throws(HTTPServerError) -> ListenSocket {
        let address = try UnixAddress(path: path)
        try address.removeIfStale()
        let socket = try ListenSocket(family: AF_UNIX, at: path)
        try socket.listen(at: path) { descriptor in
            let code = unsafe address.withPointer { unsafe bind(descriptor, $0, $1) }
            return code == 0 ? unsafe chmod(path, 0o600) : code
        }
        return socket
    }

    /// Lets sockets made from now on share this one's port.
    borrowing func allowSharing() {
        turnOn(SO_REUSEPORT)
    }

    /// The port listened on, which the system chose when 0 was asked for.
    borrowing func port() -> UInt16 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            let address = unsafe base.assumingMemoryBound(to: sockaddr.self)
            guard unsafe getsockname(descriptor, address, &length) == 0 else { return 0 }
            // sin_port and sin6_port stand at the same place.
            return unsafe base.loadUnaligned(fromByteOffset: 2, as: UInt16.self).bigEndian
        }
    }

    private init(family: Int32, at address: String) throws(HTTPServerError) {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let made = socket(family, type, 0)
        guard made >= 0 else { throw .cannotListen(address: address, errno: errno) }
        self.init(descriptor: made)
    }

    private borrowing func turnOn(_ option: Int32) {
        var on: Int32 = 1
        _ = unsafe setsockopt(
            descriptor, SOL_SOCKET, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    private borrowing func listen(
        at address: String, bind: (Int32) -> Int32
    ) throws(HTTPServerError) {
        guard bind(descriptor) == 0, Glibc.listen(descriptor, Self.backlog) == 0 else {
            let code = errno
            throw code == EADDRINUSE
                ? .addressInUse(address: address) : .cannotListen(address: address, errno: code)
        }
    }
}
