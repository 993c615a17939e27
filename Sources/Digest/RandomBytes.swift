/// Random bytes from the operating system, fit for secrets.
public enum RandomBytes: Sendable {
    /// `count` random bytes from the system's generator (getrandom(2) on Linux).
    public static func take(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        while bytes.count < count {
            let word = generator.next()
            for shift in 0..<8 where bytes.count < count {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift * 8)))
            }
        }
        return bytes
    }

    /// A random number for seeding hash tables.
    public static func seed() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
