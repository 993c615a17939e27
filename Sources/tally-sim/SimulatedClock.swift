internal import Credit
internal import TestKit

/// A wall clock that jumps and freezes, and ledger time as ``Engine/LedgerClock`` makes it.
struct SimulatedClock {
    private var wall: Int64 = 1_795_253_400_000_000
    private var elapsed: Int64 = 0
    private var anchor: Int64 = 0
    private var last: Int64 = .min

    /// A process starts that must not go behind `last`.
    mutating func start(notBefore last: Instant) {
        anchor = wall
        elapsed = 0
        self.last = last.micros
    }

    /// The ledger time now.
    var now: Int64 { max(last, anchor + elapsed) }

    /// Time passes, evenly for everybody.
    mutating func pass(micros: Int64) {
        elapsed += micros
        wall += micros
    }

    /// Time passes until the ledger's reads `time`, if that is still to come.
    mutating func pass(until time: Int64) {
        let missing = time - now
        if missing > 0, missing < 10_000_000_000 {
            pass(micros: anchor + elapsed < last ? 0 : missing)
        }
    }

    /// Time passes until the ledger's no longer waits for the wall clock.
    mutating func catchUp() {
        pass(micros: max(0, last - anchor - elapsed))
    }

    /// Somebody sets the wall clock; a running process does not notice.
    mutating func setWall(by micros: Int64) {
        wall += micros
    }
}
