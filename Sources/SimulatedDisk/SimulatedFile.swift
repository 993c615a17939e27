internal import TestKit

/// One file: what reads give now, and what would be left if power were lost.
final class SimulatedFile {
    /// What is written to a file at once, at the least.
    static let sectorBytes = 512

    private enum Change {
        case write(at: Int, [UInt8])
        case resize(Int)
    }

    /// How much of what was not synced is on disk after a loss of power.
    enum Survival: CaseIterable {
        case nothing, everything, aPrefix, anySectors
    }

    /// The name under which it was made.
    let name: String
    private(set) var content: [UInt8] = []
    private var durable: [UInt8] = []
    private var unsynced: [Change] = []
    var memory: SharedMemory?
    var handles: [SimulatedHandle] = []

    init(name: String) {
        self.name = name
    }

    func write(_ bytes: [UInt8], at offset: Int) {
        guard !bytes.isEmpty else { return }
        apply(.write(at: offset, bytes))
    }

    func resize(to size: Int) {
        apply(.resize(size))
    }

    private func apply(_ change: Change) {
        Self.apply(change, to: &content)
        unsynced.append(change)
    }

    private static func apply(_ change: Change, to bytes: inout [UInt8]) {
        switch change {
        case .write(let offset, let new):
            if bytes.count < offset {
                bytes += [UInt8](repeating: 0, count: offset - bytes.count)
            }
            bytes.replaceSubrange(offset..<min(offset + new.count, bytes.count), with: new)
        case .resize(let size):
            if size < bytes.count {
                bytes.removeLast(bytes.count - size)
            } else {
                bytes += [UInt8](repeating: 0, count: size - bytes.count)
            }
        }
    }

    /// Makes what was written durable.
    func sync() {
        for change in unsynced { Self.apply(change, to: &durable) }
        unsynced = []
    }

    /// Forgets that anything was to be written: it reads back but never reaches the disk.
    func dropUnsynced() {
        unsynced = []
    }

    /// What is left after a loss of power: the synced bytes, and of the others what chance says.
    func losePower(using random: inout SeededRandom, counts: inout FaultCounts) {
        let survival = random.pick(Survival.allCases)
        let sectors = unsynced.flatMap(Self.sectors)
        let prefix = random.below(sectors.count + 1)
        for (place, sector) in sectors.enumerated() {
            let survives =
                switch survival {
                case .nothing: false
                case .everything: true
                case .aPrefix: place < prefix
                case .anySectors: random.chance(50)
                }
            if survives {
                Self.apply(sector, to: &durable)
                counts.sectorsKept += 1
            } else {
                counts.sectorsLost += 1
            }
        }
        unsynced = []
        content = durable
        memory = nil
    }

    /// Changes bytes at rest.
    func damage(_ damage: FileDamage, using random: inout SeededRandom) {
        var bytes = content
        let size = min(Self.sectorBytes, bytes.count)
        let sectors = bytes.count / size
        let first = random.below(sectors) * size
        let second = random.below(sectors) * size
        let (one, other) = (first..<first + size, second..<second + size)
        switch damage {
        case .bit: bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
        case .zeros: bytes.replaceSubrange(one, with: repeatElement(0, count: size))
        case .swap:
            let (left, right) = (Array(bytes[one]), Array(bytes[other]))
            bytes.replaceSubrange(one, with: right)
            bytes.replaceSubrange(other, with: left)
        case .misdirection: bytes.replaceSubrange(one, with: Array(bytes[other]))
        case .cut: bytes.removeLast(random.below(bytes.count) + 1)
        }
        unsynced = []
        content = bytes
        durable = bytes
    }

    /// A change in pieces that reach the disk as a whole or not at all.
    private static func sectors(of change: Change) -> [Change] {
        guard case .write(let offset, let bytes) = change else { return [change] }
        var pieces: [Change] = []
        var start = 0
        while start < bytes.count {
            let room = sectorBytes - (offset + start) % sectorBytes
            let end = min(bytes.count, start + room)
            pieces.append(.write(at: offset + start, [UInt8](bytes[start..<end])))
            start = end
        }
        return pieces
    }
}
