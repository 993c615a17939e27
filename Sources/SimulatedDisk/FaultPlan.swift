/// How often a simulated disk misbehaves, in cases of 10 000 operations.
public struct FaultPlan: Hashable, Sendable {
    public var readErrors = 0
    public var writeErrors = 0
    public var fullDisks = 0
    /// A sync fails though what was to be synced is on disk.
    public var syncErrorsKept = 0
    /// A sync fails and what was to be synced never reaches the disk, though it reads back until
    /// power is lost (as Linux does after a failed write-back).
    public var syncErrorsDropped = 0
    /// Only files whose name holds this text misbehave; all do when it is empty.
    public var target = ""
    /// How the names of the files end that these faults strike.
    public var ending = ""

    public init() {}

    /// A disk that does as it is told.
    public static let none = Self()
}

/// What happens to the bytes of a file at rest: one bit, or a sector.
public enum FileDamage: CaseIterable, Sendable {
    case bit, zeros, swap, misdirection, cut
}

/// What a simulated disk has done to its users.
public struct FaultCounts: Hashable, Sendable {
    public var readErrors = 0
    public var writeErrors = 0
    public var fullDisks = 0
    public var syncErrorsKept = 0
    public var syncErrorsDropped = 0
    public var crashes = 0
    /// Sectors written but not on disk when power was lost.
    public var sectorsLost = 0
    /// Unsynced sectors that were on disk when power was lost.
    public var sectorsKept = 0
    /// Names made, changed or removed but not on disk when power was lost.
    public var namesLost = 0
    /// Changes of files at rest.
    public var damages: [FileDamage: Int] = [:]

    public init() {}

    /// Each count with its name, for a report.
    public var named: [(name: String, count: Int)] {
        [
            ("read_errors", readErrors), ("write_errors", writeErrors),
            ("full_disks", fullDisks), ("sync_errors_kept", syncErrorsKept),
            ("sync_errors_dropped", syncErrorsDropped), ("crashes", crashes),
            ("sectors_lost", sectorsLost), ("sectors_kept", sectorsKept),
            ("names_lost", namesLost),
        ] + FileDamage.allCases.map { ("damage_\($0)", damages[$0] ?? 0) }
    }

    /// Adds the counts of another disk.
    public mutating func add(_ other: Self) {
        readErrors += other.readErrors
        writeErrors += other.writeErrors
        fullDisks += other.fullDisks
        syncErrorsKept += other.syncErrorsKept
        syncErrorsDropped += other.syncErrorsDropped
        crashes += other.crashes
        sectorsLost += other.sectorsLost
        sectorsKept += other.sectorsKept
        namesLost += other.namesLost
        damages.merge(other.damages, uniquingKeysWith: +)
    }
}
