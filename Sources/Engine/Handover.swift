internal import Synchronization

/// A value given to another thread once, so that no copy stays behind.
public final class Handover<Value: ~Copyable & Sendable>: Sendable {
    private let value: Mutex<Value?>

    /// Keeps the value until it is taken.
    public init(_ value: consuming sending Value) {
        self.value = Mutex(value)
    }

    /// The value, once.
    public func take() -> Value? {
        value.withLock { value in
            let taken = value.take()
            return taken
        }
    }
}
