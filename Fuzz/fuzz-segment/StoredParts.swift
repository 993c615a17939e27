import Digest
import Store
import TestKit

/// The parts of a segment as an input describes them.
///
/// | first byte | the rest |
/// |:-----------|:---------|
/// | `r`        | two bytes of length, the money part, the details part: nothing is set right |
/// | `f`        | the same, without magic and number, salt, checksums and hashes, which are added |
/// | other      | which real segment, and edits to it (``Edit``); checksums and hashes are set right |
struct StoredParts {
    /// True for a segment as an engine wrote it.
    private(set) var isReal = false
    private let money: [UInt8]
    private let details: [UInt8]?
    private let hash: [UInt8]

    private static let headBytes = SegmentFormat.magic.count + 2 + 8 + 8
    private static let detailsHash = headBytes + SHA256.byteCount

    init?(_ input: [UInt8]) {
        guard input.count >= 3 else { return nil }
        let rest = Array(input[3...])
        let length = min(rest.count, Int(input[1]) << 8 | Int(input[2]))
        switch input[0] {
        case UInt8(ascii: "r"):
            self.init(asTheyAre: Array(rest[..<length]), Array(rest[length...]))
        case UInt8(ascii: "f"):
            let (number, time): ([UInt8], [UInt8]) = ([9, 0, 0, 0, 0, 0, 0, 0], .epochTime)
            let head =
                SegmentFormat.magic + [0, 0] + number + time + SegmentFormat.firstHash
                + SegmentFormat.firstHash
            let salt = [UInt8](repeating: 0, count: SegmentFormat.saltBytes)
            self.init(money: head + rest[..<length], details: salt + rest[length...])
        default:
            var (money, details) = RealSegments.parts(at: Int(input[1]))
            let isErased = input[2] & 1 == 1
            for start in stride(from: 0, to: rest.count - Edit.byteCount + 1, by: Edit.byteCount) {
                let edit = Edit(rest[start..<start + Edit.byteCount])
                if edit.isOfDetails { edit.change(&details) } else { edit.change(&money) }
            }
            self.init(money: money, details: isErased ? nil : details)
            isReal = !isErased && rest.count < Edit.byteCount
        }
    }

    private init(asTheyAre money: [UInt8], _ details: [UInt8]) {
        self.money = money
        self.details = details.isEmpty ? nil : details
        hash = SHA256.digest(of: money.span)
    }

    /// Adds what makes the parts ones that belong together.
    private init(money: [UInt8], details: [UInt8]?) {
        var money = money
        self.details = details?.withChecksum
        if let details = self.details, money.count >= Self.detailsHash + SHA256.byteCount {
            let place = Self.detailsHash..<Self.detailsHash + SHA256.byteCount
            money.replaceSubrange(place, with: SHA256.digest(of: details.span))
        }
        money = money.withChecksum
        hash = SHA256.digest(of: money.span)
        self.money = money
    }

    func segment(number: UInt64) -> EncodedSegment {
        EncodedSegment(number: number, money: money, details: details, hash: hash)
    }
}

/// A change of some bytes: which and where (two bytes each), and a byte.
private struct Edit {
    static let byteCount = 4

    private let kind: UInt8
    private let place: Int
    private let value: UInt8

    init(_ bytes: ArraySlice<UInt8>) {
        let bytes = Array(bytes)
        kind = bytes[0]
        place = Int(bytes[1]) << 8 | Int(bytes[2])
        value = bytes[3]
    }

    var isOfDetails: Bool { kind & 0x80 != 0 }

    func change(_ part: inout [UInt8]) {
        guard !part.isEmpty else { return part.append(value) }
        let place = place % part.count
        switch kind & 3 {
        case 0: part[place] = value
        case 1: part.insert(value, at: place)
        case 2: part.removeSubrange(place..<min(part.count, place + 1 + Int(value & 15)))
        default: part[place] &+= value
        }
    }
}

/// Segments that an engine wrote, without their checksums.
private enum RealSegments {
    private static let seeds = UInt64(1)...12

    private static let all: [(money: [UInt8], details: [UInt8])] = seeds.flatMap { seed in
        guard var builder = try? JournalBuilder(seed: seed) else { return [EncodedSegment]() }
        try? builder.grow(by: 12)
        return builder.segments
    }.map { (Array($0.money.dropLast(4)), Array($0.details.dropLast(4))) }

    static func parts(at index: Int) -> (money: [UInt8], details: [UInt8]) {
        all[index % all.count]
    }
}

extension [UInt8] {
    fileprivate static let epochTime = [UInt8](repeating: 0, count: 8)

    fileprivate var withChecksum: [UInt8] {
        let sum = CRC32.checksum(of: span)
        return self + (0..<4).map { UInt8(truncatingIfNeeded: sum >> UInt32($0 * 8)) }
    }
}
