/// Takes the chunked coding off a body, byte for byte as RFC 9112 section 7.1 writes it.
///
/// No sign, prefix or space at a size, CR LF and nothing else at each end, at most eight digits.
struct ChunkedBody {
    private enum State {
        case size(digits: Int)
        case sizeEnd
        case `extension`
        case data
        case dataReturn
        case dataLineFeed
        case trailer
        case trailerEnd
        case done
    }

    private static let sizeDigitsMax = 8

    private var state = State.size(digits: 0)
    /// The bytes of the current chunk that are still to come.
    private var left = 0
    private var extensionBytes = 0
    private var trailerBytes = 0
    private var trailerLine: [UInt8] = []

    /// Whether the last chunk and the trailers have been read.
    var isComplete: Bool {
        if case .done = state { true } else { false }
    }

    /// Appends the data in `input` to `body` and says how much of `input` was used.
    ///
    /// Throws `bodyTooLarge` before a chunk that would take the body over `bodyLimit` bytes.
    mutating func decode(
        _ input: Span<UInt8>, to body: inout [UInt8], bodyLimit: Int, within limits: HTTPLimits
    ) throws(HTTPRejection) -> Int {
        var index = 0
        while index < input.count, !isComplete {
            if case .data = state {
                guard left <= bodyLimit - body.count else { throw .bodyTooLarge }
                let end = min(index + left, input.count)
                body.append(span: input.extracting(index..<end))
                left -= end - index
                index = end
                if left == 0 { state = .dataReturn }
                continue
            }
            try take(input[index], within: limits)
            index += 1
        }
        return index
    }

    private mutating func take(
        _ byte: UInt8, within limits: HTTPLimits
    ) throws(HTTPRejection) {
        switch state {
        case .size(let digits): try takeSize(byte, digits: digits)
        case .extension: try takeExtension(byte, within: limits)
        case .sizeEnd:
            try require(byte, .lineFeed)
            state = left == 0 ? .trailer : .data
        case .dataReturn:
            try require(byte, .carriageReturn)
            state = .dataLineFeed
        case .dataLineFeed:
            try require(byte, .lineFeed)
            state = .size(digits: 0)
        case .trailer: try takeTrailer(byte, within: limits)
        case .trailerEnd: try endTrailer(byte)
        case .data, .done: break
        }
    }

    private func require(_ byte: UInt8, _ expected: UInt8) throws(HTTPRejection) {
        guard byte == expected else { throw .malformedChunk }
    }

    private mutating func takeSize(_ byte: UInt8, digits: Int) throws(HTTPRejection) {
        if let value = byte.hexadecimalValue {
            guard digits < Self.sizeDigitsMax else { throw .malformedChunk }
            left = left << 4 | Int(value)
            state = .size(digits: digits + 1)
            return
        }
        guard digits > 0 else { throw .malformedChunk }
        if byte == UInt8(ascii: ";") {
            state = .extension
        } else {
            try require(byte, .carriageReturn)
            state = .sizeEnd
        }
    }

    private mutating func takeExtension(
        _ byte: UInt8, within limits: HTTPLimits
    ) throws(HTTPRejection) {
        guard byte != .carriageReturn else {
            state = .sizeEnd
            return
        }
        extensionBytes += 1
        guard byte.isText || byte == .tab, extensionBytes <= limits.chunkExtensionBytesMax
        else { throw .malformedChunk }
    }

    private mutating func takeTrailer(
        _ byte: UInt8, within limits: HTTPLimits
    ) throws(HTTPRejection) {
        guard byte != .carriageReturn else {
            state = .trailerEnd
            return
        }
        trailerBytes += 1
        guard byte.isText || byte == .tab, trailerBytes <= limits.trailerBytesMax
        else { throw .malformedChunk }
        trailerLine.append(byte)
    }

    /// Ends a trailer line, which is checked and ignored, or with an empty one the body.
    private mutating func endTrailer(_ byte: UInt8) throws(HTTPRejection) {
        try require(byte, .lineFeed)
        guard !trailerLine.isEmpty else {
            state = .done
            return
        }
        try HeadScanner.checkField(trailerLine.span)
        trailerLine.removeAll(keepingCapacity: true)
        state = .trailer
    }
}
