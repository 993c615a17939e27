internal import Digest

/// The digest of everything that happened in a run, in order.
struct EventLog {
    private var digest: [UInt8] = []

    mutating func add(_ line: String) {
        digest = SHA256.digest(of: (digest + Array(line.utf8)).span)
    }

    /// The first 16 hexadecimal digits of the digest.
    var text: String {
        digest.prefix(8).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0\(digits)" : digits
        }.joined()
    }
}
