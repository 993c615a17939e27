internal import CUV

/// The libuv handles of one loop, and the unsafe calls on them.
@safe
final class LoopHandles {
    private static let readBytes = 64 * 1024

    private let loop = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
    private let prepare = UnsafeMutablePointer<uv_prepare_t>.allocate(capacity: 1)
    private let check = UnsafeMutablePointer<uv_check_t>.allocate(capacity: 1)
    private let timer = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
    private let async = UnsafeMutablePointer<uv_async_t>.allocate(capacity: 1)
    private let readMemory = UnsafeMutablePointer<CChar>.allocate(capacity: readBytes)
    private var listeners: [UnsafeMutablePointer<uv_stream_t>] = unsafe []
    private let waker: LoopWaker
    private var isOpen = false

    init(waker: LoopWaker) throws(HTTPServerError) {
        self.waker = waker
        let code = unsafe uv_loop_init(loop)
        guard code == 0 else { throw .noLoop(code: code) }
    }

    deinit {
        unsafe uv_loop_close(loop)
        unsafe loop.deallocate()
        unsafe prepare.deallocate()
        unsafe check.deallocate()
        unsafe timer.deallocate()
        unsafe async.deallocate()
        unsafe readMemory.deallocate()
    }

    /// The memory that every read of this loop uses, at most `count` bytes of it.
    func readBuffer(upTo count: Int) -> uv_buf_t {
        unsafe uv_buf_t(base: readMemory, len: min(Self.readBytes, count))
    }

    /// Milliseconds of a clock that never goes back, as of this round.
    var now: UInt64 { unsafe uv_now(loop) }

    /// Has `owner` called at each round's end, each `tick` milliseconds and when woken.
    func open(for owner: HTTPLoop, tick: UInt64) throws(HTTPServerError) {
        let data = unsafe Unmanaged.passUnretained(owner).toOpaque()
        let code = unsafe uv_async_init(loop, async) { handle in
            unsafe LoopHandles.owner(handle?.pointee.data)?.wokenUp()
        }
        guard code == 0 else { throw .noLoop(code: code) }
        unsafe async.pointee.data = data
        unsafe waker.open(address: UInt(bitPattern: async))
        unsafe uv_prepare_init(loop, prepare)
        unsafe prepare.pointee.data = data
        unsafe uv_prepare_start(prepare) { handle in
            unsafe LoopHandles.owner(handle?.pointee.data)?.endRound()
        }
        unsafe uv_check_init(loop, check)
        unsafe check.pointee.data = data
        unsafe uv_check_start(check) { handle in
            unsafe LoopHandles.owner(handle?.pointee.data)?.endRound()
        }
        unsafe uv_timer_init(loop, timer)
        unsafe timer.pointee.data = data
        let onTick: uv_timer_cb = { handle in
            unsafe LoopHandles.owner(handle?.pointee.data)?.tick()
        }
        unsafe uv_timer_start(timer, onTick, tick, tick)
        isOpen = true
    }

    /// Accepts what connects to the listening socket `descriptor`, which is closed with the loop.
    func listen(
        on descriptor: Int32, isUnixSocket: Bool, for owner: HTTPLoop
    ) throws(HTTPServerError) {
        let memory = unsafe UnsafeMutableRawPointer.allocate(
            byteCount: max(MemoryLayout<uv_tcp_t>.size, MemoryLayout<uv_pipe_t>.size),
            alignment: MemoryLayout<Int>.alignment)
        let stream = unsafe memory.assumingMemoryBound(to: uv_stream_t.self)
        var code: Int32
        if isUnixSocket {
            let pipe = unsafe memory.assumingMemoryBound(to: uv_pipe_t.self)
            _ = unsafe uv_pipe_init(loop, pipe, 0)
            code = unsafe uv_pipe_open(pipe, descriptor)
        } else {
            let tcp = unsafe memory.assumingMemoryBound(to: uv_tcp_t.self)
            _ = unsafe uv_tcp_init(loop, tcp)
            code = unsafe uv_tcp_open(tcp, descriptor)
        }
        unsafe stream.pointee.data = Unmanaged.passUnretained(owner).toOpaque()
        unsafe listeners.append(stream)
        if code == 0 {
            code = unsafe uv_listen(stream, ListenSocket.backlog) { stream, status in
                guard let stream = unsafe stream, status == 0 else { return }
                let owner = unsafe LoopHandles.owner(stream.pointee.data)
                owner?.accept(unsafe Stream(acceptingFrom: stream))
            }
        }
        guard code == 0 else { throw .noLoop(code: code) }
    }

    /// Runs until ``closeAll()`` has been called and every connection is gone.
    func run() {
        unsafe uv_run(loop, UV_RUN_DEFAULT)
    }

    func closeListeners() {
        while let listener = unsafe listeners.popLast() { unsafe Stream.closeUnowned(listener) }
    }

    func closeAll() {
        guard isOpen else { return }
        isOpen = false
        waker.close()
        closeListeners()
        unsafe close(async)
        unsafe close(prepare)
        unsafe close(check)
        unsafe close(timer)
    }

    private func close(_ handle: UnsafeMutableRawPointer) {
        unsafe uv_close(handle.assumingMemoryBound(to: uv_handle_t.self), nil)
    }

    private static func owner(_ data: UnsafeMutableRawPointer?) -> HTTPLoop? {
        guard let data = unsafe data else { return nil }
        return unsafe Unmanaged<HTTPLoop>.fromOpaque(data).takeUnretainedValue()
    }
}
