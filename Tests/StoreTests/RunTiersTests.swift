import Testing

@testable import Store

@Suite struct RunTiersTests {
    @Test func mergesTheOldestOfAboutOneSize() {
        #expect(RunTiers.due([5, 5, 5], count: 4, entriesMax: 100) == nil)
        #expect(RunTiers.due([5, 5, 5, 5, 5], count: 4, entriesMax: 100) == 0..<4)
        #expect(RunTiers.due([500, 5, 5, 5, 5], count: 4, entriesMax: 100) == 1..<5)
        // Smaller ones among them are taken along, larger ones are not.
        #expect(RunTiers.due([20, 1, 20, 20, 20], count: 4, entriesMax: 100) == 0..<4)
        #expect(RunTiers.due([20, 20, 1, 1, 1, 1], count: 4, entriesMax: 100) == 2..<6)
        #expect(RunTiers.due([20, 1, 1, 20, 1, 20, 1], count: 4, entriesMax: 100) == 0..<4)
        // A large one is not written again for a few small ones.
        #expect(RunTiers.due([90, 20, 20, 20], count: 4, entriesMax: 100) == nil)
        #expect(RunTiers.due([1, 1, 500, 1, 1], count: 4, entriesMax: 100) == nil)
    }

    /// Whatever comes, there are few runs and each entry is written again a few times.
    @Test(arguments: [1, 7, 64, 300]) func boundsRunsAndWork(appended: Int) {
        let (count, most) = (8, 4000)
        var runs: [Int] = []
        var total = 0
        var rewritten = 0
        for _ in 0..<2000 {
            runs.append(appended)
            total += appended
            while let due = RunTiers.due(runs, count: count, entriesMax: most) {
                let sum = runs[due].reduce(0, +)
                rewritten += sum
                #expect(sum <= count * most)
                runs.replaceSubrange(due, with: [sum])
            }
        }
        #expect(runs.reduce(0, +) == total)
        #expect(runs.count { $0 <= most } < 5 * count)
        #expect(rewritten <= 6 * total)
    }
}
