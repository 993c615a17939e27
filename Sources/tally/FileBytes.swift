import Glibc

/// Reads a file whole, a pipe too, which has no size to go by.
enum FileBytes {
    /// The most bytes of a file.
    private static let bytesMax = 1 << 20

    /// All there is at a path.
    static func read(_ path: String) throws -> [UInt8] {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure(path) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe Glibc.read(file, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path) }
            guard count > 0 else { return bytes }
            bytes += chunk.prefix(count)
            guard bytes.count <= bytesMax else {
                throw Failure.failed("\(path) has more than \(bytesMax) bytes")
            }
        }
    }

    private static func failure(_ path: String) -> Failure {
        .failed("\(path) cannot be read: \(unsafe String(cString: strerror(errno)))")
    }
}
