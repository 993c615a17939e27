// swift-tools-version: 6.3
import PackageDescription

/// The settings of every Swift target, in one place so that none is forgotten.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .treatWarning("ExplicitSendable", as: .error),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
]

func library(
    _ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil
) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// A program without a main of its own: the fuzzer's runtime has one.
func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: ["Fuzzing"] + dependencies, path: "Fuzz/\(name)",
        swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name + "Tests", dependencies: dependencies, swiftSettings: strict)
}

func system(_ name: String, _ pkgConfig: String?, apt package: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

let package = Package(
    name: "tally",
    targets: [
        system("CUV", "libuv", apt: "libuv1-dev"),
        system("CHTTPParser", nil, apt: "libhttp-parser-dev"),
        system("CCurl", "libcurl", apt: "libcurl4-openssl-dev"),
        system("CSQLite", "sqlite3", apt: "libsqlite3-dev"),
        system("CNettle", "nettle", apt: "nettle-dev"),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CPrefetch"),
        system("CZlib", "zlib", apt: "zlib1g-dev"),
        system("CYAML", "yaml-0.1", apt: "libyaml-dev"),

        // Embeds its files at build time; Inter from Debian's package fonts-inter-variable.
        .target(name: "CAssets", exclude: ["app.css", "app.js"]),

        // The description of the API, embedded likewise.
        .target(name: "COpenAPI", exclude: ["openapi.yaml"]),

        library("Credit"),
        library("Portal", ["Credit", "CAssets"]),
        library("Digest", ["CNettle", "CZlib"]),
        library("Ledger", ["Credit", "CPrefetch"]),
        library("Store", ["Credit", "Digest", "Ledger"]),
        library("HTTP", ["Credit", "CUV", "CHTTPParser", "CCurl"]),
        library("JSON", ["Credit"]),
        library("Pricing", ["Credit", "JSON"]),
        library("CivilTime", ["Credit"]),
        library(
            "Engine", ["CMalloc", "CivilTime", "Credit", "Digest", "Ledger", "Pricing", "Store"]),
        library("Reports", ["Credit", "Ledger", "Store"]),
        library("SQLiteStore", ["CSQLite", "Credit", "Ledger", "Store"]),
        library("Terminal"),
        library(
            "Partition",
            ["Credit", "Digest", "Engine", "Ledger", "Reports", "SQLiteStore", "Store"]),

        library("TestKit", ["Credit", "Engine", "Ledger", "Store"]),
        library("SimulatedDisk", ["CSQLite", "SQLiteStore", "Store", "TestKit"]),
        library("Wire", ["Credit", "Digest", "Engine", "JSON", "Ledger", "Pricing", "Store"]),
        library(
            "API",
            [
                "COpenAPI", "CivilTime", "Credit", "Digest", "Engine", "HTTP", "JSON", "Ledger",
                "Portal", "Pricing", "Reports", "Store", "Wire",
            ]),

        program(
            "tally",
            [
                "API", "CYAML", "CivilTime", "Credit", "Digest", "Engine", "HTTP", "JSON", "Ledger",
                "Partition",
                "Pricing", "SQLiteStore", "Store", "Terminal", "Wire",
            ]),
        program(
            "tally-bench",
            [
                "CSQLite", "Credit", "Engine", "HTTP", "Ledger", "Partition", "Pricing",
                "SQLiteStore", "Store", "Terminal",
            ]),

        program(
            "tally-sim",
            [
                "Credit", "Digest", "Engine", "Ledger", "Partition", "Reports", "SQLiteStore",
                "SimulatedDisk", "Store", "TestKit",
            ]),

        tests(
            "API",
            [
                "API", "Credit", "Engine", "HTTP", "JSON", "Ledger", "Reports", "Store", "TestKit",
                "Wire",
            ]),
        tests("CivilTime", ["CivilTime", "Credit"]),
        tests("Credit", ["Credit"]),
        tests("Engine", ["Credit", "Digest", "Engine", "Ledger", "Store", "TestKit"]),
        tests("HTTP", ["HTTP"]),
        tests("JSON", ["Credit", "JSON"]),
        tests("Ledger", ["Credit", "Ledger", "TestKit"]),
        tests(
            "Partition",
            [
                "Engine", "Ledger", "Partition", "Reports", "SQLiteStore", "SimulatedDisk", "Store",
                "TestKit",
            ]),
        tests("Portal", ["Credit", "Portal"]),
        tests("Pricing", ["Credit", "JSON", "Pricing"]),
        tests("Reports", ["Credit", "Ledger", "Reports", "Store", "TestKit"]),
        tests(
            "SQLiteStore",
            ["Credit", "Ledger", "SQLiteStore", "SimulatedDisk", "Store", "TestKit"]),
        tests("Store", ["Credit", "Digest", "Ledger", "Store", "TestKit"]),
        tests("Tidy", []),
        tests("Wire", ["Credit", "JSON", "Ledger", "Store", "Wire"]),
    ]
)

// Only scripts/fuzz builds these, with the flags that they need (docs/fuzzing.md).
if Context.environment["TALLY_FUZZ"] != nil {
    package.targets += [
        library("Fuzzing", path: "Fuzz/Fuzzing"),
        fuzzer("fuzz-head", ["HTTP"]),
        fuzzer("fuzz-chunked", ["HTTP"]),
        fuzzer("fuzz-json", ["Credit", "JSON", "Ledger", "Wire"]),
        fuzzer("fuzz-segment", ["Credit", "Digest", "JSON", "Ledger", "Store", "TestKit"]),
        fuzzer("fuzz-prices", ["Credit", "JSON", "Pricing"]),
    ]
}
