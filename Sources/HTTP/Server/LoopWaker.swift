internal import CUV
internal import Synchronization

/// Wakes a loop from any thread; before the loop runs and after it has ended it does nothing.
@safe
public final class LoopWaker: Sendable {
    private let handle: Mutex<UnsafeMutablePointer<uv_async_t>?>

    init() {
        unsafe handle = Mutex(nil)
    }

    /// Has the loop call ``Application/woken()`` soon; many calls may share one.
    public func wake() {
        unsafe handle.withLock { handle in
            guard let handle = unsafe handle else { return }
            _ = unsafe uv_async_send(handle)
        }
    }

    /// Begins to wake through the handle at `address`, of which only `wake` is called elsewhere.
    func open(address: UInt) {
        unsafe handle.withLock { unsafe $0 = UnsafeMutablePointer(bitPattern: address) }
    }

    /// Ends all waking; the handle may be closed afterwards.
    func close() {
        unsafe handle.withLock { unsafe $0 = nil }
    }
}
