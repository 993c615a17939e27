/// Eight bytes of a text at once, the first lowest; zeros stand for those behind its end.
struct EightBytes {
    let bits: UInt64

    @inline(__always)
    init(bits: UInt64) {
        self.bits = bits
    }

    /// The bytes from `index` on, which is not negative.
    @inline(__always)
    init(_ text: Span<UInt8>, at index: Int) {
        if index &+ 8 <= text.count {
            bits = unsafe Self.load(text, at: index)
        } else {
            bits = Self.loadLast(text, at: index)
        }
    }

    /// Unsafe unless 8 bytes from `index` on are within the text.
    @unsafe @inline(__always)
    private static func load(_ text: Span<UInt8>, at index: Int) -> UInt64 {
        let word = unsafe text.bytes.unsafeLoadUnaligned(
            fromUncheckedByteOffset: index, as: UInt64.self)
        return UInt64(littleEndian: word)
    }

    @inline(never)
    private static func loadLast(_ text: Span<UInt8>, at index: Int) -> UInt64 {
        guard index < text.count else { return 0 }
        if text.count >= 8 {
            let missing = UInt64(truncatingIfNeeded: index &+ 8 &- text.count)
            return unsafe load(text, at: text.count &- 8) &>> (8 &* missing)
        }
        var bits: UInt64 = 0
        var place = text.count
        while place > index {
            place &-= 1
            bits = bits << 8 | UInt64(text[place])
        }
        return bits
    }
}

extension EightBytes {
    /// The high bit of each byte that is `byte`: right for the first such, any after it.
    @inline(__always)
    func marks(_ byte: UInt8) -> UInt64 {
        let others = bits ^ Self.each(byte)
        return (others &- Self.each(1)) & ~others & Self.each(0x80)
    }

    /// The first `count` bytes, zeros after them.
    @inline(__always)
    func prefix(_ count: Int) -> UInt64 {
        count >= 8 ? bits : bits & ((1 &<< UInt64(truncatingIfNeeded: 8 &* count)) &- 1)
    }

    /// How many digits there are before the first byte that is none.
    @inline(__always)
    var digitCount: Int {
        let values = bits ^ Self.each(0x30)
        let others = ((values &+ Self.each(0x76)) | values) & Self.each(0x80)
        return others.trailingZeroBitCount &>> 3
    }

    /// The whole number that the first `count` bytes, 1 to 8, are the digits of.
    @inline(__always)
    func wholeNumber(_ count: Int) -> UInt64 {
        let shift = UInt64(truncatingIfNeeded: 64 &- 8 &* count)
        let values = (bits ^ Self.each(0x30)) &<< shift  // zeros come first
        let pairs = (values &* 10 &+ values &>> 8) & 0x00FF_00FF_00FF_00FF
        let fours = (pairs &* 100 &+ pairs &>> 16) & 0x0000_FFFF_0000_FFFF
        return (fours &* 10_000 &+ fours &>> 32) & 0xFFFF_FFFF
    }

    @inline(__always)
    private static func each(_ byte: UInt8) -> UInt64 {
        UInt64(byte) &* 0x0101_0101_0101_0101
    }
}

extension EightBytes {
    /// True when `count` bytes of `left` and of `right`, from these places on, are the same.
    @inline(__always)
    static func areEqual(
        _ left: Span<UInt8>, at first: Int, _ right: Span<UInt8>, at second: Int, count: Int
    ) -> Bool {
        guard count >= 8 else {
            return Self(left, at: first).prefix(count) == Self(right, at: second).prefix(count)
        }
        guard first >= 0, second >= 0, first &+ count <= left.count, second &+ count <= right.count
        else { return false }
        // All that follows is within the bounds that were just checked.
        var offset = count &- 8
        guard unsafe load(left, at: first &+ offset) == load(right, at: second &+ offset) else {
            return false
        }
        while offset > 0 {
            offset = max(offset &- 8, 0)
            guard unsafe load(left, at: first &+ offset) == load(right, at: second &+ offset)
            else { return false }
        }
        return true
    }

    /// A hash of the bytes of `text` in `range`, which tells apart texts of different `tag`.
    @inline(__always)
    static func hash(_ text: Span<UInt8>, _ range: Range<Int>, tag: UInt32) -> UInt64 {
        let count = range.count
        let seed = UInt64(tag) &<< 32 | UInt64(truncatingIfNeeded: count)
        let head = Self(text, at: range.lowerBound)
        guard count > 8 else { return mix(seed, head.prefix(count)) }
        let tail = Self(text, at: range.upperBound &- 8)
        let hash = mix(seed ^ tail.bits, head.bits)
        return count <= 16 ? hash : rest(text, range, hash)
    }

    /// Goes on with what is between the first and the last 8 bytes.
    private static func rest(_ text: Span<UInt8>, _ range: Range<Int>, _ hash: UInt64) -> UInt64 {
        var (hash, index) = (hash, range.lowerBound &+ 8)
        while index < range.upperBound &- 8 {
            hash = mix(hash, Self(text, at: index).bits)
            index &+= 8
        }
        return hash
    }

    @inline(__always)
    private static func mix(_ seed: UInt64, _ bits: UInt64) -> UInt64 {
        let factors = (seed ^ 0x9E37_79B9_7F4A_7C15, bits ^ 0xBF58_476D_1CE4_E5B9)
        let product = factors.0.multipliedFullWidth(by: factors.1)
        return product.high ^ product.low
    }
}
