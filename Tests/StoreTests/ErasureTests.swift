import Credit
import Ledger
import Store
import TestKit
import Testing

struct ErasureTests {
    /// A segment in which every personal text says so, with events and a charge.
    private func contents() throws -> SegmentContents {
        var contents = SegmentContents(number: 1, time: .epoch)
        var new = NewAccount(id: try Name("acme"), name: "secret-name")
        new.metadata = Array(#"{"mail":"secret-mail"}"#.utf8)
        contents.append(.accountCreated(new, at: .epoch))
        var change = AccountChange()
        change.name = "secret-rename"
        change.metadata = Array(#"{"a":"secret-change"}"#.utf8)
        contents.append(.accountChanged(0, change, at: .epoch))
        let key = NewAPIKey(
            role: .service, name: "secret-key", secretHash: [1, 2], hint: "tally_svc_")
        contents.append(.apiKeyCreated(key, at: .epoch))
        var charge = ChargeEvent.blank
        charge.credits = 5
        charge.action = contents.bytes.appending("chat".utf8.span)
        charge.details.team = contents.bytes.appending("red".utf8.span)
        charge.details.requestID = contents.bytes.appending("secret-request".utf8.span)
        charge.details.metadata = contents.bytes.appending(#"{"u":"secret-user"}"#.utf8.span)
        charge.details.parameters = contents.bytes.appending(#"{"q":"secret-query"}"#.utf8.span)
        contents.append(charge)
        var grant = NewGrant(amount: Credits(micros: 9), source: .topUp)
        grant.memo = Array(#"{"note":"secret-note"}"#.utf8)
        contents.append(
            .granted(
                GrantEvent(
                    head: charge.head, key: nil, grant: grant, effectiveAt: .epoch,
                    expiresAt: .never, repaid: 0, isAdjustment: false)))
        return contents
    }

    private func encoded() throws -> EncodedSegment {
        var encoder = SegmentEncoder()
        return encoder.encode(
            try contents(), previous: SegmentFormat.firstHash, salt: .salt)
    }

    @Test func `what can be personal stands in the details part only`() throws {
        let segment = try encoded()
        let secret = Array("secret-".utf8)
        #expect(segment.details.firstRange(of: secret) != nil)
        #expect(segment.money.firstRange(of: secret) == nil)
        #expect(segment.money.firstRange(of: Array("red".utf8)) != nil)
        #expect(try segment.contents(after: nil).plain == contents().plain)
    }

    @Test func `without its details a segment keeps its hash, its money and its scope`() throws {
        let segment = try encoded()
        let erased = EncodedSegment(
            number: 1, money: segment.money, details: nil, hash: segment.hash)
        #expect(erased.isErased && !segment.isErased)
        let read = try erased.contents(after: SegmentFormat.firstHash)
        #expect(read.charges.first?.credits == 5)
        let team = try #require(read.charges.first?.details.team)
        #expect(Array(read.bytes[team.indices]) == Array("red".utf8))
        #expect(read.charges.first?.details.metadata.isEmpty == true)
        #expect(read.events.count == 4)
        guard case .accountCreated(let new, _) = read.events[0],
            case .granted(let grant) = read.events[3]
        else {
            Issue.record("the events are others")
            return
        }
        #expect(new.id.text == "acme" && new.name.isEmpty && new.metadata.isEmpty)
        #expect(grant.amount.micros == 9 && grant.memo.isEmpty)
    }

    @Test func `details that were changed and not deleted are noticed`() throws {
        let segment = try encoded()
        for index in segment.details.indices {
            var details = segment.details
            details[index] ^= 1
            let changed = EncodedSegment(
                number: 1, money: segment.money, details: details, hash: segment.hash)
            #expect(throws: SegmentError.self) { try changed.contents(after: nil) }
        }
    }
}
