/// Sizes at which storage does something that is rare.
///
/// A server uses the usual ones; the simulator makes them small, so that what is rare happens often.
public struct StoreTuning: Hashable, Sendable {
    /// The journal's log is copied into its file after this many pages of 4096 bytes.
    public var logPagesMax = 256
    /// How much memory the filters of all runs of keys may take; further runs are searched without.
    public var filterBytesMax = 256 << 20
    /// So many runs of keys, or of usage, of about one size are merged into one.
    public var mergedRuns = 4
    /// Runs of more keys are not merged any more.
    public var mergedKeysMax = 64 << 20
    /// How many keys a step of a merge writes, and how many pages of what was merged, keys or usage, another
    /// one removes.
    public var mergeStepKeys = 1 << 18
    public var mergeStepPages = 4096
    /// How many cells of usage a page has, and a few more where many begin together.
    public var usagePageCells = 512
    /// How many cells of usage a step of a merge writes, and a few more.
    public var mergeStepCells = 1 << 16
    /// How many keys a page is tried with first.
    public var pageKeysUsual = 400
    /// So many entries are archived at a time, as a run.
    public var archivedRunEntries = 1 << 18
    /// A start archives entries before it goes on while more than so many are not.
    public var unarchivedMax = 4 << 20
    /// So many entries a chunk of the archive has, at most `ArchiveChunk.entriesMax`.
    public var archivedChunkEntries = 4096
    /// So many runs of the archive of about one size are merged into one.
    public var mergedArchives = 16
    /// How many chunks a step of a merge writes, and how many of what was merged another one removes.
    public var mergeStepChunks = 64
    /// Runs of more entries are not merged any more.
    public var mergedArchiveEntriesMax = 1 << 20
    /// After so many events read back from the journal what is derived from them goes to disk.
    public var interimEvents = 2_000_000

    public init() {}
}
