public import Credit
public import JSON

/// What calls used: the sums that usage reports are made of.
public struct UsageSums: Hashable, Sendable {
    /// Micro-credits.
    public var credits: Int128 = 0
    public var calls: Int64 = 0
    public var units: Int128 = 0
    public var bytes: Int128 = 0

    public init() {}

    /// Adds the figures of some calls.
    public mutating func add(credits: Int128, calls: Int64, units: Int128, bytes: Int128) {
        self.credits += credits
        self.calls += calls
        self.units += units
        self.bytes += bytes
    }

    /// Adds other sums.
    public mutating func add(_ other: Self) {
        add(credits: other.credits, calls: other.calls, units: other.units, bytes: other.bytes)
    }
}

/// The answer of `GET /v1/usage`.
public struct UsageAnswer: Sendable {
    /// The use of one action or key in a bucket; the key is nil for calls without one.
    public struct Group: Hashable, Sendable {
        public var name: String?
        public var sums: UsageSums

        public init(name: String?, sums: UsageSums) {
            self.name = name
            self.sums = sums
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
    /// `hour` or `day`.
    public var resolution: String
    public var timeZone: String
    /// `action` or `key`; nil for buckets as a whole.
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
                writer.key(bytes: groupBy.utf8.span)
                writer.value(group.name)
                writer.add(group.sums)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
    }

    /// The same as CSV: a line a bucket, or a line a group of each bucket.
    public var csv: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(literal: "start,")
        if let groupBy {
            bytes.append(contentsOf: groupBy.utf8)
            bytes.append(UInt8(ascii: ","))
        }
        bytes.append(literal: "credits,calls,units,bytes\r\n")
        for bucket in buckets {
            guard groupBy != nil else {
                bytes.append(line: bucket.sums, at: bucket.start)
                continue
            }
            for group in bucket.groups {
                bytes.append(line: group.sums, at: bucket.start, name: group.name ?? "")
            }
        }
        return bytes
    }
}

extension JSONWriter {
    fileprivate mutating func add(_ sums: UsageSums) {
        member("credits", CreditsSum(micros: sums.credits))
        member("calls", sums.calls)
        member("units", WideInteger(value: sums.units))
        member("bytes", WideInteger(value: sums.bytes))
    }
}

private struct WideInteger: JSONWritable {
    let value: Int128

    func write(to bytes: inout [UInt8]) {
        bytes.append(wide: value)
    }
}

extension [UInt8] {
    fileprivate mutating func append(
        line sums: UsageSums, at start: Instant, name: String? = nil
    ) {
        append(instant: start)
        append(UInt8(ascii: ","))
        if let name {
            append(quoted: name.utf8.span)
            append(UInt8(ascii: ","))
        }
        append(micros: sums.credits)
        append(UInt8(ascii: ","))
        append(decimal: sums.calls)
        append(UInt8(ascii: ","))
        append(wide: sums.units)
        append(UInt8(ascii: ","))
        append(wide: sums.bytes)
        append(literal: "\r\n")
    }
}
