import Terminal

/// Why a command ends without having done its work.
enum Failure: Error {
    /// The command line is wrong: exit code 2.
    case usage(String)
    /// The work failed: exit code 1.
    case failed(String)
    /// The work failed, and why was said already: exit code 1.
    case told
    /// `--help` was asked for: exit code 0.
    case help

    /// What there is to say.
    var message: String? {
        switch self {
        case .usage(let message), .failed(let message): message
        case .told, .help: nil
        }
    }
}

/// The options and values of one command, read by name.
struct Arguments {
    private var options: [String: [String]] = [:]
    private(set) var values: [String] = []

    /// Reads `--name VALUE`, `--name=VALUE` and plain values; names in `flags` take no value.
    init(_ arguments: some Sequence<String>, options known: Set<String>, flags: Set<String>) throws
    {
        var rest = arguments.makeIterator()
        while let argument = rest.next() {
            guard argument.hasPrefix("-"), argument != "-" else {
                values.append(argument)
                continue
            }
            if argument == "--help" || argument == "-h" { throw Failure.help }
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            let name = parts[0]
            if flags.contains(name), parts.count == 1 {
                options[name, default: []].append("")
            } else if known.contains(name) {
                guard let value = parts.count == 2 ? parts[1] : rest.next() else {
                    throw Failure.usage("\(name) needs a value")
                }
                options[name, default: []].append(value)
            } else {
                throw Failure.usage("unknown option \(argument)")
            }
        }
    }

    /// True when a flag was given.
    func has(_ name: String) -> Bool { options[name] != nil }

    /// The value of an option that may be given once.
    func value(_ name: String) throws -> String? {
        guard let values = options[name] else { return nil }
        guard values.count == 1 else { throw Failure.usage("\(name) is given twice") }
        return values[0]
    }

    /// The value of an option that must be given.
    func required(_ name: String) throws -> String {
        guard let value = try value(name) else { throw Failure.usage("\(name) is missing") }
        return value
    }

    /// All values of an option that may be given several times.
    func all(_ name: String) -> [String] { options[name] ?? [] }

    /// A whole number within limits.
    func number(_ name: String, _ range: ClosedRange<Int>) throws -> Int? {
        guard let text = try value(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw Failure.usage(
                "\(name) needs a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
