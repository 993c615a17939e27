internal import Glibc

/// Ends the process, for the fuzzer to keep the input, and says why on stderr.
public func fail(_ reason: String) -> Never {
    let line = Array("FAILED: \(reason)\n".utf8)
    _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    abort()
}

/// Fails unless two things that must be equal are.
public func expect<Value: Equatable>(
    _ left: Value, equals right: Value, _ what: @autoclosure () -> String
) {
    guard left != right else { return }
    fail("\(what())\n  one   \(left)\n  other \(right)")
}

/// Fails unless something holds.
public func expect(_ holds: Bool, _ what: @autoclosure () -> String) {
    if !holds { fail(what()) }
}

extension [UInt8] {
    /// A copy of the bytes that the fuzzer made, exactly as long, so that reads past it are seen.
    public init(start: UnsafePointer<UInt8>?, count: Int) {
        unsafe self.init(UnsafeBufferPointer(start: start, count: count))
    }

    /// These bytes as text, whatever they are.
    public var text: String { String(decoding: self, as: UTF8.self) }
}
