internal import Credit
internal import JSON
internal import Ledger
internal import Reports
internal import Store
internal import Wire

/// The sums of a usage report as they grow.
struct UsageBuckets {
    /// The most values that the groups of a report tell apart; further ones are the rest.
    static let groupsMax = 10_000

    private struct GroupKey: Hashable {
        let bucket: Int
        /// Nil for calls without a value.
        let name: String?
        /// True for all values together that are not told apart.
        let isRest: Bool
    }

    private let starts: [Instant]
    private let end: Instant
    private let group: UsageQuery.Group?
    private let keyID: (APIKeySlot) -> String?
    private var sums: [UsageSums]
    private var groups: [GroupKey: UsageSums] = [:]
    private var names: Set<String> = []
    /// True when there were too many entries to read one by one.
    var isIncomplete = false

    init(
        starts: [Instant], end: Instant, group: UsageQuery.Group?,
        keyID: @escaping (APIKeySlot) -> String?
    ) {
        self.starts = starts
        self.end = end
        self.group = group
        self.keyID = keyID
        sums = [UsageSums](repeating: UsageSums(), count: starts.count)
    }

    /// The bucket that all of a stretch of time lies in; nil when none does, or it may hold only a
    /// part of it.
    func bucket(holding range: Range<Instant>) -> Int? {
        guard let bucket = bucket(of: range.lowerBound) else { return nil }
        let end = bucket + 1 < starts.count ? starts[bucket + 1] : end
        return range.upperBound <= end ? bucket : nil
    }

    /// The last bucket that begins no later than `time`; nil for none.
    private func bucket(of time: Instant) -> Int? {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= time { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? low - 1 : nil
    }

    /// Adds a cell whose texts `table` has.
    mutating func add(_ cell: UsageCell, to bucket: Int, _ table: NameTable) {
        sums[bucket].add(cell.sums)
        let text = { (number: UInt32) in number == 0 ? nil : table.text(number) }
        switch group {
        case nil: break
        case .action: add(cell.sums, bucket, text(cell.key.action))
        case .team: add(cell.sums, bucket, text(cell.key.team))
        case .scenario: add(cell.sums, bucket, text(cell.key.scenario))
        case .key: add(cell.sums, bucket, name(of: cell.key.key))
        case .status: add(cell.sums, bucket, cell.key.status.word)
        case .planOrExtra: split(cell.sums, bucket)
        case .run, .module, .parameter: break
        }
    }

    /// Adds an entry whose texts lie in `summaries`; a refund with what its charge said.
    mutating func add(_ entry: EntrySummary, of summaries: borrowing EntrySummaries) {
        guard let bucket = bucket(of: entry.time) else { return }
        let part = UsageSums(of: entry)
        sums[bucket].add(part)
        let text = { (range: ByteRange, summaries: borrowing EntrySummaries) in
            range.isEmpty ? nil : summaries.text(range)
        }
        switch group {
        case nil: break
        case .action: add(part, bucket, text(entry.action, summaries))
        case .team: add(part, bucket, text(entry.team, summaries))
        case .scenario: add(part, bucket, text(entry.scenario, summaries))
        case .key: add(part, bucket, name(of: entry.key))
        case .status: add(part, bucket, entry.status.word)
        case .planOrExtra: split(part, bucket)
        case .run: add(part, bucket, text(entry.run, summaries))
        case .module: add(part, bucket, text(entry.module, summaries))
        case .parameter(let path):
            let parameters = summaries.bytes.span.extracting(entry.parameters.indices)
            add(part, bucket, ParameterValue(of: path, in: parameters)?.text)
        }
    }

    private func name(of key: APIKeySlot) -> String? {
        switch key {
        case ChargeCommand.noKey: nil
        default: keyID(key)
        }
    }

    private mutating func add(_ part: UsageSums, _ bucket: Int, _ name: String?) {
        var isRest = false
        if let name, !names.contains(name) {
            isRest = names.count >= Self.groupsMax
            if !isRest { names.insert(name) }
        }
        let key = GroupKey(
            bucket: bucket, name: isRest ? UsageCells.otherName : name, isRest: isRest)
        groups[key, default: UsageSums()].add(part)
    }

    /// Splits credits by what paid them.
    private mutating func split(_ part: UsageSums, _ bucket: Int) {
        var (plan, extra) = (UsageSums(), UsageSums())
        plan.credits = part.credits - part.extra
        extra.credits = part.extra
        extra.extra = part.extra
        add(plan, bucket, "plan")
        add(extra, bucket, "extra")
    }

    /// The buckets in order, each with its groups, those that used most first.
    var buckets: [UsageAnswer.Bucket] {
        var buckets = starts.indices.map { index in
            UsageAnswer.Bucket(start: starts[index], sums: sums[index])
        }
        for (groupKey, sums) in groups where sums != UsageSums() {
            buckets[groupKey.bucket].groups.append(
                UsageAnswer.Group(name: groupKey.name, sums: sums, isRest: groupKey.isRest))
        }
        for index in buckets.indices {
            buckets[index].groups.sort { $0.precedes($1) }
        }
        return buckets
    }
}

/// The value of one parameter of a call.
private struct ParameterValue {
    /// A string without its quotes, anything else as canonical JSON.
    let text: String

    /// Finds the value at a dotted path; nil when there is none.
    init?(of path: String, in parameters: Span<UInt8>) {
        guard !parameters.isEmpty, let range = Self.find(path.utf8[...], in: parameters, at: 0)
        else { return nil }
        let value = parameters.extracting(range)
        let isString = value.count >= 2 && value[0] == UInt8(ascii: "\"")
        guard isString else {
            text = String(value)
            return
        }
        var bytes: [UInt8] = []
        var cursor = JSONCursor(at: range.lowerBound)
        guard let string = try? cursor.string(in: parameters) else { return nil }
        bytes.append(unescaped: string, of: parameters)
        text = String(bytes.span)
    }

    private static func find(
        _ path: Substring.UTF8View, in text: Span<UInt8>, at start: Int
    ) -> Range<Int>? {
        var cursor = JSONCursor(at: start)
        guard (try? cursor.beginObject(in: text)) != nil else { return nil }
        while let key = try? cursor.nextKey(in: text) {
            guard let value = try? cursor.skipValue(in: text) else { return nil }
            let name = text.extracting(key.range)
            guard path.starts(with: name) else { continue }
            let rest = path.dropFirst(name.count)
            if rest.isEmpty { return value }
            guard rest.first == UInt8(ascii: "."), !name.isEmpty else { continue }
            if let found = find(rest.dropFirst(), in: text, at: value.lowerBound) { return found }
        }
        return nil
    }
}

extension Substring.UTF8View {
    fileprivate func starts(with name: Span<UInt8>) -> Bool {
        guard name.count <= count else { return false }
        for (index, byte) in prefix(name.count).enumerated() where name[index] != byte {
            return false
        }
        return true
    }
}
