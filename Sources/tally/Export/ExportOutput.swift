import Credit
import Foundation
import Glibc
import JSON
import Wire

/// Where an export goes: standard output, a file that is there once it is whole, or what else has a
/// path, such as a pipe.
final class ExportOutput {
    private static let flushBytes = 1 << 20

    private let name: String
    /// What becomes the file at the end; nil where it is written as it is.
    private let target: String?
    private let descriptor: Int32
    private var waiting: [UInt8] = []
    private var isFinished = false

    /// A file is one that only its owner reads; nil is standard output.
    init(path: String?) throws {
        guard let path else {
            (name, target, descriptor) = ("standard output", nil, STDOUT_FILENO)
            return
        }
        name = path
        var status = stat()
        let exists = unsafe stat(path, &status) == 0
        guard !exists || status.st_mode & S_IFMT == S_IFREG else {
            target = nil
            descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw Self.failure(path) }
            return
        }
        // What a link leads to is replaced, not the link.
        let resolved = exists ? URL(fileURLWithPath: path).resolvingSymlinksInPath().path : path
        target = resolved
        descriptor = unsafe open(
            Self.partial(resolved), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path) }
    }

    deinit {
        guard let target, !isFinished else { return }
        unsafe unlink(Self.partial(target))
    }

    private static func partial(_ path: String) -> String { path + ".partial" }

    private static func failure(_ path: String) -> Failure {
        .failed("\(path): \(unsafe String(cString: strerror(errno)))")
    }

    func write(_ bytes: [UInt8]) throws {
        waiting.append(contentsOf: bytes)
        if waiting.count >= Self.flushBytes { try flush() }
    }

    private func flush() throws {
        var first = 0
        while first < waiting.count {
            let written = unsafe waiting.withUnsafeBytes { bytes in
                unsafe Glibc.write(
                    descriptor, bytes.baseAddress?.advanced(by: first), bytes.count - first)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw Self.failure(name) }
            first += written
        }
        waiting.removeAll(keepingCapacity: true)
    }

    /// Makes what was written durable, and puts the file in its place.
    func finish() throws {
        try flush()
        guard let target else { return }
        guard fsync(descriptor) == 0, close(descriptor) == 0,
            unsafe rename(Self.partial(target), target) == 0
        else { throw Self.failure(name) }
        isFinished = true
    }
}

/// The formats of exports.
enum ExportFormat: String {
    case csv
    case ndjson
}

/// A value of a table that is exported.
enum ExportCell {
    case none
    case text(String)
    case amount(Credits)
    case sum(Int128)
    case number(Int64)
    case flag(Bool)
    case time(Instant)
    case texts([String])
    /// JSON text: an object of its own in NDJSON, quoted in CSV.
    case json([UInt8])

    /// A time, none for ``Instant/never``.
    static func end(_ time: Instant) -> Self { time == .never ? .none : .time(time) }

    /// A text, none for nil.
    static func optional(_ text: String?) -> Self { text.map { .text($0) } ?? .none }
}

/// Rows of one table in one of the formats.
struct ExportTable {
    let format: ExportFormat
    let columns: [String]
    let output: ExportOutput

    init(_ columns: [String], _ format: ExportFormat, to output: ExportOutput) throws {
        (self.columns, self.format, self.output) = (columns, format, output)
        if format == .csv {
            try output.write(Array((columns.joined(separator: ",") + "\r\n").utf8))
        }
    }

    /// Writes a row, a cell for each column.
    func add(_ cells: [ExportCell]) throws {
        switch format {
        case .csv: try output.write(Self.line(cells))
        case .ndjson: try output.write(object(cells))
        }
    }

    private func object(_ cells: [ExportCell]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        for (column, cell) in zip(columns, cells) {
            writer.key(bytes: column.utf8.span)
            switch cell {
            case .none: writer.null()
            case .text(let text): writer.value(text)
            case .amount(let credits): writer.value(credits)
            case .sum(let micros): writer.value(CreditsSum(micros: micros))
            case .number(let number): writer.value(number)
            case .flag(let flag): writer.value(flag)
            case .time(let time): writer.value(time)
            case .texts(let texts):
                writer.beginArray()
                for text in texts { writer.value(text) }
                writer.endArray()
            case .json(let text): writer.value(json: text.span)
            }
        }
        writer.endObject()
        return writer.bytes + [0x0A]
    }

    private static func line(_ cells: [ExportCell]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, cell) in cells.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            switch cell {
            case .none: break
            case .text(let text): bytes.append(quoted: text.utf8.span)
            case .amount(let credits): bytes.append(credits: credits)
            case .sum(let micros): CreditsSum(micros: micros).write(to: &bytes)
            case .number(let number): bytes.append(contentsOf: "\(number)".utf8)
            case .flag(let flag): bytes.append(contentsOf: "\(flag)".utf8)
            case .time(let time): bytes.append(instant: time)
            case .texts(let texts):
                bytes.append(quoted: texts.joined(separator: " ").utf8.span)
            case .json(let text): bytes.append(quoted: text.span)
            }
        }
        return bytes + [0x0D, 0x0A]
    }
}
