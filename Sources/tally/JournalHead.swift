import SQLiteStore
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

    /// Fails unless a journal has the head that was printed before.
    static func check(_ text: String?, in journal: SQLiteJournalReader) throws {
        guard let text else { return }
        guard let head = Self(text) else {
            throw Failure.usage("--head: a head is a segment's number, ':' and 64 hex digits")
        }
        guard try journal.segment(head.number)?.hash == head.hash else {
            throw Failure.failed(
                "segment \(head.number) is missing or another one: the journal is not the one that "
                    + "this head was taken from, or its end is cut off")
        }
    }

    var text: String {
        let digits = hash.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        return "\(number):\(digits.joined())"
    }
}
