import Glibc
import JSON
import Wire

/// A row of a table that is imported: its values as JSON, those that are empty left out.
struct TableRow {
    /// Where it begins in its file, from 1.
    let line: Int
    let values: [String: JSONValue]

    subscript(_ column: String) -> JSONValue? { values[column] }
}

/// What the values of a column are.
enum ColumnKind {
    case text
    case number
    case flag
    /// Words with spaces between in CSV, an array of strings in NDJSON.
    case texts
    /// An object; in CSV its JSON.
    case object
}

/// What a table may have.
struct TableForm {
    let name: String
    let columns: [String: ColumnKind]
    let required: [String]
    /// Columns that are told in exports and follow from others.
    let ignored: Set<String>
}

/// Reads a table row by row, CSV with a header or NDJSON; holds one row at a time.
final class TableReader {
    /// The most bytes of a row.
    private static let rowBytesMax = 1 << 20
    private static let chunkBytes = 1 << 18

    private let path: String
    private let form: TableForm
    private let isCSV: Bool
    private let skipped: Set<String>
    private let descriptor: Int32
    private var chunk: [UInt8] = []
    private var place = 0
    private var line = 0
    /// Where the row at hand begins.
    private var rowLine = 0
    private var header: [String] = []

    /// Opens a file whose name ends with `.csv`, `.ndjson` or `.jsonl`; `skipped` names columns to leave
    /// out.
    init(path: String, form: TableForm, skipping skipped: Set<String>) throws {
        guard let isCSV = Self.isCSV(path) else {
            throw Failure.failed("\(path): the name of a table ends with .csv, .ndjson or .jsonl")
        }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Failure.failed("\(path): \(unsafe String(cString: strerror(errno)))")
        }
        self.path = path
        self.form = form
        self.isCSV = isCSV
        self.skipped = skipped
        self.descriptor = descriptor
        if isCSV { try readHeader() }
    }

    deinit { close(descriptor) }

    static func isCSV(_ path: String) -> Bool? {
        if path.hasSuffix(".csv") { return true }
        return path.hasSuffix(".ndjson") || path.hasSuffix(".jsonl") ? false : nil
    }

    private func failure(_ line: Int, _ message: String) -> Failure {
        .failed("\(path):\(line): \(message)")
    }

    private func readHeader() throws {
        guard let text = try nextRecord() else { throw Failure.failed("\(path) is empty") }
        header = try fields(of: text)
        if header.count == 1, header[0].contains(where: { ";\t".contains($0) }) {
            throw failure(line, "columns are separated by commas")
        }
        for column in header { try check(column) }
        guard Set(header).count == header.count else {
            throw failure(rowLine, "a column is there twice")
        }
        for column in form.required where !header.contains(column) {
            throw failure(rowLine, "the column \(column) is missing")
        }
    }

    private func check(_ column: String) throws {
        let isKnown =
            form.columns[column] != nil || form.ignored.contains(column)
            || skipped.contains(column)
        guard isKnown else {
            throw failure(
                rowLine, "\(column) is no column of \(form.name): --skip \(column) leaves it out")
        }
    }

    /// The next row; nil at the end.
    func next() throws -> TableRow? {
        while let record = try nextRecord() {
            guard record.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else {
                continue
            }
            let row = isCSV ? try csv(record) : try json(record)
            for column in form.required where row[column] == nil {
                throw failure(rowLine, "\(column) is missing")
            }
            return row
        }
        return nil
    }

    /// Reads every row; what is wrong with one is told with its line.
    func forEachRow(_ take: (TableRow) throws -> Void) throws {
        while let row = try next() {
            do {
                try take(row)
            } catch let problem as Problem {
                let field = problem.field.map { "\($0): " } ?? ""
                throw failure(row.line, field + problem.detail)
            } catch Failure.failed(let message) {
                throw failure(row.line, message)
            }
        }
    }

    private func json(_ record: [UInt8]) throws -> TableRow {
        let members: [String: JSONValue]?
        do {
            members = try JSONValue(record).members
        } catch Failure.failed(let message) {
            throw failure(rowLine, message)
        } catch {
            let place = (error as? JSONError).map { ", at byte \($0.offset + 1)" } ?? ""
            throw failure(rowLine, "it is no JSON\(place)")
        }
        guard let members else { throw failure(rowLine, "it is no object") }
        for column in members.keys { try check(column) }
        let values = members.filter { form.columns[$0.key] != nil && $0.value != .null }
        return TableRow(line: rowLine, values: values.filter { !skipped.contains($0.key) })
    }

    private func fields(of record: [UInt8]) throws -> [String] {
        do throws(CSVError) {
            return try CSVTable.records(of: record[...]).first ?? []
        } catch {
            throw failure(rowLine + error.line - 1, error.reason)
        }
    }

    private func csv(_ record: [UInt8]) throws -> TableRow {
        let fields = try fields(of: record)
        guard fields.count == header.count else {
            throw failure(rowLine, "it has \(fields.count) fields, the header \(header.count)")
        }
        var values: [String: JSONValue] = [:]
        for (column, field) in zip(header, fields) where !field.isEmpty {
            guard let kind = form.columns[column], !skipped.contains(column) else { continue }
            guard let value = Self.value(field, kind) else {
                throw failure(rowLine, "\(column): \(field.prefix(40)) is no \(kind)")
            }
            values[column] = value
        }
        return TableRow(line: rowLine, values: values)
    }

    private static func value(_ field: String, _ kind: ColumnKind) -> JSONValue? {
        switch kind {
        case .text: return .string(field)
        case .flag: return Bool(field).map { .bool($0) }
        case .texts: return .array(field.split(separator: " ").map { .string(String($0)) })
        case .number, .object:
            guard let value = try? JSONValue(Array(field.utf8)) else { return nil }
            switch (kind, value) {
            case (.number, .number), (.object, .object): return value
            default: return nil
            }
        }
    }

    /// The bytes of the next line, or of several where a CSV field has line ends.
    private func nextRecord() throws -> [UInt8]? {
        guard var record = try nextLine() else { return nil }
        rowLine = line
        guard isCSV else { return record }
        while record.count(where: { $0 == UInt8(ascii: "\"") }) % 2 == 1 {
            guard let more = try nextLine(after: record.count) else {
                throw failure(rowLine, "a quote is not closed")
            }
            record += [0x0A] + more
        }
        return record
    }

    /// The bytes up to the next line feed; nil at the end of the file.
    private func nextLine(after count: Int = 0) throws -> [UInt8]? {
        var bytes: [UInt8] = []
        var isAtEnd = false
        while true {
            if let end = chunk[place...].firstIndex(of: 0x0A) {
                bytes += chunk[place..<end]
                place = end + 1
                break
            }
            bytes += chunk[place...]
            place = chunk.count
            guard bytes.count + count <= Self.rowBytesMax else {
                throw failure(line + 1, "a row has more than \(Self.rowBytesMax) bytes")
            }
            guard try readChunk() else {
                isAtEnd = true
                break
            }
        }
        guard !isAtEnd || !bytes.isEmpty else { return nil }
        line += 1
        // Spreadsheets write a byte order mark.
        if line == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        if bytes.last == 0x0D, !isCSV { bytes.removeLast() }
        return bytes
    }

    private func readChunk() throws -> Bool {
        var next = [UInt8](repeating: 0, count: Self.chunkBytes)
        let count = unsafe next.withUnsafeMutableBytes { bytes in
            unsafe read(descriptor, bytes.baseAddress, bytes.count)
        }
        guard count >= 0 else {
            throw Failure.failed("\(path): \(unsafe String(cString: strerror(errno)))")
        }
        next.removeLast(next.count - count)
        (chunk, place) = (next, 0)
        return count > 0
    }
}
