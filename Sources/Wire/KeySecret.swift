internal import Digest
public import Ledger

/// The secrets of API keys: a prefix that tells the role, 30 random digits of base62, and 6 more
/// of the CRC-32 of all before them, so that a mistyped key is known without a look-up.
public enum KeySecret: Sendable {
    /// Why a text cannot be the secret of any key.
    public struct Malformed: Error, Hashable {}

    private static let randomDigits = 30
    private static let checkDigitCount = 6
    private static let digits = Array(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    private static let family = Array("tally_".utf8)
    private static let prefixes = ["tally_op_", "tally_svc_", "tally_key_"].map { Array($0.utf8) }
    /// The most bytes of a secret made elsewhere.
    private static let bytesMax = 512

    /// A new secret.
    public static func make(for role: APIKeyRole) -> [UInt8] {
        var secret: [UInt8] =
            switch role {
            case .operator: prefixes[0]
            case .service: prefixes[1]
            case .customer: prefixes[2]
            }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<randomDigits {
            secret.append(digits[Int.random(in: 0..<digits.count, using: &generator)])
        }
        return secret + checkDigits(of: secret.span)
    }

    /// The first characters, to recognise a key by.
    public static func hint(of secret: [UInt8]) -> String {
        let prefix = prefixes.first { secret.starts(with: $0) }?.count ?? 0
        return String(decoding: secret.prefix(prefix + 4), as: UTF8.self)
    }

    /// The SHA-256 of a secret, under which a key is kept.
    public static func hash(of secret: Span<UInt8>) -> [UInt8] {
        SHA256.digest(of: secret)
    }

    /// Throws for a text that is no secret: one of ours with a wrong check, or no visible ASCII.
    public static func check(_ secret: Span<UInt8>) throws(Malformed) {
        guard 1...bytesMax ~= secret.count else { throw Malformed() }
        for index in secret.indices {
            guard case 0x21...0x7E = secret[index] else { throw Malformed() }
        }
        guard starts(secret, with: family) else { return }
        for prefix in prefixes where starts(secret, with: prefix) {
            guard secret.count == prefix.count + randomDigits + checkDigitCount else { break }
            let end = secret.count - checkDigitCount
            let expected = checkDigits(of: secret.extracting(0..<end))
            for index in expected.indices {
                guard expected[index] == secret[end + index] else { throw Malformed() }
            }
            return
        }
        throw Malformed()
    }

    private static func starts(_ secret: Span<UInt8>, with prefix: [UInt8]) -> Bool {
        guard secret.count >= prefix.count else { return false }
        for index in prefix.indices where secret[index] != prefix[index] { return false }
        return true
    }

    private static func checkDigits(of text: Span<UInt8>) -> [UInt8] {
        var left = CRC32.checksum(of: text)
        var check: [UInt8] = []
        for _ in 0..<checkDigitCount {
            check.append(digits[Int(left % 62)])
            left /= 62
        }
        return check.reversed()
    }
}
