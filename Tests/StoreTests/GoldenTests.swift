import Credit
import FoundationEssentials
import Ledger
import TestKit
import Testing

@testable import Store

/// Segments as each version of the format wrote them when it was frozen: these files are never written
/// again, and every later program reads them as this one does.
struct GoldenTests {
    private static func lines(_ name: String) throws -> [String] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Golden/\(name)")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// The segments of a file: number, money, details and hash a line, in base 64.
    private static func segments(_ name: String) throws -> [EncodedSegment] {
        try lines(name).map { line in
            let fields = line.split(separator: " ").map(String.init)
            let parts = try fields.dropFirst().map { field in
                [UInt8](try #require(Data(base64Encoded: field)))
            }
            return EncodedSegment(
                number: try #require(UInt64(fields[0])), money: parts[0], details: parts[1],
                hash: parts[2])
        }
    }

    @Test(arguments: [
        "journal-1.txt", "samples-1.txt", "uses-2.txt", "scenarios-3.txt", "numbered-4.txt",
    ])
    func `what was written reads, and is written again byte for byte`(name: String) throws {
        var previous = SegmentFormat.firstHash
        var encoder = SegmentEncoder()
        let segments = try Self.segments(name)
        #expect(segments.count >= 6)
        for segment in segments {
            let contents = try segment.contents(after: previous)
            let salt = Array(segment.details.prefix(SegmentFormat.saltBytes))
            let again = encoder.encode(contents, previous: previous, salt: salt)
            #expect(again.money == segment.money)
            #expect(name.hasSuffix("-\(segment.money[4]).txt"))
            #expect(contents.uses.isEmpty == (segment.money[4] == 1) || segment.money[4] >= 3)
            #expect(again.details == segment.details)
            #expect(again.hash == segment.hash)
            previous = segment.hash
        }
    }

    /// What stays of the golden samples when every third charge loses its details, a line a segment:
    /// number and kept details.
    @Test func `what was kept of details reads, and is kept again byte for byte`() throws {
        var encoder = SegmentEncoder()
        for (segment, line) in zip(
            try Self.segments("samples-1.txt"), try Self.lines("kept-1.txt"))
        {
            let fields = line.split(separator: " ").map(String.init)
            let kept = [UInt8](try #require(Data(base64Encoded: fields[1])))
            #expect(UInt64(fields[0]) == segment.number)
            let view = try SegmentView(segment)
            let charges = try segment.contents(after: nil).charges.count
            let places = Array(stride(from: 1, to: charges, by: 3))
            #expect(try view.pruned(places, retentionDays: 30, with: &encoder).kept == kept)
            let read = try EncodedSegment(
                number: segment.number, money: segment.money, details: nil, hash: segment.hash,
                kept: KeptDetails(body: kept, step: 1)
            ).contents(after: nil)
            for place in 0..<charges {
                let days = read.deletion(ofCharge: place)?.retentionDays
                #expect(days == (place % 3 == 1 ? 30 : nil))
            }
        }
    }

    @Test func `every kind of event is among them`() throws {
        var kinds: Set<String> = []
        var roles: Set<String> = []
        for name in ["journal-1.txt", "samples-1.txt", "scenarios-3.txt"] {
            for segment in try Self.segments(name) {
                let contents = try segment.contents(after: nil)
                for event in contents.events {
                    kinds.insert(String("\(event)".prefix { $0 != "(" }))
                }
                for charge in contents.charges {
                    switch contents.role(of: charge) {
                    case nil: roles.insert("charge")
                    case .placed: roles.insert("hold")
                    case .captured: roles.insert("capture")
                    }
                }
            }
        }
        #expect(kinds.count == 23)
        #expect(roles.count == 3)
    }

    @Test func `folded, the journal gives the balances of then`() throws {
        var ledger = Ledger(seed: 3)
        for segment in try Self.segments("journal-1.txt") {
            ledger.apply(try segment.contents(after: nil))
        }
        let balances = (0..<ledger.accountCount).map { Balances(of: AccountSlot($0), in: ledger) }
        #expect(balances == (try Self.lines("balances-1.txt").map(Balances.init)))
    }

    /// An account: its figures, its lots with theirs, and what those were together that have ended since
    /// these lines were written and are forgotten.
    private struct Balances: Equatable {
        let figures: [String]
        var lots: [String: [Int64]]

        /// A line of then: the id, every figure of the record, and every lot.
        init(_ line: String) {
            let words = line.split(separator: " ").map(String.init)
            figures = Array(words.prefix(10))
            lots = [:]
            for word in words.dropFirst(10) {
                let parts = word.split(separator: ":").map(String.init)
                lots[parts[0]] = parts[1].split(separator: ",").compactMap { Int64($0) }
            }
        }

        init(of slot: AccountSlot, in ledger: Ledger) {
            let record = ledger.record(slot)
            let values: [any CustomStringConvertible] = [
                ledger.catalogue.accounts[Int(slot)].id.text, record.available, record.held,
                record.debt, record.sequence, record.charged, record.uncollected,
                record.refunded, record.granted, record.lastTime.micros,
            ]
            figures = values.map(\.description)
            lots = Dictionary(
                uniqueKeysWithValues: ledger.lots(of: slot).map {
                    ("\($0.position.segment)/\($0.position.index)", $0.amounts)
                })
        }

        static func == (now: Self, then: Self) -> Bool {
            guard now.figures == then.figures else { return false }
            let forgotten = then.lots.keys.filter { now.lots[$0] == nil }
            var kept = now.lots
            let ended = kept.removeValue(forKey: "0/0") ?? [0, 0, 0, 0, 0, 0]
            let sum = (0..<6).map { column in
                forgotten.reduce(Int64(0)) { $0 + (then.lots[$1]?[column] ?? 0) }
            }
            return sum == ended && kept.allSatisfy { then.lots[$0.key] == $0.value }
        }
    }
}
