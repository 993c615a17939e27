/// Finds the end of a head and refuses what http-parser lets through.
///
/// http-parser as distributed takes a bare LF, white space before a colon, folded lines and NUL;
/// whoever reads one of these otherwise than we do could be made to see other requests than we
/// do. Bytes may arrive in any portions: each is looked at once.
struct HeadScanner {
    /// The method is at most this long.
    private static let methodBytesMax = 16
    /// The bytes of a request line beside its method and target.
    private static let versionBytes = 10

    /// The bytes found clean, counted from the start of the head.
    private var position = 0
    private var lineStart = 0
    /// Where the header lines start; nil before the request line ended.
    private var fieldsStart: Int?
    private(set) var fieldCount = 0
    private var hasSkippedEmptyLine = false

    /// Whether some of the head has arrived.
    var hasBegun: Bool { position > 0 }

    /// The length of the head with its last empty line, or nil until all of it is in `bytes`.
    mutating func scan(
        _ bytes: Span<UInt8>, within limits: HTTPLimits
    ) throws(HTTPRejection) -> Int? {
        while true {
            var index = position
            while index < bytes.count, bytes[index].isText || bytes[index] == .tab { index += 1 }
            position = index
            // Before what follows is looked at: it may still be on its way.
            try checkSize(within: limits)
            guard index < bytes.count else { return nil }
            guard bytes[index] == .carriageReturn else { throw defect }
            guard index + 1 < bytes.count else { return nil }
            guard bytes[index + 1] == .lineFeed else { throw defect }
            let line = lineStart..<index
            position = index + 2
            lineStart = position
            if try endLine(line, in: bytes, within: limits) { return position }
        }
    }

    private var defect: HTTPRejection {
        fieldsStart == nil ? .malformedRequestLine : .malformedField
    }

    /// Checks a line and says whether it was the empty one that ends the head.
    private mutating func endLine(
        _ line: Range<Int>, in bytes: Span<UInt8>, within limits: HTTPLimits
    ) throws(HTTPRejection) -> Bool {
        try checkSize(within: limits)
        guard fieldsStart != nil else {
            try endFirstLine(line, in: bytes, within: limits)
            return false
        }
        guard !line.isEmpty else { return true }
        fieldCount += 1
        guard fieldCount <= limits.headerCountMax else { throw .headersTooLarge }
        try Self.checkField(bytes.extracting(line))
        return false
    }

    /// Takes the request line, or the one empty line that may stand before it.
    private mutating func endFirstLine(
        _ line: Range<Int>, in bytes: Span<UInt8>, within limits: HTTPLimits
    ) throws(HTTPRejection) {
        guard !line.isEmpty else {
            guard !hasSkippedEmptyLine else { throw .malformedRequestLine }
            hasSkippedEmptyLine = true
            return
        }
        try Self.checkRequestLine(bytes.extracting(line), within: limits)
        fieldsStart = position
    }

    private func checkSize(within limits: HTTPLimits) throws(HTTPRejection) {
        if let fieldsStart {
            guard position - fieldsStart <= limits.headerBytesMax + 2
            else { throw .headersTooLarge }
        } else {
            let most = Self.methodBytesMax + limits.targetBytesMax + Self.versionBytes
            guard position - lineStart <= most else { throw .uriTooLong }
        }
    }

    private static func checkRequestLine(
        _ line: Span<UInt8>, within limits: HTTPLimits
    ) throws(HTTPRejection) {
        var index = 0
        while index < line.count, line[index].isUpperCase || line[index] == UInt8(ascii: "-") {
            index += 1
        }
        guard index > 0, index <= methodBytesMax, index < line.count, line[index] == .space
        else { throw .malformedRequestLine }
        index += 1
        let target = index
        while index < line.count, line[index].isVisibleASCII { index += 1 }
        guard index - target <= limits.targetBytesMax else { throw .uriTooLong }
        guard index > target, index + 9 == line.count, line[index] == .space
        else { throw .malformedRequestLine }
        let version = line.extracting((index + 1)...)
        guard version.starts(with: "HTTP/"), version[5].isDigit, version[6] == UInt8(ascii: "."),
            version[7].isDigit
        else { throw .malformedRequestLine }
    }

    /// Checks `name: value`; controls were refused before, so only the name is left.
    static func checkField(_ line: Span<UInt8>) throws(HTTPRejection) {
        var index = 0
        while index < line.count, line[index].isToken { index += 1 }
        guard index > 0, index < line.count, line[index] == .colon
        else { throw .malformedField }
    }
}
