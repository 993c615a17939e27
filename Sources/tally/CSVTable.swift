/// A file of comma-separated values with a header (RFC 4180), read whole.
struct CSVTable {
    /// The most rows of a file.
    static let rowsMax = 1_000_000

    let columns: [String]
    /// The fields of each row, as many as there are columns.
    let rows: [[String]]

    /// Reads a text; throws with the line that has another number of fields than the header.
    init(_ text: String, path: String) throws {
        var bytes = Array(text.utf8)[...]
        // Spreadsheets write a byte order mark.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        var records = Self.records(of: bytes)
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

    /// The fields of each record of a text.
    static func records(of text: ArraySlice<UInt8>) -> [[String]] {
        var records: [[String]] = []
        var fields: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        var bytes = text
        let endRecord = { (fields: inout [String], field: inout [UInt8]) in
            fields.append(String(decoding: field, as: UTF8.self))
            if fields != [""] { records.append(fields) }
            (fields, field) = ([], [])
        }
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "\"") where isQuoted && bytes.first == byte:
                field.append(byte)
                bytes.removeFirst()
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted:
                fields.append(String(decoding: field, as: UTF8.self))
                field = []
            case UInt8(ascii: "\n") where !isQuoted: endRecord(&fields, &field)
            case UInt8(ascii: "\r") where !isQuoted: break
            default: field.append(byte)
            }
        }
        if !field.isEmpty || !fields.isEmpty { endRecord(&fields, &field) }
        return records
    }
}
