internal import Credit
internal import Ledger
internal import Store

/// Where the events of each run of a scenario stand, within a part of the tail.
struct RunLists: Sendable {
    /// A run of an account, by the number of its name.
    struct RunKey: Hashable, Sendable, BitwiseCopyable {
        let account: AccountSlot
        let name: UInt32
    }

    /// The run of the account's event before: most often the next one is of it too.
    private struct Hint: BitwiseCopyable {
        var account = AccountSlot.max
        var run: UInt32 = 0
        var count: UInt32 = 0
        var ends = TextEnds()
    }

    /// How many accounts are remembered, each at a place of its own unless two share one.
    private static let hintsCount = 1 << 14

    private var names = NameTable()
    /// The number of each run's newest event plus one.
    private var runs = OpenTable<RunKey, UInt32>(blank: 0)
    /// For each event how far back the one before it of the same run stands; 0 for none.
    private var steps: [UInt32] = []
    private var hints: [Hint] = []

    /// Adds the event with this number, which is of a run unless the name is empty.
    @inline(__always)
    mutating func add(_ event: Int, of account: AccountSlot, _ run: Span<UInt8>) {
        guard run.count > 0 else { return addNone() }
        if hints.isEmpty { hints = [Hint](repeating: Hint(), count: Self.hintsCount) }
        let place = Int(account) & (Self.hintsCount - 1)
        let ends = TextEnds(run)
        let number = UInt32(truncatingIfNeeded: event) + 1
        let hint = hints[place]
        if hint.account == account, hint.ends == ends, Int(hint.count) == run.count,
            run.count <= TextEnds.count || isSame(hint.run, run)
        {
            steps.append(number - runs.entries[Int(hint.run)].value)
            runs.entries[Int(hint.run)].value = number
            return
        }
        let key = RunKey(account: account, name: names.number(of: run))
        let found = runs.place(of: key)
        let before = runs.entries[found].value
        steps.append(before == 0 ? 0 : number - before)
        runs.entries[found].value = number
        hints[place] = Hint(
            account: account, run: UInt32(truncatingIfNeeded: found),
            count: UInt32(truncatingIfNeeded: run.count), ends: ends)
    }

    private func isSame(_ run: UInt32, _ text: Span<UInt8>) -> Bool {
        names.isEqual(runs.entries[Int(run)].key.name, to: text)
    }

    /// Adds an event that is of no run.
    mutating func addNone() { steps.append(0) }

    /// Gives back the memory that only adding takes.
    mutating func forgetHints() { hints = [] }

    /// Calls `body` with the numbers of a run's events, newest first.
    func visit(_ run: [UInt8], of account: AccountSlot, _ body: (Int) -> Void) {
        guard !run.isEmpty, let name = names.known(run.span),
            let place = runs.knownPlace(of: RunKey(account: account, name: name))
        else { return }
        var event = Int(runs.entries[place].value) - 1
        while event >= 0 {
            body(event)
            guard steps[event] > 0 else { return }
            event -= Int(steps[event])
        }
    }
}

extension RunLists.RunKey: OpenTableKey {
    var tableHash: UInt64 {
        let product = (UInt64(account) << 32 | UInt64(name) ^ 0x9E37_79B9)
            .multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low
    }
}
