internal import Credit
internal import Ledger

/// What stays of a segment's details when those of some calls are deleted
/// (docs/journal-format.md, docs/adr/0028-retention.md).
public struct KeptDetails: Hashable, Sendable {
    public let body: [UInt8]
    /// The number of the step that left it so; later steps have greater ones.
    public let step: UInt64

    public init(body: [UInt8], step: UInt64) {
        self.body = body
        self.step = step
    }

    /// The first byte.
    static let version: UInt8 = 1
    /// Says of a charge that its details were deleted with all others of the segment.
    static let unknownReason = UInt16.max

    /// What the checksum covers beside the bytes: the segment that they are of.
    static func key(_ segment: UInt64) -> [Int64] { [Int64(bitPattern: segment)] }
}

/// Why the details of a call are not there any more.
public struct DetailsDeletion: Hashable, Sendable {
    /// For how many days its account's plan kept them; nil when somebody deleted all of the segment.
    public let retentionDays: Int?
}

extension SegmentContents {
    /// Why the details of the charge at `place` were deleted; nil when they were not.
    public func deletion(ofCharge place: Int) -> DetailsDeletion? {
        guard place < deletions.count, deletions[place] > 0 else { return nil }
        let days = deletions[place]
        return DetailsDeletion(retentionDays: days == KeptDetails.unknownReason ? nil : Int(days))
    }

    /// How many charges have lost their details.
    public var deletedCount: Int { deletions.count { $0 > 0 } }

    /// Deletes the details of the charge at `place`: all but the counts of results and bytes.
    fileprivate mutating func deleteDetails(ofCharge place: Int, retentionDays: UInt16) {
        deletions[place] = retentionDays
        var kept = CallDetails()
        kept.team = charges[place].details.team
        kept.scenario = charges[place].details.scenario
        kept.run = charges[place].details.run
        kept.status = charges[place].details.status
        kept.results = charges[place].details.results
        kept.bytes = charges[place].details.bytes
        charges[place].details = kept
    }
}

/// A segment of which details are to be deleted.
public struct PrunedSegment: Hashable, Sendable {
    public let number: UInt64
    /// What stays of its details.
    public let kept: [UInt8]
    /// How many calls lose theirs now.
    public let deletedCount: Int

    public init(number: UInt64, kept: [UInt8], deletedCount: Int) {
        self.number = number
        self.kept = kept
        self.deletedCount = deletedCount
    }
}

extension SegmentView {
    /// Which of some accounts' calls have details that are too old.
    struct Overdue {
        /// The places of those charges.
        var charges: [Int] = []
        /// The time of the oldest call of these accounts whose details stay.
        var next: Instant?
        /// The greatest account that called.
        var lastAccount: AccountSlot = 0
    }

    /// The calls of accounts that `includes` names, with details, made before `end`.
    func overdue(before end: Instant, of includes: (AccountSlot) -> Bool) -> Overdue {
        var found = Overdue()
        for charge in 0..<header.chargeCount {
            let account = AccountSlot(truncatingIfNeeded: word(.account, charge))
            found.lastAccount = max(found.lastAccount, account)
            guard includes(account), deletion(ofCharge: charge) == 0 else { continue }
            let made = time(ofCharge: charge)
            if made < end {
                found.charges.append(charge)
            } else {
                found.next = min(found.next ?? .never, made)
            }
        }
        return found
    }

    /// When the first call was made by ledger time; nil when there is none.
    var oldestCall: Instant? { (0..<header.chargeCount).map(time(ofCharge:)).min() }

    private func time(ofCharge charge: Int) -> Instant {
        Instant(micros: header.time.micros &+ ZigZag.decode(word(.time, charge)))
    }

    /// The segment without the details of some charges, which a plan kept for so many days.
    func pruned(
        _ charges: [Int], retentionDays: UInt16, with encoder: inout SegmentEncoder
    ) throws(SegmentError) -> PrunedSegment {
        var contents = try contents()
        if contents.deletions.isEmpty {
            contents.deletions = Array(repeating: 0, count: contents.charges.count)
        }
        for place in charges {
            contents.deleteDetails(ofCharge: place, retentionDays: retentionDays)
        }
        return PrunedSegment(
            number: contents.number, kept: encoder.encodeKept(contents),
            deletedCount: charges.count)
    }

    /// The indices of the events whose details were deleted.
    public var deletedIndices: Set<UInt32> {
        guard segment.isErased else { return [] }
        var found: Set<UInt32> = []
        var charge = 0
        for index in 0..<count where order.isEmpty || order[index] {
            if deletion(ofCharge: charge) > 0 { found.insert(UInt32(truncatingIfNeeded: index)) }
            charge += 1
        }
        return found
    }
}
