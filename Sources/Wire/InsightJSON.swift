public import Credit
public import JSON
internal import Ledger
public import Store

/// Hundredths of a percent as a JSON number of percent.
struct Percent: JSONWritable {
    private let hundredths: Int

    init(_ hundredths: Int) {
        self.hundredths = hundredths
    }

    func write(to bytes: inout [UInt8]) {
        CreditsSum(micros: Int128(hundredths) * 10_000).write(to: &bytes)
    }
}

/// Calls of one action with the same parameters, as far as they were read.
public struct CallGroup: Sendable {
    /// A call that came again soon after the same one.
    public struct Repeat: Hashable, Sendable {
        public var entry: Position
        public var of: Position
        public var micros: Int64
        public var time: Instant

        public init(entry: Position, of original: Position, micros: Int64, time: Instant) {
            self.entry = entry
            of = original
            self.micros = micros
            self.time = time
        }
    }

    public var action: [UInt8]
    /// A canonical JSON object; never empty.
    public var parameters: [UInt8]
    public var credits: Int128 = 0
    public var calls = 0
    public var first = Instant.never
    public var last = Instant.earliest
    /// The newest of its calls.
    public var newest: Position
    /// The newest of its repeats.
    public var examples: [Repeat] = []

    public init(action: [UInt8], parameters: [UInt8], newest: Position) {
        self.action = action
        self.parameters = parameters
        self.newest = newest
    }
}

/// How much of an account's entries an answer is made of.
public struct InsightRange: Hashable, Sendable {
    public var from: Instant
    public var to: Instant
    public var entriesRead = 0
    /// False when there were more entries, or more different calls, than are read.
    public var isComplete = true

    public init(from: Instant, to: Instant) {
        self.from = from
        self.to = to
    }
}

extension JSONWriter {
    fileprivate mutating func add(_ range: InsightRange, of account: Name) {
        member("account", account)
        member("from", range.from)
        member("to", range.to)
        member("entries_read", range.entriesRead)
        member("complete", range.isComplete)
    }

    fileprivate mutating func addCall(_ group: CallGroup) {
        key("action")
        value(string: group.action.span)
        key("parameters")
        value(json: group.parameters.span)
    }
}

/// The answer of `GET /v1/insights/consumption`.
public struct ConsumptionAnswer: JSONWritable, Sendable {
    public var account: Name
    public var range: InsightRange
    public var total: UsageSums
    public var actions: [UsageAnswer.Group]
    public var keys: [UsageAnswer.Group]
    public var calls: [CallGroup]

    public init(
        account: Name, range: InsightRange, total: UsageSums, actions: [UsageAnswer.Group],
        keys: [UsageAnswer.Group], calls: [CallGroup]
    ) {
        self.account = account
        self.range = range
        self.total = total
        self.actions = actions
        self.keys = keys
        self.calls = calls
    }

    private func share(_ credits: Int128) -> Percent? {
        total.credits > 0 ? Percent(Int(clamping: credits * 10_000 / total.credits)) : nil
    }

    public func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.add(range, of: account)
        writer.member("credits", CreditsSum(micros: total.credits))
        writer.member("calls", total.calls)
        write(actions, "actions", as: "action", to: &writer)
        write(keys, "keys", as: "key", to: &writer)
        writer.key("parameters")
        writer.beginArray()
        for call in calls {
            writer.beginObject()
            writer.addCall(call)
            writer.member("credits", CreditsSum(micros: call.credits))
            writer.member("share_percent", share(call.credits))
            writer.member("calls", Int64(call.calls))
            writer.member("first_at", call.first)
            writer.member("last_at", call.last)
            writer.member("last_entry_id", call.newest.id(as: EntryID.self).text)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }

    private func write(
        _ groups: [UsageAnswer.Group], _ list: StaticString, as name: StaticString,
        to writer: inout JSONWriter
    ) {
        writer.key(list)
        writer.beginArray()
        for group in groups {
            writer.beginObject()
            writer.member(name, group.name)
            writer.member("credits", CreditsSum(micros: group.sums.credits))
            writer.member("share_percent", share(group.sums.credits))
            writer.member("calls", group.sums.calls)
            writer.endObject()
        }
        writer.endArray()
    }
}

/// The answer of `GET /v1/insights/duplicates`.
public struct DuplicatesAnswer: JSONWritable, Sendable {
    public var account: Name
    public var range: InsightRange
    public var windowSeconds: Int64
    /// What was repeated, most credits first.
    public var groups: [CallGroup]
    /// How many calls were repeats, and what they cost, listed or not.
    public var calls: Int
    public var credits: Int128

    public init(
        account: Name, range: InsightRange, windowSeconds: Int64, groups: [CallGroup], calls: Int,
        credits: Int128
    ) {
        self.account = account
        self.range = range
        self.windowSeconds = windowSeconds
        self.groups = groups
        self.calls = calls
        self.credits = credits
    }

    public func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.add(range, of: account)
        writer.member("window_seconds", windowSeconds)
        writer.member("repeats", Int64(calls))
        writer.member("credits", CreditsSum(micros: credits))
        writer.key("groups")
        writer.beginArray()
        for group in groups {
            writer.beginObject()
            writer.addCall(group)
            writer.member("repeats", Int64(group.calls))
            writer.member("credits", CreditsSum(micros: group.credits))
            writer.member("first_at", group.first)
            writer.member("last_at", group.last)
            writer.key("examples")
            writer.beginArray()
            for example in group.examples { write(example, to: &writer) }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }

    private func write(_ example: CallGroup.Repeat, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("entry_id", example.entry.id(as: EntryID.self).text)
        writer.member("repeats_entry_id", example.of.id(as: EntryID.self).text)
        writer.member("credits", Credits(micros: example.micros))
        writer.member("created_at", example.time)
        writer.endObject()
    }
}
