import Credit
import Digest
import Fuzzing
import Ledger

@testable import Store

/// The bytes of a segment: whatever they are, they are read or refused; and what can be read is
/// written and read again as the same.
///
/// The first byte of an input says how the rest becomes a segment (``StoredParts``).
@c(LLVMFuzzerTestOneInput)
public func fuzzSegment(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe [UInt8](start: start, count: count)
    guard let parts = StoredParts(input) else { return 0 }
    let header = try? parts.segment(number: 0).header()
    let segment = parts.segment(number: header?.number ?? 0)
    // Shares need no bytes each, so that a few bytes may claim many.
    if let header, header.shareCount > 1 << 16 { return 0 }
    let keys = try? segment.keys()
    guard let contents = try? segment.contents(after: nil) else { return 0 }
    guard let header, let keys else { fail("the events of a segment without header or keys") }
    check(keys, contents)
    check(contents, header)
    if parts.isReal { check(contents, segment, header) }
    return 0
}

/// The keys that are read alone are those of the events.
private func check(_ keys: SegmentKeys, _ contents: SegmentContents) {
    var expected: [PlainKey] = []
    contents.visit { position, item in
        switch item {
        case .charge(let index):
            let charge = contents.charges[index]
            let bytes = Array(contents.bytes[charge.idempotence.key.indices])
            guard !bytes.isEmpty else { return }
            expected.append(PlainKey(charge.head.account, bytes, position))
        case .event(let index):
            guard let (account, key) = contents.events[index].key, !key.bytes.isEmpty else {
                return
            }
            expected.append(PlainKey(account, key.bytes, position))
        }
    }
    let found = keys.entries.map {
        PlainKey($0.account, Array(keys.bytes[$0.key.indices]), $0.position)
    }
    expect(found, equals: expected, "the keys alone")
}

/// What was read is written, and what was written reads as the same.
private func check(_ contents: SegmentContents, _ header: EncodedSegment.Header) {
    var encoder = SegmentEncoder()
    let salt = [UInt8](repeating: 7, count: SegmentFormat.saltBytes)
    let written = encoder.encode(contents, previous: header.previous, salt: salt)
    // The column of parameters is made for canonical JSON, which is all that is ever recorded.
    guard contents.hasCanonicalParameters else { return }
    guard let again = try? written.contents(after: header.previous) else {
        fail("what was written cannot be read")
    }
    expect(again.number, equals: contents.number, "the number")
    expect(again.time, equals: contents.time, "the time")
    expect(again.plain, equals: contents.plain, "the events")
    expect(again.uses, equals: contents.uses, "the uses of budgets")
    let rewritten = encoder.encode(again, previous: header.previous, salt: salt)
    expect(rewritten, equals: written, "the bytes of the same events")
}

/// Nothing of what an engine wrote is lost: written again it is the same, byte for byte.
private func check(
    _ contents: SegmentContents, _ segment: EncodedSegment, _ header: EncodedSegment.Header
) {
    var encoder = SegmentEncoder()
    let salt = Array(segment.details[..<SegmentFormat.saltBytes])
    let written = encoder.encode(contents, previous: header.previous, salt: salt)
    expect(written, equals: segment, "a real segment written again")
}

struct PlainKey: Equatable {
    let account: AccountSlot
    let bytes: [UInt8]
    let position: Position

    init(_ account: AccountSlot, _ bytes: [UInt8], _ position: Position) {
        self.account = account
        self.bytes = bytes
        self.position = position
    }
}
