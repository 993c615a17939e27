internal import Credit

/// Reads TZif files (RFC 8536) of version 2 or later: the 64-bit block and the footer.
struct TimeZoneFile {
    /// The bytes are not such a file.
    struct Malformed: Error, Hashable {}

    private static let headerBytes = 44
    /// The most transitions, types and bytes of a file that is read; real ones stay far below.
    private static let countMax = 10_000
    /// Years for which the footer's rule is written out as transitions.
    private static let yearMax = 2200

    private struct Counts {
        var utIndicators = 0
        var standardIndicators = 0
        var leaps = 0
        var transitions = 0
        var types = 0
        var letters = 0

        func bytes(timeBytes: Int) -> Int {
            transitions * (timeBytes + 1) + types * 6 + letters + leaps * (timeBytes + 4)
                + standardIndicators + utIndicators
        }
    }

    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    func rules() throws(Malformed) -> TimeZoneRules {
        let first = try counts(at: 0)
        let start = Self.headerBytes + first.bytes(timeBytes: 4)
        let counts = try counts(at: start)
        guard counts.leaps == 0, counts.types > 0 else { throw Malformed() }
        let data = start + Self.headerBytes
        let end = data + counts.bytes(timeBytes: 8)
        guard end <= bytes.count else { throw Malformed() }
        let offsets = try offsets(counts, from: data + counts.transitions * 9)
        var transitions: [TimeZoneRules.Transition] = []
        for index in 0..<counts.transitions {
            let type = Int(bytes[data + counts.transitions * 8 + index])
            let time = try integer(at: data + index * 8, bytes: 8)
            guard type < offsets.count, transitions.last.map({ $0.time < time }) ?? true else {
                throw Malformed()
            }
            transitions.append(.init(time: time, offset: offsets[type]))
        }
        try append(footerFrom: end, to: &transitions)
        return TimeZoneRules(firstOffset: offsets[0], transitions: transitions)
    }

    private func counts(at start: Int) throws(Malformed) -> Counts {
        guard start + Self.headerBytes <= bytes.count,
            bytes[start..<start + 4].elementsEqual("TZif".utf8),
            bytes[start + 4] >= UInt8(ascii: "2")
        else { throw Malformed() }
        var fields: [Int] = []
        for index in 0..<6 {
            let count = try integer(at: start + 20 + index * 4, bytes: 4)
            guard 0...Int64(Self.countMax) ~= count else { throw Malformed() }
            fields.append(Int(count))
        }
        return Counts(
            utIndicators: fields[0], standardIndicators: fields[1], leaps: fields[2],
            transitions: fields[3], types: fields[4], letters: fields[5])
    }

    private func offsets(_ counts: Counts, from start: Int) throws(Malformed) -> [Int64] {
        var offsets: [Int64] = []
        for index in 0..<counts.types {
            let offset = try integer(at: start + index * 6, bytes: 4)
            guard -93_599...93_599 ~= offset else { throw Malformed() }
            offsets.append(offset)
        }
        return offsets
    }

    /// A signed integer, highest byte first.
    private func integer(at start: Int, bytes count: Int) throws(Malformed) -> Int64 {
        guard start >= 0, start + count <= bytes.count else { throw Malformed() }
        var value: Int64 = bytes[start] >= 0x80 ? -1 : 0
        for byte in bytes[start..<start + count] { value = value << 8 | Int64(byte) }
        return value
    }

    /// Writes the rule of the footer out for the years after the last transition.
    private func append(
        footerFrom start: Int, to transitions: inout [TimeZoneRules.Transition]
    ) throws(Malformed) {
        guard start + 1 < bytes.count, bytes[start] == 0x0A, bytes.last == 0x0A else {
            throw Malformed()
        }
        let text = Array(bytes[start + 1..<bytes.count - 1])
        guard !text.isEmpty else { return }
        let rule = try PosixTimeZone(text)
        let last = transitions.last?.time
        let year = last.map { Self.year(of: $0) } ?? 1970
        guard year <= Self.yearMax else { return }
        for year in year...Self.yearMax {
            for change in rule.transitions(in: year) where last.map({ change.time > $0 }) ?? true {
                transitions.append(change)
            }
        }
    }

    private static func year(of time: Int64) -> Int {
        let day = time >= 0 ? time / 86_400 : (time - 86_399) / 86_400
        return max(1970, CivilDate(daysSinceEpoch: day).year)
    }
}
