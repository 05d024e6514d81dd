// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "Adjoint", path: "..")],
  targets: [
    .executableTarget(
      name: "adjoint-bench", dependencies: [.product(name: "Adjoint", package: "Adjoint")])
  ],
  swiftLanguageModes: [.v6]
)
