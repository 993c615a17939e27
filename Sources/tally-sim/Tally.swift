internal import SimulatedDisk

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
    var faults = FaultCounts()
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
        faults.add(other.faults)
        events.merge(other.events, uniquingKeysWith: +)
    }

    /// Every figure with its name, on one line.
    var line: String {
        let own = [
            ("steps", steps), ("commands", commands), ("segments", segments),
            ("replies", replies), ("replays", replays), ("unknown", unknowns),
            ("replies_lost", repliesLost), ("kills", kills), ("power_cuts", powerCuts),
            ("clean_ends", cleanEnds), ("recoveries", recoveries),
            ("recoveries_failed", recoveriesFailed), ("look_ups_failed", lookUpsFailed),
            ("checkpoints", checkpoints),
            ("checkpoints_failed", checkpointsFailed),
        ]
        let kinds = events.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        return (own + faults.named.map { ($0.name, $0.count) } + kinds)
            .map { "\($0.0) \($0.1)" }.joined(separator: " ")
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
}
