/// Swift text with comments, the contents of string literals and backticked names blanked out.
///
/// Every byte keeps its place and every line its number, so that what is found in the code can be
/// looked up in the text. Code inside an interpolation is blanked too.
struct CodeText {
    private enum Mode {
        case code
        case lineComment
        case blockComment(depth: Int)
        case backticks
        case string(hashes: Int, isMultiline: Bool)
    }

    private let source: [UInt8]
    private var blanked: [UInt8]
    private var index = 0
    private var mode = Mode.code

    private init(_ text: String) {
        source = Array(text.utf8)
        blanked = source
    }

    /// The bytes of `text` with only code left.
    static func code(of text: String) -> [UInt8] {
        var reader = CodeText(text)
        while reader.index < reader.source.count { reader.step() }
        return reader.blanked
    }

    private mutating func step() {
        switch mode {
        case .code: stepInCode()
        case .lineComment:
            if source[index] == UInt8(ascii: "\n") { mode = .code }
            blank(1)
        case .blockComment(let depth): stepInComment(depth)
        case .backticks:
            if source[index] == UInt8(ascii: "`") { mode = .code }
            blank(1)
        case .string(let hashes, let isMultiline): stepInString(hashes, isMultiline)
        }
    }

    private mutating func stepInCode() {
        if starts(with: "//") {
            mode = .lineComment
        } else if starts(with: "/*") {
            mode = .blockComment(depth: 1)
            blank(2)
        } else if starts(with: "`") {
            mode = .backticks
            blank(1)
        } else if let (hashes, isMultiline) = stringOpening() {
            mode = .string(hashes: hashes, isMultiline: isMultiline)
            blank(hashes + (isMultiline ? 3 : 1))
        } else {
            index += 1
        }
    }

    private mutating func stepInComment(_ depth: Int) {
        if starts(with: "/*") {
            mode = .blockComment(depth: depth + 1)
            blank(2)
        } else if starts(with: "*/") {
            mode = depth == 1 ? .code : .blockComment(depth: depth - 1)
            blank(2)
        } else {
            blank(1)
        }
    }

    private mutating func stepInString(_ hashes: Int, _ isMultiline: Bool) {
        let marks = String(repeating: "#", count: hashes)
        let end = (isMultiline ? "\"\"\"" : "\"") + marks
        if starts(with: end) {
            mode = .code
            blank(end.utf8.count)
        } else if starts(with: "\\\(marks)(") {
            blankInterpolation(from: 2 + hashes)
        } else if hashes == 0, starts(with: "\\") {
            blank(2)
        } else {
            blank(1)
        }
    }

    /// Skips `\(…)`, whose parentheses are counted and whose literals are read as such.
    private mutating func blankInterpolation(from opening: Int) {
        let outer = mode
        blank(opening)
        mode = .code
        var depth = 1
        while depth > 0, index < source.count {
            if case .code = mode {
                if source[index] == UInt8(ascii: "(") { depth += 1 }
                if source[index] == UInt8(ascii: ")") { depth -= 1 }
            }
            let start = index
            step()
            for place in start..<index { blank(at: place) }
        }
        mode = outer
    }

    /// The number of `#` and whether three quotes follow, when a string literal starts here.
    private func stringOpening() -> (hashes: Int, isMultiline: Bool)? {
        var place = index
        while place < source.count, source[place] == UInt8(ascii: "#") { place += 1 }
        guard place < source.count, source[place] == UInt8(ascii: "\"") else { return nil }
        let isMultiline = source[place...].starts(with: "\"\"\"".utf8)
        return (place - index, isMultiline)
    }

    private func starts(with text: String) -> Bool {
        source[index...].starts(with: text.utf8)
    }

    private mutating func blank(_ count: Int) {
        let end = min(index + count, source.count)
        for place in index..<end { blank(at: place) }
        index = end
    }

    private mutating func blank(at place: Int) {
        if source[place] != UInt8(ascii: "\n") { blanked[place] = UInt8(ascii: " ") }
    }
}
