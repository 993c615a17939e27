/// The parameters that a group of rules looks at, found in one walk over their canonical JSON.
///
/// The walk believes that the text is canonical: it steps from value to value, checks only what it
/// stands on and never leaves the text. Where it is in doubt it gives up, and the exact reader
/// decides.
enum QuickScan {
    /// The most parameters that are looked for.
    static let slotsMax = 16
}

/// The values of the parameters that were looked for, by slot.
struct FoundValues {
    /// Two words for each slot, zeros where there is no value.
    ///
    /// The first is where the value starts and, in the high half, where it ends; the second is the
    /// number that it is, inverted.
    private var words: [32 of UInt64] = [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]

    @inline(__always)
    mutating func set(_ slot: Int, start: Int, end: Int, number: UInt64) {
        words[2 &* slot] =
            UInt64(truncatingIfNeeded: end) &<< 32 | UInt64(truncatingIfNeeded: start)
        words[2 &* slot &+ 1] = ~number
    }

    /// True when the parameter is there.
    @inline(__always)
    mutating func has(_ slot: Int) -> Bool { words[2 &* slot] > 0 }

    /// Where the value stands.
    @inline(__always)
    mutating func range(_ slot: Int) -> Range<Int> {
        let word = words[2 &* slot]
        return unsafe Range(uncheckedBounds: (Int(word & 0xFFFF_FFFF), Int(word &>> 32)))
    }

    /// The value; `UInt64.max` when it is no whole number of at most 12 digits, or not there.
    @inline(__always)
    mutating func number(_ slot: Int) -> UInt64 { ~words[2 &* slot &+ 1] }
}

/// A parameter that is looked for, without dots in its path.
struct WantedKey: BitwiseCopyable {
    /// The most bytes of a key.
    static let countMax = 30

    /// The first bytes of the key with its closing quote and the colon, and the last 8 of them.
    private let head: UInt64
    private let headMask: UInt64
    private let tail: UInt64
    /// The 8 after the first, and the 8 before the last.
    private let second: UInt64
    private let third: UInt64
    private let count: Int

    /// A key of at most ``countMax`` bytes.
    init(_ key: [UInt8]) {
        let bytes = key + [UInt8(ascii: "\""), UInt8(ascii: ":")]
        count = bytes.count
        head = EightBytes(bytes.span, at: 0).bits
        headMask = EightBytes(bits: .max).prefix(count)
        tail = EightBytes(bytes.span, at: max(count - 8, 0)).bits
        second = EightBytes(bytes.span, at: min(8, count)).bits
        third = EightBytes(bytes.span, at: max(count - 16, 0)).bits
    }

    /// A bit for the first byte of the key.
    var bit: UInt64 { 1 &<< (head & 63) }

    /// Where the value starts if the key stands at `first`, where `head` was read; -1 if not.
    @inline(__always)
    static func end(
        of keys: Span<Self>, _ index: Int, in text: Span<UInt8>, _ first: Int, _ head: EightBytes
    ) -> Int {
        // A method of the key would copy all of it first.
        guard head.bits & keys[index].headMask == keys[index].head else { return -1 }
        let count = keys[index].count
        let end = first &+ count
        guard count > 8 else { return end }
        guard EightBytes(text, at: end &- 8).bits == keys[index].tail else { return -1 }
        return count <= 16 || keys[index].hasMiddle(text, first, end) ? end : -1
    }

    @inline(never)
    private func hasMiddle(_ text: Span<UInt8>, _ first: Int, _ end: Int) -> Bool {
        EightBytes(text, at: first &+ 8).bits == second
            && EightBytes(text, at: end &- 16).bits == third
    }
}

extension QuickScan {
    /// Finds the values of `wanted`, fastest when these are in order.
    ///
    /// `firsts` has a bit for the first byte of each key, as ``WantedKey/bit`` is.
    ///
    /// False when one is there twice, and for anything but an object that is easy to read, or no bytes at all.
    static func scan(
        _ text: Span<UInt8>, for wanted: Span<WantedKey>, firsts: UInt64,
        into found: inout FoundValues
    ) -> Bool {
        guard text.count > 2 else { return Self.isEmptyObject(text) }
        guard text[0] == UInt8(ascii: "{") else { return false }
        var (index, next) = (1, 0)
        while true {
            guard isWithin(text, index), text[index] == UInt8(ascii: "\"") else { return false }
            let first = index &+ 1
            let head = EightBytes(text, at: first)
            var (slot, start) = (-1, -1)
            if firsts &>> (head.bits & 63) & 1 == 1 {
                if next >= wanted.count { next = 0 }
                slot = next
                start = WantedKey.end(of: wanted, slot, in: text, first, head)
                if start < 0 { (slot, start) = search(wanted, in: text, first, head) }
                guard start < 0 || !found.has(slot) else { return false }
                next = slot &+ 1
            }
            if start < 0 {
                let end = Self.stringEnd(text, from: first, head)
                start = end &+ 2
                guard isWithin(text, end &+ 1), text[end &+ 1] == UInt8(ascii: ":") else {
                    return false
                }
            }
            let (end, number) = Self.value(text, from: start)
            guard isWithin(text, end) else { return false }
            if slot >= 0 {
                found.set(slot, start: start, end: end, number: number)
            }
            index = end &+ 1
            guard text[end] == UInt8(ascii: ",") else {
                return text[end] == UInt8(ascii: "}") && index == text.count
            }
        }
    }

    /// One comparison where a lower and an upper bound would be two.
    @inline(__always)
    private static func isWithin(_ text: Span<UInt8>, _ index: Int) -> Bool {
        UInt(bitPattern: index) < UInt(bitPattern: text.count)
    }

    /// The slot of the key that stands at `first`, and where its value starts; -1 for none.
    @inline(never)
    private static func search(
        _ wanted: Span<WantedKey>, in text: Span<UInt8>, _ first: Int, _ head: EightBytes
    ) -> (slot: Int, start: Int) {
        for slot in wanted.indices {
            let start = WantedKey.end(of: wanted, slot, in: text, first, head)
            if start >= 0 { return (slot, start) }
        }
        return (-1, -1)
    }

    private static func isEmptyObject(_ text: Span<UInt8>) -> Bool {
        guard text.count > 0 else { return true }
        return text.count == 2 && text[0] == UInt8(ascii: "{") && text[1] == UInt8(ascii: "}")
    }

    /// Where the value at `first` ends, and what it is if it is a whole number.
    ///
    /// The end is that of the text, or behind it, for a value that is broken.
    @inline(__always)
    private static func value(
        _ text: Span<UInt8>, from first: Int
    ) -> (end: Int, number: UInt64) {
        let word = EightBytes(text, at: first)
        if word.bits & 0xFF == UInt64(UInt8(ascii: "\"")) {
            let start = first &+ 1
            return (stringEnd(text, from: start, EightBytes(text, at: start)) &+ 1, .max)
        }
        let count = word.digitCount
        if 1...7 ~= count {
            let end = first &+ count
            if isWithin(text, end), text[end] != UInt8(ascii: ".") {
                return (end, word.wholeNumber(count))
            }
        }
        return otherValue(text, from: first)
    }
}

extension QuickScan {
    /// Where the string from `first` on has its closing quote; the end of the text for none.
    @inline(__always)
    private static func stringEnd(
        _ text: Span<UInt8>, from first: Int, _ head: EightBytes
    ) -> Int {
        var (index, word) = (first, head)
        while true {
            let marks = word.marks(UInt8(ascii: "\"")) | word.marks(UInt8(ascii: "\\"))
            if marks == 0 {
                index &+= 8
            } else {
                index &+= marks.trailingZeroBitCount &>> 3
                guard isWithin(text, index), text[index] == UInt8(ascii: "\\") else { return index }
                index &+= 2
            }
            guard index < text.count else { return text.count }
            word = EightBytes(text, at: index)
        }
    }

    /// Any value but a string and a short whole number.
    @inline(never)
    private static func otherValue(
        _ text: Span<UInt8>, from first: Int
    ) -> (end: Int, number: UInt64) {
        guard first < text.count else { return (text.count, .max) }
        switch text[first] {
        case UInt8(ascii: "{"), UInt8(ascii: "["): return (containerEnd(text, from: first), .max)
        default:
            let end = wordEnd(text, from: first)
            return (end, longNumber(text, from: first, to: end))
        }
    }

    /// The first comma or brace from `first` on: where a number, true, false or null ends.
    private static func wordEnd(_ text: Span<UInt8>, from first: Int) -> Int {
        var index = first
        while index < text.count, text[index] != UInt8(ascii: ","), text[index] != UInt8(ascii: "}")
        {
            index &+= 1
        }
        return index
    }

    private static func longNumber(_ text: Span<UInt8>, from first: Int, to end: Int) -> UInt64 {
        guard 1...12 ~= end &- first else { return .max }
        var number: UInt64 = 0
        for index in first..<end {
            guard case 0x30...0x39 = text[index] else { return .max }
            number = number &* 10 &+ UInt64(text[index] & 0x0F)
        }
        return number
    }

    /// Where the object or array from `first` on ends.
    private static func containerEnd(_ text: Span<UInt8>, from first: Int) -> Int {
        var (index, depth) = (first, 0)
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth &+= 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth &-= 1
            case UInt8(ascii: "\""):
                let start = index &+ 1
                index = stringEnd(text, from: start, EightBytes(text, at: start))
            default: break
            }
            index &+= 1
            if depth == 0 { return index }
        }
        return text.count
    }
}
