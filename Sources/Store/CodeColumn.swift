internal import Credit

/// Writes columns of texts, as ``TextColumn`` does, of texts that are codes of a pool.
struct CodeColumn: Sendable {
    private var known = CodeNumbers()
    private var numbers: [UInt64] = []
    private var lengths: [UInt64] = []
    private var text: [UInt8] = []

    /// Appends the column: a dictionary where at most half of the texts are distinct, else in full.
    mutating func append(_ codes: [TextCode], of pool: TextPool, to bytes: inout [UInt8]) {
        guard codes.contains(where: { $0 != .empty }) else {
            return bytes.append(TextColumn.Form.empty)
        }
        guard codes.count > 1, collect(codes) else {
            bytes.append(TextColumn.Form.plain)
            return appendPlain(codes, of: pool, to: &bytes)
        }
        bytes.append(TextColumn.Form.dictionary)
        bytes.append(varint: UInt64(known.distinct.count))
        appendPlain(known.distinct, of: pool, to: &bytes)
        IntegerColumn.append(numbers, numbers.indices, to: &bytes)
    }

    /// Numbers the distinct texts; false when there are too many for a dictionary to pay.
    private mutating func collect(_ codes: [TextCode]) -> Bool {
        let sample = TextColumn.sampleCount
        known.restart(expecting: codes.count)
        numbers.removeAll(keepingCapacity: true)
        var last: (code: TextCode, number: UInt64) = (.empty, 0)
        for (index, code) in codes.enumerated() {
            if index == 0 || code != last.code { last = (code, UInt64(known.number(of: code))) }
            numbers.append(last.number)
            guard known.distinct.count <= max(1, codes.count / 2) else { return false }
            if index == sample, known.distinct.count * 4 > sample * 3 { return false }
        }
        return true
    }

    /// Appends the texts' lengths, then the texts one after the other.
    private mutating func appendPlain(
        _ codes: [TextCode], of pool: TextPool, to bytes: inout [UInt8]
    ) {
        lengths.removeAll(keepingCapacity: true)
        text.removeAll(keepingCapacity: true)
        for code in codes { lengths.append(UInt64(pool.append(code, to: &text))) }
        IntegerColumn.append(lengths, lengths.indices, to: &bytes)
        bytes.append(contentsOf: text)
    }
}
