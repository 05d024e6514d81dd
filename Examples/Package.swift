// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Examples",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "Adjoint", path: "..")],
  targets: [
    .executableTarget(
      name: "Examples", dependencies: [.product(name: "Adjoint", package: "Adjoint")],
      resources: [.copy("Data")])
  ],
  swiftLanguageModes: [.v6]
)
