internal import Credit
public import Store

/// A segment on its way to the journal, with the batches that wait for it.
public struct PendingSegment: Sendable {
    /// What was decided; nothing when there is only order to keep.
    public let contents: SegmentContents
    /// Whoever is answered once it is durable.
    public internal(set) var batches: [CommandBatch]
    /// The stored form, once it has been committed; nil when nothing is stored.
    public private(set) var encoded: EncodedSegment?
    /// True when it was encoded before the commit.
    private(set) var isEncodedEarly = false
    private var unchained: UnchainedSegment?
    private let salt: [UInt8]

    init(_ contents: SegmentContents, salt: [UInt8], batches: [CommandBatch]) {
        self.contents = contents
        self.salt = salt
        self.batches = batches
    }

    /// No segment, for which nobody waits.
    static let nothing = PendingSegment(
        SegmentContents(number: 0, time: .epoch), salt: [], batches: [])

    /// Encodes it ahead of the commit, which otherwise does.
    public mutating func encode(with encoder: inout SegmentEncoder) {
        guard !contents.isEmpty, unchained == nil else { return }
        unchained = encoder.encode(contents, salt: salt)
        isEncodedEarly = true
    }

    /// The stored form, chained to the segment with the hash `previous`; encodes it if nobody has.
    mutating func chain(
        after previous: [UInt8], with encoder: inout SegmentEncoder
    ) -> EncodedSegment? {
        guard !contents.isEmpty else { return nil }
        let form = unchained.take() ?? encoder.encode(contents, salt: salt)
        let chained = form.chained(after: previous)
        encoded = chained
        return chained
    }

    /// Gives up the stored form, for the memory that it holds.
    mutating func takeEncoded() -> EncodedSegment? { encoded.take() }
}
