/// What the command line asks for.
struct Options {
    /// The command line is not understood; says why.
    struct Invalid: Error {
        let reason: String
    }

    /// True when help is asked for.
    static func asksForHelp(_ arguments: [String]) -> Bool {
        arguments.contains { $0 == "--help" || $0 == "-h" }
    }

    static let usage = """
        usage: tally-sim (--seed N | --seeds A..B) [--steps M] [--first] [--twice] [--each N]

        Runs the storage engine on a simulated disk and clock, one run a seed, and compares every
        reply and every recovered state with a model. Prints a line a run; exit 1 if one fails.
        --first stops at the first run that fails. --twice plays every seed twice and fails unless
        both runs are the same. --each fails unless every kind of request, event and fault came up
        so often in all.
        """

    /// Steps of a run unless said otherwise.
    static let stepsUsual = 400

    var seeds: ClosedRange<UInt64> = 1...1
    var steps = stepsUsual
    var stopsAtFirst = false
    var playsTwice = false
    var eachMin = 0

    init(_ arguments: [String]) throws(Invalid) {
        var left = arguments[...]
        var hasSeeds = false
        while let name = left.popFirst() {
            if name == "--first" || name == "--twice" {
                if name == "--first" { stopsAtFirst = true } else { playsTwice = true }
                continue
            }
            guard let value = left.popFirst() else {
                throw Invalid(reason: "\(name) needs a value")
            }
            switch name {
            case "--seed":
                let seed = try Self.number(value)
                seeds = seed...seed
                hasSeeds = true
            case "--seeds":
                seeds = try Self.range(value)
                hasSeeds = true
            case "--each": eachMin = Int(clamping: try Self.number(value))
            case "--steps": steps = Int(clamping: try Self.number(value))
            default: throw Invalid(reason: "unknown option \(name)")
            }
        }
        guard hasSeeds else { throw Invalid(reason: "--seed or --seeds is needed") }
    }

    private static func number(_ text: String) throws(Invalid) -> UInt64 {
        guard let number = UInt64(text) else { throw Invalid(reason: "\(text) is not a number") }
        return number
    }

    private static func range(_ text: String) throws(Invalid) -> ClosedRange<UInt64> {
        let ends = text.split(separator: ".", omittingEmptySubsequences: true).map(String.init)
        guard ends.count == 2, text.contains("..") else {
            throw Invalid(reason: "\(text) is not A..B")
        }
        let (first, last) = (try number(ends[0]), try number(ends[1]))
        guard first <= last else { throw Invalid(reason: "\(text) is empty") }
        return first...last
    }
}
