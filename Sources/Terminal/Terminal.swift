internal import Glibc

/// The two streams of a command: results on stdout, everything said to people on stderr.
public enum Terminal: Sendable {
    /// Writes a line to stdout, at once.
    public static func print(_ line: String) {
        write(line + "\n", to: STDOUT_FILENO)
    }

    /// Writes a line to stderr, at once.
    public static func report(_ line: String) {
        write(line + "\n", to: STDERR_FILENO)
    }

    /// Writes text to stderr as it is.
    static func say(_ text: String) {
        write(text, to: STDERR_FILENO)
    }

    /// True when stderr is a terminal, where progress can be drawn.
    public static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    /// True when results go to a terminal.
    public static var showsResults: Bool { isatty(STDOUT_FILENO) == 1 }

    private static func write(_ text: String, to stream: Int32) {
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    stream, buffer.baseAddress?.advanced(by: done), buffer.count - done)
            }
            guard count > 0 || errno == EINTR else { return }
            done += max(0, count)
        }
    }
}

/// A bar that fills on one line of the terminal while work goes on; nothing elsewhere.
public struct ProgressBar: Sendable {
    private static let width = 32

    private let title: String
    private let total: Int
    private var drawn = -1

    /// A bar for `total` steps.
    public init(_ title: String, total: Int) {
        self.title = title
        self.total = max(1, total)
    }

    /// Draws how much is done when that is visibly more than before.
    public mutating func show(_ done: Int, note: String = "") {
        guard Terminal.isInteractive else { return }
        let permille = min(1000, done * 1000 / total)
        guard permille != drawn else { return }
        drawn = permille
        let filled = Self.width * permille / 1000
        let bar =
            String(repeating: "█", count: filled)
            + String(repeating: "░", count: Self.width - filled)
        Terminal.say("\r\(title) \(bar) \(permille / 10)% \(note)\u{1B}[K")
    }

    /// Leaves the line.
    public func finish() {
        if Terminal.isInteractive, drawn >= 0 { Terminal.say("\r\u{1B}[K") }
    }
}
