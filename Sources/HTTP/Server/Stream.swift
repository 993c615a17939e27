internal import CUV
internal import Glibc

/// One accepted socket: its libuv handle, what waits to be written, and the unsafe calls on both.
///
/// Its owner keeps it until ``Connection/released()`` has been called.
@safe
final class Stream {
    /// What became of bytes to be written.
    enum Sent {
        case all
        /// The socket is full; ``Connection/wroteRest(isSuccess:)`` follows.
        case some
        case nothing
    }

    let origin: PeerOrigin
    /// The peer's IP address as text; empty on a unix socket.
    let peerText: String
    private let handle: UnsafeMutablePointer<uv_stream_t>
    private var ownsHandle = true
    /// The bytes that the system would not take at once, while libuv writes them.
    private var rest: UnsafeMutableBufferPointer<UInt8>?
    private var write: UnsafeMutablePointer<uv_write_t>?

    /// Accepts the next connection of `listener`; nil when it is gone again.
    init?(acceptingFrom listener: UnsafeMutablePointer<uv_stream_t>) {
        let type = unsafe listener.pointee.type
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: uv_handle_size(type), alignment: MemoryLayout<Int>.alignment)
        unsafe handle = unsafe memory.assumingMemoryBound(to: uv_stream_t.self)
        let loop = unsafe listener.pointee.loop
        let isTCP = type == UV_TCP
        let code =
            unsafe isTCP
            ? uv_tcp_init(loop, memory.assumingMemoryBound(to: uv_tcp_t.self))
            : uv_pipe_init(loop, memory.assumingMemoryBound(to: uv_pipe_t.self), 0)
        guard code == 0 else {
            unsafe memory.deallocate()
            return nil
        }
        guard unsafe uv_accept(listener, handle) == 0 else {
            unsafe Self.closeUnowned(handle)
            return nil
        }
        if isTCP {
            let tcp = unsafe memory.assumingMemoryBound(to: uv_tcp_t.self)
            _ = unsafe uv_tcp_nodelay(tcp, 1)
            (origin, peerText) = unsafe Self.peer(of: tcp)
        } else {
            (origin, peerText) = (.unixSocket, "")
        }
    }

    deinit {
        unsafe rest?.deallocate()
        unsafe write?.deallocate()
        if ownsHandle { unsafe UnsafeMutableRawPointer(handle).deallocate() }
    }

    /// The bytes handed to libuv that have not left.
    var queuedCount: Int { Int(unsafe uv_stream_get_write_queue_size(handle)) }

    /// Whether bytes of an earlier ``send(_:)`` still wait.
    var isWriting: Bool { unsafe rest != nil }

    /// Has `owner` called with what arrives, in memory lent by its loop.
    func startReading(for owner: Connection) {
        unsafe handle.pointee.data = Unmanaged.passUnretained(owner).toOpaque()
        _ = unsafe uv_read_start(
            handle,
            { handle, _, buffer in
                guard let owner = unsafe Stream.owner(of: handle) else { return }
                unsafe buffer?.pointee = owner.loop.handles.readBuffer(upTo: owner.readRoom)
            },
            { stream, count, buffer in
                guard let stream = unsafe stream, count != 0 else { return }
                let handle = unsafe UnsafeMutableRawPointer(stream)
                    .assumingMemoryBound(to: uv_handle_t.self)
                guard let owner = unsafe Stream.owner(of: handle) else { return }
                guard count > 0 else {
                    owner.readEnded(isClean: Int32(count) == UV_EOF.rawValue)
                    return
                }
                unsafe owner.read(
                    UnsafeRawBufferPointer(start: buffer?.pointee.base, count: count))
            })
    }

    func stopReading() {
        _ = unsafe uv_read_stop(handle)
    }

    /// Writes as much of `bytes` as the system takes, and the rest when it takes more.
    ///
    /// Not to be called while ``isWriting``.
    func send(_ bytes: [UInt8]) -> Sent {
        let count = unsafe bytes.withUnsafeBytes { bytes in
            var buffer = unsafe Self.buffer(bytes)
            return Int(unsafe uv_try_write(handle, &buffer, 1))
        }
        guard count < bytes.count else { return .all }
        guard count >= 0 || Int32(count) == UV_EAGAIN.rawValue else { return .nothing }
        return queue(bytes[max(count, 0)...]) ? .some : .nothing
    }

    /// Tells the peer that nothing more comes, while what it sends can still be read.
    func endWriting() {
        guard let descriptor else { return }
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Whether the system holds bytes that have not been read.
    var hasUnreadBytes: Bool {
        guard let descriptor else { return false }
        var byte: UInt8 = 0
        return unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) > 0
    }

    /// Closes; the owner's ``Connection/released()`` follows when libuv is done.
    func close() {
        let handle = unsafe UnsafeMutableRawPointer(handle)
            .assumingMemoryBound(to: uv_handle_t.self)
        unsafe uv_close(handle) { handle in
            unsafe Stream.owner(of: handle)?.released()
        }
    }

    /// Closes a stream that has no owner yet.
    func closeUnowned() {
        ownsHandle = false
        unsafe Self.closeUnowned(handle)
    }

    private var descriptor: Int32? {
        var descriptor: Int32 = -1
        let handle = unsafe UnsafeMutableRawPointer(handle)
            .assumingMemoryBound(to: uv_handle_t.self)
        return unsafe uv_fileno(handle, &descriptor) == 0 ? descriptor : nil
    }

    private func queue(_ bytes: ArraySlice<UInt8>) -> Bool {
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = unsafe copy.initialize(fromContentsOf: bytes)
        unsafe rest = copy
        let write = unsafe self.write ?? .allocate(capacity: 1)
        unsafe self.write = write
        var buffer = unsafe Self.buffer(UnsafeRawBufferPointer(copy))
        let code = unsafe uv_write(write, handle, &buffer, 1) { write, status in
            guard let stream = unsafe write?.pointee.handle else { return }
            let handle = unsafe UnsafeMutableRawPointer(stream)
                .assumingMemoryBound(to: uv_handle_t.self)
            guard let owner = unsafe Stream.owner(of: handle) else { return }
            owner.stream.dropRest()
            owner.wroteRest(isSuccess: status == 0)
        }
        if code != 0 { dropRest() }
        return code == 0
    }

    private func dropRest() {
        unsafe rest?.deallocate()
        unsafe rest = nil
    }

    private static func buffer(_ bytes: UnsafeRawBufferPointer) -> uv_buf_t {
        let base = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        return unsafe uv_buf_t(
            base: base?.assumingMemoryBound(to: CChar.self), len: bytes.count)
    }

    private static func owner(of handle: UnsafeMutablePointer<uv_handle_t>?) -> Connection? {
        guard let data = unsafe handle?.pointee.data else { return nil }
        return unsafe Unmanaged<Connection>.fromOpaque(data).takeUnretainedValue()
    }
}
