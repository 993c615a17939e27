internal import Dispatch
internal import Reports

/// Holds the writer back while checkpoints or the archive fall behind it.
///
/// Memory holds what they have not taken yet, and a start after a kill reads that back, so that
/// neither may grow without bound. The further behind they are, the longer the writer waits before
/// each segment, so that it slows down rather than stops.
final class Pacer: Sendable {
    /// How many events may be behind before the writer waits, and at which it waits until it is less.
    private struct Bounds {
        let usual: Int
        let most: Int

        /// 0 while the writer need not wait, 1 when it must.
        func pressure(_ count: Int) -> Double {
            min(1, Double(max(0, count - usual)) / Double(most - usual))
        }
    }

    /// Of a checkpoint that is being written, what came meanwhile.
    private static let unwritten = Bounds(usual: unwrittenUsual, most: 2 * unwrittenUsual)
    private static let unarchived = Bounds(usual: unarchivedUsual, most: 2 * unarchivedUsual)
    private static let unwrittenUsual = 500_000
    private static let unarchivedUsual = 800_000
    private static let longestWait = 0.02

    private let readModel: ReadModel
    private let progress = DispatchSemaphore(value: 0)

    init(_ readModel: ReadModel) {
        self.readModel = readModel
    }

    /// Waits as long as need be; not at all when `isFailing`, as nothing would ever catch up.
    func wait(while isFailing: () -> Bool) {
        while true {
            let pressure = max(
                readModel.isFrozen ? Self.unwritten.pressure(readModel.unwrittenCount) : 0,
                Self.unarchived.pressure(readModel.unarchivedCount))
            guard pressure > 0, !isFailing() else { return }
            _ = progress.wait(timeout: .now() + Self.longestWait * pressure)
            if pressure < 1 { return }
        }
    }

    /// Something was taken over.
    func goOn() { progress.signal() }
}
