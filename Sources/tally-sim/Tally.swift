internal import SimulatedDisk
internal import TestKit

/// What a run went through, counted.
struct Tally {
    var steps = 0
    var commands = 0
    var segments = 0
    var replies = 0
    var replays = 0
    var unknowns = 0
    var repliesLost = 0
    var kills = 0
    var powerCuts = 0
    var cleanEnds = 0
    var recoveries = 0
    var recoveriesFailed = 0
    var lookUpsFailed = 0
    var checkpoints = 0
    var checkpointsFailed = 0
    var merges = 0
    var keysFoundOnDisk = 0
    var clockJumps = 0
    /// Files damaged at rest: noticed, or without effect on any answer.
    var damagesNoticed = 0
    var damagesHarmless = 0
    var faults = FaultCounts()
    /// How many commands of each kind were decided.
    var asked: [String: Int] = [:]
    /// How many were refused without a record, by why.
    var rejected: [String: Int] = [:]
    /// How many events of each kind became durable.
    var events: [String: Int] = [:]

    mutating func add(_ other: Self) {
        steps += other.steps
        commands += other.commands
        segments += other.segments
        replies += other.replies
        replays += other.replays
        unknowns += other.unknowns
        repliesLost += other.repliesLost
        kills += other.kills
        powerCuts += other.powerCuts
        cleanEnds += other.cleanEnds
        recoveries += other.recoveries
        recoveriesFailed += other.recoveriesFailed
        lookUpsFailed += other.lookUpsFailed
        checkpoints += other.checkpoints
        checkpointsFailed += other.checkpointsFailed
        merges += other.merges
        keysFoundOnDisk += other.keysFoundOnDisk
        clockJumps += other.clockJumps
        damagesNoticed += other.damagesNoticed
        damagesHarmless += other.damagesHarmless
        faults.add(other.faults)
        asked.merge(other.asked, uniquingKeysWith: +)
        rejected.merge(other.rejected, uniquingKeysWith: +)
        events.merge(other.events, uniquingKeysWith: +)
    }

    /// Every figure with its name, on one line.
    var line: String { named.map { "\($0.name) \($0.count)" }.joined(separator: " ") }

    /// Every figure with its name.
    private var named: [(name: String, count: Int)] {
        let own = [
            ("steps", steps), ("commands", commands), ("segments", segments),
            ("replies", replies), ("replays", replays), ("unknown", unknowns),
            ("replies_lost", repliesLost), ("kills", kills), ("power_cuts", powerCuts),
            ("clean_ends", cleanEnds), ("recoveries", recoveries),
            ("recoveries_failed", recoveriesFailed), ("look_ups_failed", lookUpsFailed),
            ("checkpoints", checkpoints),
            ("checkpoints_failed", checkpointsFailed), ("merges", merges),
            ("keys_found_on_disk", keysFoundOnDisk), ("clock_jumps", clockJumps),
            ("damages_noticed", damagesNoticed), ("damages_harmless", damagesHarmless),
        ]
        return own + faults.named + Self.named(asked, "ask.") + Self.named(events, "event.")
            + Self.named(rejected, "reject.")
    }

    private static func named(
        _ counts: [String: Int], _ prefix: String
    ) -> [(name: String, count: Int)] {
        counts.sorted { $0.key < $1.key }.map { (prefix + $0.key, $0.value) }
    }

    /// The figures below `least`, among them kinds that never came up.
    func rare(_ least: Int) -> [String] {
        let known = ModelEvent.Kind.names.map { "event." + $0 }
        let missing = known.filter { name in !named.contains { $0.name == name } }
        return missing.map { "\($0) 0" }
            + named.filter { $0.count < least }.map { "\($0.name) \($0.count)" }
    }
}

/// Where a run went wrong and how.
struct Failure: Error {
    var step: Int
    var difference: String

    init(_ difference: String) {
        step = 0
        self.difference = difference
    }

    /// A damaged file changed an answer.
    static func damaged(_ file: String, _ difference: String) -> Self {
        Self("damage of \(file) was not noticed: \(difference)")
    }
}
