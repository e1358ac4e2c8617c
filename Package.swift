// swift-tools-version: 6.2
import PackageDescription

/// What every target is built with: strict memory safety, warnings as errors, explicit imports.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Lifetimes"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// The data path besides: inlining across targets, and no run-time exclusivity checks
/// (docs/decisions/0003-hot-targets.md has the measurement).
let hot: [SwiftSetting] =
    strict + [.unsafeFlags(["-cross-module-optimization", "-enforce-exclusivity=unchecked"])]

/// A source target; the order below is that of the layers, a target imports only from above itself.
func layer(
    _ name: String,
    _ dependencies: [Target.Dependency],
    settings: [SwiftSetting] = strict
) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        exclude: ["README.md"],
        swiftSettings: settings
    )
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "apus",
    products: [
        .executable(name: "apus-server", targets: ["apus-server"]),
        .executable(name: "apus-cli", targets: ["apus-cli"]),
        .executable(name: "apus-benchmark", targets: ["apus-benchmark"]),
        .executable(name: "apus-check", targets: ["apus-check"]),
        .executable(name: "apus-hstore", targets: ["apus-hstore"]),
    ],
    dependencies: [
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0")
    ],
    targets: [
        .target(name: "CSupport"),
        .systemLibrary(
            name: "CEdit",
            pkgConfig: "libedit",
            providers: [.apt(["libedit-dev"])]
        ),
        .target(name: "CLZF"),
        .systemLibrary(
            name: "CCrypto",
            pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"])]
        ),
        .systemLibrary(name: "CTLS", pkgConfig: "libssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CXXHash", providers: [.apt(["libxxhash-dev"])]),
        layer("Primitives", ["CSupport", "CCrypto", "CXXHash"], settings: hot),
        layer("System", ["Primitives", "CSupport"], settings: hot),
        layer("TLS", ["Primitives", "CTLS"]),
        layer("Structures", ["Primitives", "CSupport", "CLZF"], settings: hot),
        layer("Wire", ["Primitives", "CSupport"], settings: hot),
        layer("Store", ["Structures", "Primitives", "CSupport"], settings: hot),
        layer(
            "Persistence",
            ["Store", "Structures", "Primitives", "CLZF", "CSupport"],
            settings: hot
        ),
        layer(
            "Commands",
            ["Persistence", "Store", "Wire", "Structures", "Primitives"],
            settings: hot
        ),
        .target(name: "CLua"),
        layer("Scripting", ["Wire", "Primitives", "CLua"], settings: hot),
        layer(
            "Server",
            [
                "Scripting", "Commands", "Persistence", "Store", "Wire", "Structures", "TLS",
                "System",
                "Primitives", "CSupport",
            ],
            settings: hot
        ),
        layer("Remote", ["TLS", "System", "Wire", "Primitives"]),
        .executableTarget(name: "apus-server", dependencies: ["Server"], swiftSettings: strict),
        .executableTarget(
            name: "apus-cli",
            dependencies: ["Remote", "TLS", "System", "Wire", "CEdit"],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "apus-benchmark",
            dependencies: [
                "Remote", "TLS", "System", "Primitives", "CSupport",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "apus-check",
            dependencies: [
                "Persistence", "Store", "Structures", "Wire", "System", "Primitives",
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "apus-hstore",
            dependencies: ["Remote", "System", "Wire", "Primitives", "CPostgres"],
            swiftSettings: strict
        ),
        tests("PrimitivesTests", ["Primitives"]),
        tests("SystemTests", ["System", "Primitives"]),
        tests("TLSTests", ["TLS", "Primitives"]),
        tests("StructuresTests", ["Structures", "Primitives"]),
        tests("WireTests", ["Wire", "Primitives"]),
        tests("StoreTests", ["Store", "Structures", "System", "Primitives"]),
        tests("PersistenceTests", ["Persistence", "Store", "Structures", "Primitives"]),
        tests("CommandsTests", ["Commands", "Store", "Structures", "Wire", "Primitives"]),
        tests("ScriptingTests", ["Scripting", "Wire", "Primitives"]),
        tests(
            "ServerTests",
            [
                "Server", "Commands", "Persistence", "Store", "Structures", "Wire", "System",
                "Primitives",
            ]
        ),
        tests("RemoteTests", ["Remote", "TLS", "System"]),
        tests("CommandLineTests", ["apus-cli", "Remote", "TLS", "Wire"]),
        tests("BenchmarkTests", ["apus-benchmark", "Remote", "TLS", "Primitives"]),
        tests("CheckTests", ["apus-check", "Primitives"]),
        tests("HstoreBridgeTests", ["apus-hstore", "Remote"]),
        tests("TidyTests", []),
    ],
    swiftLanguageModes: [.v6]
)
