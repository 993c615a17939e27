import Credit
import Ledger
import Reports
import Store
import TestKit
import Testing

/// Runs of random journals, while checkpoints are begun, written and finished at any moment.
struct AccountRunsTests {
    /// What the journal's segments that were folded say of an account's runs.
    private struct Expected {
        var names: [String] = []
        var positions: [String: [Position]] = [:]
        var credits: [String: Int128] = [:]

        init(_ run: ReadModelRun, of slot: AccountSlot) throws {
            var summaries = EntrySummaries()
            for segment in run.builder.segments[..<run.folded] {
                try SegmentView(segment).summarize(to: &summaries)
            }
            for entry in summaries.plain where entry.bare.account == slot {
                let name = entry.texts[3]
                guard !name.isEmpty else { continue }
                if positions[name] == nil { names.append(name) }
                positions[name, default: []].append(entry.bare.position)
                let sign: Int128 = entry.bare.kind == .refund ? -1 : entry.bare.isCall ? 1 : 0
                credits[name, default: 0] += sign * Int128(entry.bare.credits)
            }
        }
    }

    @Test(arguments: UInt64(1)...30)
    func `runs are what their entries say, from memory and storage together`(seed: UInt64) throws {
        var run = try ReadModelRun(seed: seed)
        for step in 0..<100 {
            try run.step()
            let slot = AccountSlot(run.random.below(4))
            let runs = AccountRuns(of: slot, run.model, SegmentCache(journal: run.builder))
            let expected = try Expected(run, of: slot)
            let names = ["run-3", "none", "run-0", "run-1", "run-2"]
            for (name, found) in zip(names, try runs.summaries(names.map { Array($0.utf8) })) {
                #expect(found?.credits == expected.credits[name], "step \(step)")
                #expect(found?.first == expected.positions[name]?.first)
                #expect(found?.last == expected.positions[name]?.last)
            }
            try Self.checkEntries(of: names[run.random.below(5)], runs, expected, &run.random)
            try Self.checkList(runs, expected, &run.random)
        }
    }

    private static func checkEntries(
        of name: String, _ runs: AccountRuns, _ expected: Expected,
        _ random: inout SeededRandom
    ) throws {
        let all = expected.positions[name] ?? []
        let end = random.chance(50) ? nil : all.randomElement(using: &random)
        let wanted = all.filter { position in end.map { position < $0 } ?? true }
        let limit = random.pick([1, 5, 1000])
        var found: [Position] = []
        let last = try runs.visit(Array(name.utf8), before: end, limit: 10_000) { entry, _ in
            found.append(entry.position)
            return found.count < limit
        }
        #expect(found == Array(wanted.reversed().prefix(limit)))
        #expect(last == (found.count == limit ? found.last : nil))
    }

    /// Page by page, each run once, in the order in which they began.
    private static func checkList(
        _ runs: AccountRuns, _ expected: Expected, _ random: inout SeededRandom
    ) throws {
        var found: [String] = []
        var place: Position?
        for _ in 0..<10_000 {
            let page = try runs.list(
                before: place, limit: random.pick([1, 2, 100]),
                looking: random.pick([1, 7, 5000]), until: nil
            ) { _ in true }
            found += page.runs.map { String(decoding: $0.run, as: UTF8.self) }
            place = page.next
            guard place != nil else { break }
        }
        #expect(found == expected.names.reversed())
        #expect(place == nil)
    }

    @Test func `a list ends where runs began too early`() throws {
        var most = 0
        for seed in UInt64(1)...8 {
            var run = try ReadModelRun(seed: seed)
            for contents in run.contents { run.model.fold(contents) }
            run.folded = run.contents.count
            let runs = AccountRuns(of: 0, run.model, SegmentCache(journal: run.builder))
            let all = try runs.list(before: nil, limit: 100, looking: 10_000, until: nil) { _ in
                true
            }
            most = max(most, all.runs.count)
            let late = try runs.list(
                before: nil, limit: 100, looking: 10_000, until: .latest
            ) { _ in true }
            #expect(late.next == nil)
            #expect(late.runs.count <= 1)
            guard let last = all.runs.last else { continue }
            let single = try runs.list(before: nil, limit: 100, looking: 10_000, until: nil) {
                $0.run == last.run
            }
            #expect(single.runs == [last])
        }
        #expect(most > 2)
    }
}
