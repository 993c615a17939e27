internal import Credit

/// Texts numbered in the order of their first use; number 0 is the empty one.
///
/// Looking a text up makes no copy of it.
public struct NameTable: Sendable {
    private var bytes: [UInt8] = []
    private var ranges: [ByteRange] = [.empty]
    /// The ends of each text, which tell most of them apart without their bytes.
    private var ends = [Bytes.Ends()]
    /// By hash: a number plus one, 0 where free.
    private var slots = [UInt32](repeating: 0, count: 64)

    public init() {}

    /// How many there are, the empty one included.
    public var count: Int { ranges.count }

    /// The number of a text, which is added if it is new.
    @inline(__always)
    public mutating func number(of text: Span<UInt8>) -> UInt32 {
        guard text.count > 0 else { return 0 }
        let ends = Self.ends(of: text)
        let place = place(of: text, ends)
        return slots[place] != 0 ? slots[place] - 1 : add(text, ends, at: place)
    }

    /// True when the text with a number is this one.
    @inline(__always)
    public func isEqual(_ number: UInt32, to text: Span<UInt8>) -> Bool {
        ends[Int(number)] == Self.ends(of: text) && isEqual(ranges[Int(number)], text)
    }

    /// The number of a text that is there; nil for another.
    public func known(_ text: Span<UInt8>) -> UInt32? {
        guard text.count > 0 else { return 0 }
        let place = place(of: text, Self.ends(of: text))
        return slots[place] != 0 ? slots[place] - 1 : nil
    }

    /// Where the slot of a text is, or the free one that it would take.
    @inline(__always)
    private func place(of text: Span<UInt8>, _ ends: Bytes.Ends) -> Int {
        let range = ByteRange(start: 0, count: text.count)
        var place = Int(truncatingIfNeeded: ends.hash(range, text)) & (slots.count - 1)
        while slots[place] != 0 {
            let number = Int(slots[place] - 1)
            if self.ends[number] == ends, isEqual(ranges[number], text) { break }
            place = (place + 1) & (slots.count - 1)
        }
        return place
    }

    @inline(__always)
    private static func ends(of text: Span<UInt8>) -> Bytes.Ends {
        Bytes.Ends(of: ByteRange(start: 0, count: text.count), in: text)
    }

    @inline(__always)
    private func isEqual(_ known: ByteRange, _ text: Span<UInt8>) -> Bool {
        guard known.count == text.count else { return false }
        guard text.count > Bytes.Ends.count else { return true }
        for index in text.indices where bytes[Int(known.start) + index] != text[index] {
            return false
        }
        return true
    }

    private mutating func add(_ text: Span<UInt8>, _ ends: Bytes.Ends, at place: Int) -> UInt32 {
        let number = UInt32(truncatingIfNeeded: ranges.count)
        ranges.append(bytes.appending(text))
        self.ends.append(ends)
        slots[place] = number + 1
        if ranges.count * 2 > slots.count { grow() }
        return number
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for number in 1..<ranges.count {
            let hash = ends[number].hash(ranges[number], bytes.span)
            var place = Int(truncatingIfNeeded: hash) & (slots.count - 1)
            while slots[place] != 0 { place = (place + 1) & (slots.count - 1) }
            slots[place] = UInt32(truncatingIfNeeded: number) + 1
        }
    }

    /// The text with a number.
    public func text(_ number: UInt32) -> String {
        String(decoding: bytes[ranges[Int(number)].indices], as: UTF8.self)
    }

    /// The number that a text of another table has here.
    mutating func number(of number: UInt32, in other: Self) -> UInt32 {
        self.number(of: other.bytes.span.extracting(other.ranges[Int(number)].indices))
    }

    /// Where the text with a number lies in ``allBytes``.
    func range(_ number: UInt32) -> ByteRange { ranges[Int(number)] }

    var allBytes: [UInt8] { bytes }
}
