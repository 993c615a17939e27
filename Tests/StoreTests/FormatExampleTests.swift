import Credit
import FoundationEssentials
import Ledger
import Store
import Testing

/// Proves the worked example of docs/journal-format.md byte by byte.
struct FormatExampleTests {
    private static let time = Instant(micros: 1_795_253_400_000_000)

    private static func contents() -> SegmentContents {
        var contents = SegmentContents(number: 2, time: time)
        contents.shares = [
            LotShare(grant: Position(segment: 1, index: 1), source: .promo, micros: 1_000_000),
            LotShare(grant: Position(segment: 1, index: 2), source: .topUp, micros: 1_500_000),
        ]
        var charge = ChargeEvent.blank
        charge.head = EntryHead(
            account: 0, sequence: 3, time: Instant(micros: time.micros + 1),
            balance: Balance(
                available: Credits(micros: 7_500_000), held: Credits(micros: 2_500_000),
                negative: .zero))
        charge.credits = 2_500_000
        charge.sharesCount = 2
        charge.price = PriceReference(version: 1, rule: 0)
        charge.key = 0
        charge.units = 100
        charge.action = contents.bytes.appending("chat".utf8.span)
        charge.idempotence = Idempotence(
            key: contents.bytes.appending("k-1".utf8.span),
            fingerprint: 0x0F0E_0D0C_0B0A_0908_0706_0504_0302_0100)
        charge.details.status = CallStatus(rawValue: 200)
        charge.details.team = contents.bytes.appending("blue".utf8.span)
        charge.details.parameters = contents.bytes.appending(#"{"tokens":100}"#.utf8.span)
        charge.details.results = OptionalCount(100)
        charge.details.occurredAt = Instant(micros: time.micros - 249_999)
        let terms = HoldTerms(
            expiresAt: Instant(micros: time.micros + 900_000_001), onExpiry: .captureMinimum,
            minimum: 500_000)
        contents.append(charge, .placed(terms))
        contents.append(.accountSuspended(0, at: time))
        return contents
    }

    private static func encoded() -> EncodedSegment {
        var encoder = SegmentEncoder()
        return encoder.encode(
            contents(), previous: [UInt8](repeating: 0xAA, count: 32),
            salt: [UInt8](repeating: 0x5A, count: SegmentFormat.saltBytes))
    }

    /// The bytes of the block fenced as `name`: what stands before a `;` on each line.
    private static func block(_ name: String) throws -> [UInt8] {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(
            contentsOf: root.appending(path: "docs/journal-format.md"), encoding: .utf8)
        let start = try #require(text.firstRange(of: "```\(name)\n")).upperBound
        let end = try #require(text[start...].firstRange(of: "```")).lowerBound
        return text[start..<end].split(separator: "\n").flatMap { line in
            line.prefix { $0 != ";" }.split(separator: " ").compactMap { UInt8($0, radix: 16) }
        }
    }

    @Test func `the documented money part is what is written`() throws {
        #expect(try Self.block("money") == Self.encoded().money)
    }

    @Test func `the documented details part is what is written`() throws {
        #expect(try Self.block("details") == Self.encoded().details)
    }

    @Test func `the documented hash is that of the money part`() throws {
        #expect(try Self.block("hash") == Self.encoded().hash)
    }

    @Test func `the example reads back`() throws {
        let read = try Self.encoded().contents(after: nil)
        #expect(read.plain == Self.contents().plain)
    }
}
