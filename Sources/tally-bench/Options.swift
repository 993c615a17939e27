import Foundation
import Glibc
import Terminal

/// What the command line asks for.
struct Options {
    private static let caseNames = [
        "fdatasync", "price", "decide", "decide-holds", "engine", "paced", "plain-sqlite", "memory",
        "http",
        "postgresql", "redis", "growth",
    ]
    /// What a process of the case `growth` does.
    private static let fillName = "fill"
    /// Opens the files of a folder that is there.
    private static let openName = "open"

    private(set) var wantsHelp = false
    /// Whether the files of the last case stay, to try other programs on.
    private var keepsFiles = false
    /// Whether accounts have plans and budgets.
    private var isSubscribed = false
    private var cases = Self.caseNames
    private var accounts = [1_000, 10_000]
    private var batches = [1, 64, 1024, 8192]
    private var connections = [64, 256]
    private var seconds = 5
    /// How many charges there are before, of a process that charges for another.
    private var from = 0
    /// Up to how many charges are stored to see how figures grow.
    private var stored = 10_000_000
    private var folder = "/var/tmp/tally-bench-\(getpid())"

    init(_ arguments: some Sequence<String>) throws {
        var rest = arguments.makeIterator()
        while let option = rest.next() {
            switch option {
            case "--help", "-h": wantsHelp = true
            case "--keep": keepsFiles = true
            case "--plans": isSubscribed = true
            case "--case": cases = [try Self.name(rest.next())]
            case "--accounts": accounts = [try Self.number(option, rest.next(), 1...1_000_000)]
            case "--batch": batches = [try Self.number(option, rest.next(), 1...16_384)]
            case "--connections":
                connections = [try Self.number(option, rest.next(), 1...256)]
            case "--from": from = try Self.number(option, rest.next(), 0...1_000_000_000)
            case "--stored": stored = try Self.number(option, rest.next(), 1...1_000_000_000)
            case "--seconds": seconds = try Self.number(option, rest.next(), 1...600)
            case "--data":
                guard let path = rest.next() else {
                    throw BenchError.usage("--data needs a folder")
                }
                folder = path
            default: throw BenchError.usage("unknown option \(option)")
            }
        }
    }

    private static func name(_ text: String?) throws -> String {
        guard let text, (caseNames + [fillName, openName, ResidentCase.name]).contains(text) else {
            throw BenchError.usage("--case is one of \(caseNames.joined(separator: ", "))")
        }
        return text
    }

    private static func number(
        _ option: String, _ text: String?, _ range: ClosedRange<Int>
    ) throws -> Int {
        guard let text, let number = Int(text), range.contains(number) else {
            throw BenchError.usage("\(option) needs a number from \(range)")
        }
        return number
    }

    /// Runs the cases, each in an emptied folder, and prints a line for each.
    func run() throws {
        for name in cases {
            if name == "fdatasync" {
                try inFolder { try SyncCase(seconds: Double(seconds)).run(in: $0) }
                continue
            }
            if name == "price" {
                for kind in PriceCase.kinds {
                    Terminal.print(
                        try PriceCase(kind: kind, seconds: Double(seconds) / 5).run().json)
                }
                continue
            }
            if name == "http" {
                try runHTTP()
                continue
            }
            if name == "postgresql" || name == "redis" {
                try runOther(name)
                continue
            }
            if try runInFolder(name) { continue }
            if name == "growth" || name == Self.fillName {
                try runGrowth(isFilling: name == Self.fillName)
                continue
            }
            for account in accounts {
                for batch in batches {
                    try inFolder { try run(name, account, batch, in: $0) }
                }
            }
        }
    }

    /// Cases that print lines of their own; false for another.
    private func runInFolder(_ name: String) throws -> Bool {
        switch name {
        case Self.openName:
            Terminal.print("{\"case\":\"open\",\(try OpenCase().run(in: folder))}")
        case ResidentCase.name: Terminal.print(try ResidentCase().run(in: folder))
        case "memory":
            let count = accounts.count == 1 ? accounts[0] : 200_000
            try printInFolder { try MemoryCase(accounts: count).run(in: $0) }
        case "paced":
            let count = accounts.count == 1 ? accounts[0] : 10_000
            for batch in batches.count == 1 ? batches : [1, 64] {
                let paced = PacedCase(
                    accounts: count, batch: batch, seconds: Double(seconds),
                    isSubscribed: isSubscribed)
                try printInFolder { try paced.run(in: $0) }
            }
        default: return false
        }
        return true
    }

    private func run(
        _ name: String, _ accounts: Int, _ batch: Int, in path: String
    ) throws -> Measurement {
        let seconds = Double(seconds)
        return switch name {
        case "decide", "decide-holds":
            try DecideCase(
                accounts: accounts, batch: batch, seconds: seconds, isSubscribed: isSubscribed,
                isHeld: name == "decide-holds"
            ).run()
        case "engine":
            try EngineCase(
                accounts: accounts, batch: batch, seconds: seconds, isSubscribed: isSubscribed
            ).run(in: path)
        default:
            try PlainSQLiteCase(accounts: accounts, batch: batch, seconds: seconds).run(in: path)
        }
    }

    /// The constant answer and the charges of the same program, in turn.
    private func runHTTP() throws {
        for connections in connections {
            for call in [HTTPCase.Call.constant, .balance, .charge] {
                let measured = HTTPCase(
                    call: call, accounts: accounts[0], connections: connections,
                    seconds: Double(seconds))
                try inFolder { try measured.run(in: $0) }
            }
        }
        for call in [HTTPCase.Call.batch, .batchTwoLoops] {
            let batches = HTTPCase(
                call: call, accounts: accounts[0], connections: Self.batchConnections,
                seconds: Double(seconds))
            try inFolder { try batches.run(in: $0) }
        }
    }

    /// The connections that send batches over HTTP.
    private static let batchConnections = 4
    /// The connections of clients that bring many charges at a time.
    private static let bulkConnections = 2

    /// What other databases do: single calls of many clients, then batches of a few.
    private func runOther(_ name: String) throws {
        for batch in batches {
            for connections in batch == 1 ? connections : [Self.bulkConnections] {
                for isDebitOnly in batch == 1 ? [true, false] : [false] {
                    try inFolder { path in
                        name == "redis"
                            ? try RedisCase(
                                accounts: accounts[0], batch: batch, connections: connections,
                                seconds: seconds, isDebitOnly: isDebitOnly
                            ).run(in: path)
                            : try PostgreSQLCase(
                                accounts: accounts[0], batch: batch, connections: connections,
                                seconds: seconds, isDebitOnly: isDebitOnly
                            ).run(in: path)
                    }
                }
            }
        }
    }

    /// What is usual for growth: the sizes that the targets name.
    private func runGrowth(isFilling: Bool) throws {
        unsafe mkdir(folder, 0o700)
        defer { if !keepsFiles { removeFolder(folder) } }
        let account = accounts.count == 1 ? accounts[0] : 10_000
        let batch = batches.count == 1 ? batches[0] : 1024
        guard !isFilling else {
            return try FillCase(accounts: account, batch: batch, from: from, stored: stored)
                .run(in: folder)
        }
        try GrowthCase(accounts: account, batch: batch, stored: stored).run(in: folder)
    }

    private func inFolder(_ body: (String) throws -> Measurement) throws {
        try printInFolder { try body($0).json }
    }

    private func printInFolder(_ line: (String) throws -> String) throws {
        unsafe mkdir(folder, 0o700)
        defer { if !keepsFiles { removeFolder(folder) } }
        Terminal.print(try line(folder))
    }
}

/// Removes a folder with all that is in it.
func removeFolder(_ path: String) {
    try? FileManager.default.removeItem(atPath: path)
}
