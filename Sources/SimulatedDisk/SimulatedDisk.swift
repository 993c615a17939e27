internal import TestKit

/// A disk in memory that fails and loses power as a seed says.
///
/// Files have what reads give and what a loss of power leaves; so has the folder's list of names.
/// Every operation is a boundary at which the process can die. One thread uses it.
public final class SimulatedDisk {
    /// How an operation ended.
    enum Result {
        case done
        case failed
        case full
    }

    /// How a process ended.
    public enum Ending: Sendable {
        /// What it wrote is still in the system's cache.
        case killed
        case powerLost
    }

    private enum NameChange {
        case make(String, SimulatedFile)
        case rename(String, to: String)
        case remove(String)
    }

    /// How often what goes wrong.
    public var plan = FaultPlan.none
    public private(set) var counts = FaultCounts()
    /// True once the process has died; nothing works until ``restart(after:)``.
    public private(set) var isDown = false
    /// How many operations there have been.
    public private(set) var operations = 0
    private var operationsLeft: Int?
    private var names: [String: SimulatedFile] = [:]
    private var durableNames: [String: SimulatedFile] = [:]
    private var unsyncedNames: [NameChange] = []
    private var random: SeededRandom

    /// An empty disk.
    public init(seed: UInt64) {
        random = SeededRandom(seed: seed)
    }

    /// Lets the process die at one of the coming operations; nil takes that back.
    public func crash(afterOperations count: Int?) {
        operationsLeft = count
    }

    /// Ends the process: nothing works until ``restart(after:)``.
    public func die() {
        isDown = true
    }

    /// Starts again after the process died or was ended; nobody may hold files of this disk.
    public func restart(after ending: Ending) {
        counts.crashes += 1
        isDown = false
        operationsLeft = nil
        switch ending {
        case .killed: break
        case .powerLost: losePower()
        }
        for name in names.keys.sorted() {
            names[name]?.memory = nil
            names[name]?.handles = []
        }
    }

    private func losePower() {
        let kept = random.below(unsyncedNames.count + 1)
        for change in unsyncedNames[..<kept] { Self.apply(change, to: &durableNames) }
        counts.namesLost += unsyncedNames.count - kept
        unsyncedNames = []
        names = durableNames
        for name in names.keys.sorted() {
            names[name]?.losePower(using: &random, counts: &counts)
        }
    }

    /// Counts an operation; true when the process dies at it.
    private func dies() -> Bool {
        operations += 1
        guard let left = operationsLeft else { return false }
        operationsLeft = left - 1
        if left <= 0 { isDown = true }
        return isDown
    }

    private func happens(_ rate: Int, to name: String) -> Bool {
        guard rate > 0, plan.target.isEmpty || name.contains(plan.target),
            plan.ending.isEmpty || name.hasSuffix(plan.ending)
        else { return false }
        return random.below(10_000) < rate
    }
}

extension SimulatedDisk {
    func read(_ file: SimulatedFile) -> Result {
        guard !isDown else { return .failed }
        guard !happens(plan.readErrors, to: file.name) else {
            counts.readErrors += 1
            return .failed
        }
        return .done
    }

    func write(_ bytes: [UInt8], at offset: Int, to file: SimulatedFile) -> Result {
        guard !isDown else { return .failed }
        if dies() {
            writePart(of: bytes, at: offset, to: file)
            return .failed
        }
        if happens(plan.writeErrors, to: file.name) {
            counts.writeErrors += 1
            writePart(of: bytes, at: offset, to: file)
            return .failed
        }
        if happens(plan.fullDisks, to: file.name) {
            counts.fullDisks += 1
            writePart(of: bytes, at: offset, to: file)
            return .full
        }
        file.write(bytes, at: offset)
        return .done
    }

    private func writePart(of bytes: [UInt8], at offset: Int, to file: SimulatedFile) {
        file.write([UInt8](bytes.prefix(random.below(bytes.count + 1))), at: offset)
    }

    func resize(_ file: SimulatedFile, to size: Int) -> Result {
        guard !isDown else { return .failed }
        let diesNow = dies()
        if !diesNow || random.chance(50) { file.resize(to: size) }
        return diesNow ? .failed : .done
    }

    func sync(_ file: SimulatedFile) -> Result {
        guard !isDown else { return .failed }
        if dies() {
            if random.chance(50) { file.sync() }
            return .failed
        }
        if happens(plan.syncErrorsKept, to: file.name) {
            counts.syncErrorsKept += 1
            file.sync()
            return .failed
        }
        if happens(plan.syncErrorsDropped, to: file.name) {
            counts.syncErrorsDropped += 1
            file.dropUnsynced()
            return .failed
        }
        file.sync()
        return .done
    }
}

extension SimulatedDisk {
    /// What all files hold, while no process runs.
    public struct Copies: Sendable {
        fileprivate let contents: [String: [UInt8]]
    }

    public var copies: Copies { Copies(contents: names.mapValues(\.content)) }

    /// Gives files their old contents back, while no process runs.
    public func restore(_ copies: Copies) {
        isDown = false
        operationsLeft = nil
        names = [:]
        for (name, content) in copies.contents {
            let file = SimulatedFile(name: name)
            file.write(content, at: 0)
            file.sync()
            names[name] = file
        }
        durableNames = names
        unsyncedNames = []
    }

    /// Changes bytes of a file at rest; false when it has none.
    public func damage(_ name: String) -> Bool {
        guard let file = names[name], !file.content.isEmpty else { return false }
        let damage = random.pick(FileDamage.allCases)
        file.damage(damage, using: &random)
        counts.damages[damage, default: 0] += 1
        return true
    }

    func file(_ name: String) -> SimulatedFile? { names[name] }

    /// Makes an empty file; nil when that fails.
    func make(_ name: String) -> SimulatedFile? {
        let file = SimulatedFile(name: name)
        return change(.make(name, file)) == .done ? file : nil
    }

    func rename(_ name: String, to other: String) -> Result { change(.rename(name, to: other)) }

    func remove(_ name: String) -> Result { change(.remove(name)) }

    private func change(_ change: NameChange) -> Result {
        guard !isDown else { return .failed }
        let diesNow = dies()
        if !diesNow || random.chance(50) {
            Self.apply(change, to: &names)
            unsyncedNames.append(change)
        }
        return diesNow ? .failed : .done
    }

    private static func apply(_ change: NameChange, to names: inout [String: SimulatedFile]) {
        switch change {
        case .make(let name, let file): names[name] = file
        case .rename(let name, let other): names[other] = names.removeValue(forKey: name)
        case .remove(let name): names[name] = nil
        }
    }

    /// Makes the names durable.
    func syncNames() -> Result {
        guard !isDown, !dies() else { return .failed }
        if happens(plan.syncErrorsKept, to: "") {
            counts.syncErrorsKept += 1
            return .failed
        }
        for change in unsyncedNames { Self.apply(change, to: &durableNames) }
        unsyncedNames = []
        return .done
    }
}

@available(*, unavailable)
extension SimulatedDisk: Sendable {}
