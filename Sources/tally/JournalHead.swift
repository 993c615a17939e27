import Store

/// The last segment and its hash, as they are printed: "12:ab34...".
struct JournalHead {
    let number: UInt64
    let hash: [UInt8]

    init(_ mark: JournalMark) {
        number = mark.number
        hash = mark.hash
    }

    init?(_ text: String) {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let number = UInt64(parts[0]), number > 0, parts[1].count == 64
        else { return nil }
        var hash: [UInt8] = []
        var digits = Array(parts[1])[...]
        while let first = digits.popFirst(), let second = digits.popFirst() {
            guard let byte = UInt8("\(first)\(second)", radix: 16) else { return nil }
            hash.append(byte)
        }
        self.number = number
        self.hash = hash
    }

    var text: String {
        let digits = hash.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        return "\(number):\(digits.joined())"
    }
}
