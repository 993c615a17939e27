internal import CUV
internal import Glibc

extension Stream {
    /// Whom an accepted connection counts for, and its address as text.
    static func peer(of tcp: UnsafeMutablePointer<uv_tcp_t>) -> (PeerOrigin, String) {
        var storage = sockaddr_storage()
        var length = Int32(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutablePointer(to: &storage) { storage in
            let address = unsafe UnsafeMutableRawPointer(storage)
                .assumingMemoryBound(to: sockaddr.self)
            guard unsafe uv_tcp_getpeername(tcp, address, &length) == 0
            else { return (.version4(0), "") }
            return unsafe (origin(of: address), text(of: address))
        }
    }

    private static func origin(of address: UnsafePointer<sockaddr>) -> PeerOrigin {
        let bytes = unsafe UnsafeRawPointer(address)
        guard unsafe address.pointee.sa_family == sa_family_t(AF_INET6) else {
            return unsafe .version4(bytes.load(fromByteOffset: 4, as: UInt32.self).bigEndian)
        }
        let high = unsafe bytes.load(fromByteOffset: 8, as: UInt64.self).bigEndian
        let low = unsafe bytes.load(fromByteOffset: 16, as: UInt64.self).bigEndian
        // ::ffff:a.b.c.d is an IPv4 peer of a socket for both.
        guard high == 0, low >> 32 == 0xFFFF else { return .version6(prefix: high) }
        return .version4(UInt32(truncatingIfNeeded: low))
    }

    private static func text(of address: UnsafePointer<sockaddr>) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            guard let start = text.baseAddress, unsafe uv_ip_name(address, start, text.count) == 0
            else { return "" }
            return unsafe String(cString: start)
        }
    }

    /// Closes and frees a handle that no connection owns.
    static func closeUnowned(_ stream: UnsafeMutablePointer<uv_stream_t>) {
        let handle = unsafe UnsafeMutableRawPointer(stream)
            .assumingMemoryBound(to: uv_handle_t.self)
        unsafe uv_close(handle) { handle in
            unsafe UnsafeMutableRawPointer(handle)?.deallocate()
        }
    }
}
