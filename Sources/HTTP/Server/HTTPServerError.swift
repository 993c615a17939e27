/// Why a server could not start.
public enum HTTPServerError: Error, Hashable, Sendable {
    /// Something answers at `address` already.
    case addressInUse(address: String)
    /// `address` is no address of this machine, or not ours to listen on; `errno` says which.
    case cannotListen(address: String, errno: Int32)
    case invalidAddress(String)
    /// The file at the unix socket's path is not a socket, and stays.
    case notASocket(path: String)
    /// The path has more bytes than a socket address holds (107).
    case pathTooLong(path: String)
    /// A loop or its thread could not be made; `code` is the system's.
    case noLoop(code: Int32)
}

extension HTTPServerError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .addressInUse(let address): "\(address) is already in use"
        case .cannotListen(let address, let errno):
            "cannot listen on \(address) (system error \(errno))"
        case .invalidAddress(let text): "\(text) is not an address to listen on"
        case .notASocket(let path): "\(path) exists and is not a socket"
        case .pathTooLong(let path): "\(path) is too long for a unix socket"
        case .noLoop(let code): "cannot run an event loop (system error \(code))"
        }
    }
}
