import Ledger
import Reports
import Store
import TestKit

/// Segments folded one by one, with checkpoints begun, written and finished at any moment.
struct ReadModelRun {
    let state: MemoryUsage
    let builder: JournalBuilder
    let model: ReadModel
    let contents: [SegmentContents]
    var random: SeededRandom
    var folded = 0
    var frozen: ReadModel.Frozen?
    var isWritten = false

    init(seed: UInt64) throws {
        random = SeededRandom(seed: seed)
        var builder = try JournalBuilder(seed: seed)
        try builder.grow(by: 40)
        contents = builder.contents
        state = MemoryUsage(of: builder)
        self.builder = builder
        model = ReadModel(
            stored: state, through: 0, archive: state,
            tail: EntryTail(after: 0, partEvents: random.pick([1, 5, 40, 1000])))
    }

    /// Does one thing of those that happen at any time.
    mutating func step() throws {
        if random.chance(20), let last = model.nextToArchive(all: random.chance(30)) {
            try state.archive(through: last)
            if random.chance(80) { model.forgetArchived(through: last) }
            return
        }
        if random.chance(60), folded < contents.count {
            model.fold(contents[folded])
            folded += 1
            return
        }
        guard let begun = frozen else {
            frozen = model.freeze()
            isWritten = false
            return
        }
        if isWritten {
            model.thaw(begun)
            frozen = nil
        } else {
            try state.write(begun.usage, through: begun.through)
            isWritten = true
        }
    }

    var events: [ModelEvent] {
        var names: [String] = []
        return contents[..<folded].flatMap { $0.modelEvents(names: &names) }
            .filter(\.isListed)
    }
}
