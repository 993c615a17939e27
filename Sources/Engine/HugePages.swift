internal import Glibc

/// Memory in pages of 2 MiB, where the system gives them to whoever asks.
///
/// A charge on a large ledger touches a dozen places all over memory; with pages of 4 KiB most of
/// them also miss the processor's table of pages (docs/adr/0014-huge-pages.md).
public enum HugePages: Sendable {
    private static let variable = "GLIBC_TUNABLES"
    private static let tunable = "glibc.malloc.hugetlb"

    /// Makes the allocator ask for them, by starting this program again with the setting that glibc
    /// reads only at the start.
    ///
    /// Returns when it is set already, by this or by whoever started the program (a value of 0 turns
    /// it off), and when the program cannot be started again: nothing depends on it. To be called
    /// first of all, before any thread or file.
    public static func prefer() {
        let given = unsafe getenv(variable).map { unsafe String(cString: $0) } ?? ""
        guard !given.contains(tunable) else { return }
        let setting = given.isEmpty ? "\(tunable)=1" : "\(given):\(tunable)=1"
        var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        // By its own path, so that it keeps its name in lists of processes.
        guard unsafe readlink("/proc/self/exe", &path, Int(PATH_MAX)) > 0 else { return }
        unsafe setenv(variable, setting, 1)
        unsafe execv(path, CommandLine.unsafeArgv)
    }
}
