internal import Digest

/// Where a stored segment is not what was written, as exactly as can be told.
public struct SegmentDamage: Hashable, Sendable {
    /// A column of the journal's table.
    public enum Part: String, Sendable {
        case money, details, hash
        /// What stays of deleted details, in a table of its own.
        case kept
    }

    public let part: Part
    /// The first wrong byte of the part; nil when only the part as a whole is known to be wrong.
    public let byte: Int?
    public let reason: String

    /// "money byte 12: one bit is flipped".
    public var text: String {
        guard let byte else { return "\(part.rawValue): \(reason)" }
        return "\(part.rawValue) byte \(byte): \(reason)"
    }
}

extension EncodedSegment {
    /// What is wrong with the segment, which must follow one with the hash `previous`; nil when
    /// nothing is.
    ///
    /// A single flipped bit is found by the checksum and proven by the hash. Of other damage the
    /// byte is the first that cannot be what was written, as far as reading on shows.
    public func damage(after previous: [UInt8]) -> SegmentDamage? {
        do throws(SegmentError) {
            _ = try contents(after: previous)
            return nil
        } catch {
            switch error {
            case .hashDiffers:
                let right = SHA256.digest(of: money.span)
                return SegmentDamage(
                    part: .hash, byte: Self.firstDifference(hash, right),
                    reason: "it is not the hash of the money part, whose checksum is right")
            case .brokenChain: return brokenChain(previous)
            case .wrongNumber(let number):
                return SegmentDamage(
                    part: .money, byte: SegmentFormat.numberOffset,
                    reason: "it was written as segment \(number)")
            case .unknownVersion where kept != nil && (try? header()) != nil:
                return unreadable(error)
            case .unknownVersion(let version):
                return SegmentDamage(
                    part: .money, byte: SegmentFormat.magic.count,
                    reason: Self.describe(version: version))
            case .detailsDiffer:
                return flip(in: details, of: .details) { repaired in
                    (try? header())?.detailsHash == SHA256.digest(of: repaired.span)
                }
                    ?? SegmentDamage(
                        part: .details, byte: nil,
                        reason: "it is not what the money part's hash covers")
            case .badChecksum, .malformed: return unreadable(error)
            }
        }
    }

    private static func describe(version: UInt16) -> String {
        guard version > SegmentFormat.version else {
            return "it is a draft from before the release"
        }
        return "it is in format version \(version), and this program knows versions "
            + "\(SegmentFormat.plainVersion) to \(SegmentFormat.version): it takes a newer one"
    }

    private func brokenChain(_ previous: [UInt8]) -> SegmentDamage {
        let start = SegmentFormat.previousHashOffset
        let named = Array(money[start..<start + SHA256.byteCount])
        return SegmentDamage(
            part: .money, byte: start + (Self.firstDifference(named, previous) ?? 0),
            reason: "it names another segment before it: one was changed, removed or moved")
    }

    private func unreadable(_ error: SegmentError) -> SegmentDamage {
        let isMoneyRead = (try? withoutDetails.contents(after: nil)) != nil
        if kept != nil, isMoneyRead {
            return SegmentDamage(
                part: .kept, byte: nil, reason: "what is kept of its details cannot be read")
        }
        if let flip = flip(in: money, of: .money, isRight: { SHA256.digest(of: $0.span) == hash }) {
            return flip
        }
        if case .malformed(let byte) = error {
            return SegmentDamage(part: .money, byte: byte, reason: "it cannot be read")
        }
        return SegmentDamage(
            part: .money, byte: nil, reason: "its checksum is wrong (\(money.count) bytes)")
    }

    /// The one flipped bit that explains a part, if the part is right without it.
    private func flip(
        in part: [UInt8], of name: SegmentDamage.Part, isRight: ([UInt8]) -> Bool
    ) -> SegmentDamage? {
        guard part.count >= 4 else { return nil }
        let body = part.count - 4
        var stored: UInt32 = 0
        for byte in part[body...].reversed() { stored = stored << 8 | UInt32(byte) }
        guard
            let bit = CRC32.flippedBit(in: part.span.extracting(0..<body), stored: stored)
        else { return nil }
        var repaired = part
        repaired[bit.byte] ^= 1 << UInt8(bit.bit)
        guard isRight(repaired) else { return nil }
        return SegmentDamage(
            part: name, byte: bit.byte,
            reason: "bit \(bit.bit) is flipped; without that it is what was written")
    }

    /// The segment as if all details had been deleted.
    private var withoutDetails: EncodedSegment {
        EncodedSegment(number: number, money: money, details: nil, hash: hash)
    }

    private static func firstDifference(_ left: [UInt8], _ right: [UInt8]) -> Int? {
        zip(left, right).enumerated().first { $0.element.0 != $0.element.1 }?.offset
            ?? (left.count == right.count ? nil : min(left.count, right.count))
    }
}
