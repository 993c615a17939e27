import Testing

/// Which targets a target may import: the arrows of docs/adr/0002-layout-and-layers.md.
///
/// From the bottom to the top. A row names only rows above it here, so that no arrow can point
/// upward; C targets are named in the row of their one importer.
enum Layers {
    struct Row: Sendable, CustomTestStringConvertible {
        let target: String
        let imports: [String]

        init(_ target: String, _ imports: [String] = []) {
            self.target = target
            self.imports = imports
        }

        var testDescription: String { target }
    }

    static let rows = [
        Row("Credit"),
        Row("Terminal"),
        Row("Digest", ["CNettle", "CZlib"]),
        Row("JSON", ["Credit"]),
        Row("Pricing", ["Credit", "JSON"]),
        Row("CivilTime", ["Credit"]),
        Row("Ledger", ["CPrefetch", "Credit"]),
        Row("Store", ["Credit", "Digest", "Ledger"]),
        Row("SQLiteStore", ["CSQLite", "Credit", "Ledger", "Store"]),
        Row("Engine", ["CMalloc", "CivilTime", "Credit", "Digest", "Ledger", "Pricing", "Store"]),
        Row("Reports", ["Credit", "Ledger", "Store"]),
        Row(
            "Partition",
            ["Credit", "Digest", "Engine", "Ledger", "Reports", "SQLiteStore", "Store"]),
        Row(
            "TestKit",
            ["Credit", "Digest", "Engine", "JSON", "Ledger", "Pricing", "Reports", "Store"]),
        Row("SimulatedDisk", ["CSQLite", "Credit", "SQLiteStore", "Store", "TestKit"]),
        Row("HTTP", ["CCurl", "CHTTPParser", "CUV", "Credit"]),
        Row("Wire", ["Credit", "Digest", "Engine", "JSON", "Ledger", "Pricing", "Store"]),
        Row("Portal", ["CAssets", "Credit"]),
        Row(
            "API",
            [
                "COpenAPI", "CivilTime", "Credit", "Digest", "Engine", "HTTP", "JSON", "Ledger",
                "Partition",
                "Portal", "Pricing", "Reports", "Store", "Wire",
            ]),
        Row(
            "tally-bench",
            [
                "CSQLite", "Credit", "Engine", "HTTP", "JSON", "Ledger", "Partition", "Pricing",
                "Reports", "SQLiteStore", "Store", "Terminal",
            ]),
        Row(
            "tally-sim",
            [
                "Credit", "Digest", "Engine", "JSON", "Ledger", "Partition", "Pricing", "Reports",
                "SQLiteStore", "SimulatedDisk", "Store", "Terminal", "TestKit",
            ]),
        Row(
            "tally",
            [
                "API", "CYAML", "CivilTime", "Credit", "Digest", "Engine", "HTTP", "JSON",
                "Ledger", "Partition", "Portal", "Pricing", "Reports", "SQLiteStore", "Store",
                "Terminal", "Wire",
            ]),
        Row("Fuzzing"),
        Row("fuzz-head", ["Fuzzing", "HTTP"]),
        Row("fuzz-chunked", ["Fuzzing", "HTTP"]),
        Row("fuzz-json", ["Credit", "Fuzzing", "JSON", "Ledger", "Wire"]),
        Row("fuzz-segment", ["Credit", "Digest", "Fuzzing", "JSON", "Ledger", "Store", "TestKit"]),
        Row("fuzz-prices", ["Credit", "Fuzzing", "JSON", "Pricing"]),
    ]

    /// The targets that neither see a clock, disk or thread nor import what could give them one.
    static let pure: Set<String> = ["Credit", "JSON", "Ledger", "Pricing", "Store"]

    /// Modules of the toolchain that the others may import.
    static let system: Set<String> = [
        "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Synchronization",
    ]

    static func row(of target: String) -> Row? { rows.first { $0.target == target } }
}
