/// A file of comma-separated values with a header (RFC 4180), read whole.
struct CSVTable {
    /// The most rows of a file.
    static let rowsMax = 1_000_000

    let columns: [String]
    /// The fields of each row, as many as there are columns.
    let rows: [[String]]

    /// Reads a text; throws with the line that is not as RFC 4180 has it, or has another number of fields
    /// than the header.
    init(_ text: String, path: String) throws {
        var bytes = Array(text.utf8)[...]
        // Spreadsheets write a byte order mark.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        var records: [[String]]
        do throws(CSVError) {
            records = try Self.records(of: bytes)
        } catch {
            throw Failure.failed("\(path):\(error.line): \(error.reason)")
        }
        guard !records.isEmpty else { throw Failure.failed("\(path) is empty") }
        columns = records.removeFirst()
        guard records.count <= Self.rowsMax else {
            throw Failure.failed("\(path) has more than \(Self.rowsMax) rows")
        }
        for (index, record) in records.enumerated() where record.count != columns.count {
            throw Failure.failed(
                "\(path): row \(index + 1) has \(record.count) fields, the header \(columns.count)")
        }
        rows = records
    }

    /// The place of a column; nil when there is none of the name.
    func place(of column: String) -> Int? { columns.firstIndex(of: column) }

    /// The fields of each record of a text; throws at the first that is not as RFC 4180 has it.
    static func records(of text: ArraySlice<UInt8>) throws(CSVError) -> [[String]] {
        var reader = CSVReader(text)
        var records: [[String]] = []
        while let fields = try reader.next() {
            if fields != [""] { records.append(fields) }
        }
        return records
    }
}

/// Why a text is no comma-separated values, and on which of its lines, from 1.
struct CSVError: Error {
    let line: Int
    let reason: String
}

/// Reads one record after the other.
private struct CSVReader {
    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")

    private var rest: ArraySlice<UInt8>
    private var line = 1

    init(_ text: ArraySlice<UInt8>) {
        rest = text
    }

    /// The fields of the next record; nil at the end.
    mutating func next() throws(CSVError) -> [String]? {
        guard !rest.isEmpty else { return nil }
        var fields = [try field()]
        while rest.first == Self.comma {
            rest.removeFirst()
            fields.append(try field())
        }
        try endRecord()
        return fields
    }

    private mutating func field() throws(CSVError) -> String {
        let start = line
        let bytes = rest.first == Self.quote ? try quoted() : try plain()
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CSVError(
                line: start,
                reason: "it is not UTF-8: export it so, or convert it, as with iconv")
        }
        return text
    }

    private mutating func plain() throws(CSVError) -> [UInt8] {
        var field: [UInt8] = []
        while let byte = rest.first, byte != Self.comma, byte != 0x0A, byte != 0x0D {
            guard byte != Self.quote else {
                throw failure("a quote stands within a field that does not begin with one")
            }
            field.append(byte)
            rest.removeFirst()
        }
        return field
    }

    private mutating func quoted() throws(CSVError) -> [UInt8] {
        let start = line
        var field: [UInt8] = []
        rest.removeFirst()
        while let byte = rest.popFirst() {
            if byte == 0x0A { line += 1 }
            guard byte == Self.quote else {
                field.append(byte)
                continue
            }
            guard rest.first == Self.quote else {
                guard let next = rest.first, ![Self.comma, 0x0A, 0x0D].contains(next) else {
                    return field
                }
                throw failure("something stands after the quote that closes a field")
            }
            field.append(byte)
            rest.removeFirst()
        }
        throw CSVError(line: start, reason: "a quote is not closed")
    }

    /// Takes the end of a line, or finds the end of the text.
    private mutating func endRecord() throws(CSVError) {
        if rest.first == 0x0D { rest.removeFirst() }
        guard let byte = rest.popFirst() else { return }
        guard byte == 0x0A else { throw failure("a carriage return stands within a line") }
        line += 1
    }

    private func failure(_ reason: String) -> CSVError { CSVError(line: line, reason: reason) }
}
