public import Credit
public import JSON
public import Store

/// The answer of `GET /v1/usage`.
public struct UsageAnswer: Sendable {
    /// The use of one value of what usage is grouped by; nil for calls without one.
    public struct Group: Hashable, Sendable {
        public var name: String?
        public var sums: UsageSums
        /// True for all values together that are not told apart, whose name is `*`.
        public var isRest: Bool

        public init(name: String?, sums: UsageSums, isRest: Bool = false) {
            self.name = name
            self.sums = sums
            self.isRest = isRest
        }

        /// True when it is shown before another one: what used most comes first, then what has the lesser
        /// name, and calls that did not say come after an empty one.
        public func precedes(_ other: Self) -> Bool {
            guard sums.credits == other.sums.credits else {
                return sums.credits > other.sums.credits
            }
            let names = (name ?? "", other.name ?? "")
            return names.0 == names.1 ? name != nil && other.name == nil : names.0 < names.1
        }
    }

    /// A stretch of time and what was used in it.
    public struct Bucket: Hashable, Sendable {
        public var start: Instant
        public var sums: UsageSums
        public var groups: [Group]

        public init(start: Instant, sums: UsageSums = UsageSums(), groups: [Group] = []) {
            self.start = start
            self.sums = sums
            self.groups = groups
        }
    }

    public var account: Name
    public var from: Instant
    public var to: Instant
    /// `minute`, `hour`, `day` or `month`.
    public var resolution: String
    public var timeZone: String
    /// Such as `action`; nil for buckets as a whole.
    public var groupBy: String?
    public var buckets: [Bucket]

    public init(
        account: Name, from: Instant, to: Instant, resolution: String, timeZone: String,
        groupBy: String?, buckets: [Bucket]
    ) {
        self.account = account
        self.from = from
        self.to = to
        self.resolution = resolution
        self.timeZone = timeZone
        self.groupBy = groupBy
        self.buckets = buckets
    }

    private var total: UsageSums {
        var total = UsageSums()
        for bucket in buckets { total.add(bucket.sums) }
        return total
    }
}

extension UsageAnswer: JSONWritable {
    public func write(to bytes: inout [UInt8]) {
        var writer = JSONWriter(capacity: 128 + buckets.count * 96)
        writer.beginObject()
        writer.member("account", account)
        writer.member("from", from)
        writer.member("to", to)
        writer.member("resolution", resolution)
        writer.member("time_zone", timeZone)
        writer.member("group_by", groupBy)
        writer.key("total")
        writer.beginObject()
        writer.add(total)
        writer.endObject()
        writer.key("buckets")
        writer.beginArray()
        for bucket in buckets { write(bucket, to: &writer) }
        writer.endArray()
        writer.endObject()
        bytes.append(contentsOf: writer.bytes)
    }

    private func write(_ bucket: Bucket, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("start", bucket.start)
        writer.add(bucket.sums)
        if let groupBy {
            writer.key("groups")
            writer.beginArray()
            for group in bucket.groups {
                writer.beginObject()
                writer.key(bytes: groupName(groupBy).utf8.span)
                writer.value(group.name)
                if group.isRest { writer.member("rest", true) }
                writer.add(group.sums, isSplit: groupBy == Self.planOrExtra)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
    }

    /// Credits split by what paid them, which calls are not.
    public static let planOrExtra = "plan_or_extra"

    /// The name of what groups have: `value` for those by a parameter.
    private func groupName(_ groupBy: String) -> String {
        groupBy.hasPrefix("parameter:") ? "value" : groupBy
    }

    /// The same as CSV: a line a bucket, or a line a group of each bucket.
    public var csv: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(literal: "start,")
        if let groupBy {
            bytes.append(contentsOf: groupName(groupBy).utf8)
            bytes.append(UInt8(ascii: ","))
        }
        bytes.append(literal: "credits,calls,units,bytes,plan_credits,extra_credits\r\n")
        for bucket in buckets {
            guard groupBy != nil else {
                bytes.append(line: bucket.sums, at: bucket.start)
                continue
            }
            let nothing = [Group(name: nil, sums: bucket.sums)]
            for group in bucket.groups.isEmpty ? nothing : bucket.groups {
                bytes.append(
                    line: group.sums, at: bucket.start, group: group,
                    isSplit: groupBy == Self.planOrExtra)
            }
        }
        return bytes
    }
}

extension JSONWriter {
    /// Without the counts where credits of the same calls are split.
    fileprivate mutating func add(_ sums: UsageSums, isSplit: Bool = false) {
        member("credits", CreditsSum(micros: sums.credits))
        guard !isSplit else { return }
        member("plan_credits", CreditsSum(micros: sums.credits - sums.extra))
        member("extra_credits", CreditsSum(micros: sums.extra))
        member("calls", sums.calls)
        member("units", WideInteger(sums.units))
        member("bytes", WideInteger(sums.bytes))
    }
}

/// A sum of more than 64 bits as a JSON number.
struct WideInteger: JSONWritable {
    private let value: Int128

    init(_ value: Int128) {
        self.value = value
    }

    func write(to bytes: inout [UInt8]) {
        bytes.append(wide: value)
    }
}

extension [UInt8] {
    fileprivate mutating func append(
        line sums: UsageSums, at start: Instant, group: UsageAnswer.Group? = nil,
        isSplit: Bool = false
    ) {
        append(instant: start)
        append(UInt8(ascii: ","))
        if let group {
            if let name = group.name { append(group: name) }
            append(UInt8(ascii: ","))
        }
        append(micros: sums.credits)
        guard !isSplit else { return append(literal: ",,,,,\r\n") }
        append(UInt8(ascii: ","))
        append(decimal: sums.calls)
        append(UInt8(ascii: ","))
        append(wide: sums.units)
        append(UInt8(ascii: ","))
        append(wide: sums.bytes)
        append(UInt8(ascii: ","))
        append(micros: sums.credits - sums.extra)
        append(UInt8(ascii: ","))
        append(micros: sums.extra)
        append(literal: "\r\n")
    }

    /// Appends a value that was sent: an empty one in quotes, as nothing stands for none.
    private mutating func append(group name: String) {
        name.isEmpty ? append(literal: "\"\"") : append(quoted: name.utf8.span)
    }
}
