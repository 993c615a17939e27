internal import Credit
public import Ledger

extension CallStatus {
    private static let words: [(text: String, status: CallStatus)] = [
        ("succeeded", .succeeded), ("failed", .failed), ("empty", .empty), ("partial", .partial),
        ("timeout", .timeout),
    ]

    /// One of the words, or the HTTP status; nil where nothing was said.
    public var word: String? {
        guard self != .unsaid else { return nil }
        if self == .cancelled { return "cancelled" }
        return Self.words.first { $0.status == self }?.text ?? "\(rawValue)"
    }

    /// The HTTP status 100 to 599.
    public init?(httpCode: Int64) {
        guard 100...599 ~= httpCode else { return nil }
        self.init(rawValue: UInt16(httpCode))
    }

    /// One of the words, or the three digits of an HTTP status.
    public init?(text: Span<UInt8>) {
        for word in Self.words where word.text.utf8.count == text.count {
            if String(text) == word.text {
                self = word.status
                return
            }
        }
        guard text.count == 3, let code = Int64(String(text)) else { return nil }
        self.init(httpCode: code)
    }
}

extension [UInt8] {
    /// Appends a status as JSON: `null`, a word, or a number.
    mutating func append(json status: CallStatus) {
        switch status {
        case .unsaid: append(literal: "null")
        case .succeeded, .failed, .empty, .partial, .timeout:
            append(UInt8(ascii: "\""))
            append(plain: status)
            append(UInt8(ascii: "\""))
        default: append(plain: status)
        }
    }

    /// Appends a status as it stands in CSV: nothing, a word, or a number.
    mutating func append(plain status: CallStatus) {
        switch status {
        case .unsaid: break
        case .succeeded: append(literal: "succeeded")
        case .failed: append(literal: "failed")
        case .empty: append(literal: "empty")
        case .partial: append(literal: "partial")
        case .timeout: append(literal: "timeout")
        default: append(decimal: Int64(status.rawValue))
        }
    }
}
