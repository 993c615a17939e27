internal import Glibc
internal import SimulatedDisk

/// Runs every seed asked for; gives the exit code.
func simulate() -> Int32 {
    guard !Options.asksForHelp(CommandLine.arguments) else {
        print(Options.usage)
        return 0
    }
    let options: Options
    do throws(Options.Invalid) {
        options = try Options(Array(CommandLine.arguments.dropFirst()))
    } catch {
        print("\(error.reason)\n\n\(Options.usage)")
        return 2
    }
    var total = Tally()
    var failures = 0
    for seed in options.seeds {
        // Told first, so that a trap, or the signal that ends an endless run, leaves the seed behind.
        print("seed \(seed)", terminator: " ")
        fflush(nil)
        let run = Run(seed: seed)
        var failure = run.play(steps: options.steps)
        if failure == nil, options.playsTwice { failure = run.differs(steps: options.steps) }
        run.tally.faults = run.disk.counts
        total.add(run.tally)
        print("\(run.tally.line) log \(run.logHash)")
        if let failure {
            failures += 1
            print("FAILED seed \(seed) step \(failure.step): \(failure.difference)")
            print("again: tally-sim --seed \(seed) --steps \(options.steps)")
            if options.stopsAtFirst { break }
        }
    }
    print("runs \(options.seeds.count) failed \(failures) \(total.line)")
    let rare = total.rare(options.eachMin)
    if options.eachMin > 0, !rare.isEmpty {
        print("FAILED: too rare, below \(options.eachMin): \(rare.joined(separator: ", "))")
        return 1
    }
    return failures == 0 ? 0 : 1
}

extension Run {
    /// Plays the same seed again; a failure unless it takes the same course.
    fileprivate func differs(steps: Int) -> Failure? {
        let again = Run(seed: seed, copy: 1)
        _ = again.play(steps: steps)
        guard again.logHash != logHash else { return nil }
        return Failure("the same seed gave log \(logHash), then \(again.logHash)")
    }
}

exit(simulate())
