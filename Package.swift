// swift-tools-version: 6.3
import PackageDescription

/// The settings of every Swift target, in one place so that none is forgotten (style.md section 2a).
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

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
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
        system("CSQLite", "sqlite3", apt: "libsqlite3-dev"),
        system("CNettle", "nettle", apt: "nettle-dev"),
        system("CZlib", "zlib", apt: "zlib1g-dev"),

        library("Credit"),
        library("JSON", ["Credit"]),
        library("Pricing", ["Credit", "JSON"]),
        tests("Credit", ["Credit"]),
        tests("JSON", ["JSON", "Credit"]),
        tests("Pricing", ["Pricing", "JSON", "Credit"]),
    ]
)
