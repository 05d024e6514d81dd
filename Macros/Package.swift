// swift-tools-version: 6.1
import CompilerPluginSupport
import PackageDescription

// A package of its own, so that only those who use the macro build swift-syntax.
let package = Package(
  name: "AdjointMacros",
  platforms: [.macOS(.v15)],
  products: [.library(name: "AdjointMacros", targets: ["AdjointMacros"])],
  dependencies: [
    .package(name: "Adjoint", path: ".."),
    .package(url: "https://github.com/swiftlang/swift-syntax", from: "603.0.1"),
  ],
  targets: [
    .macro(
      name: "AdjointMacrosPlugin",
      dependencies: [
        .product(name: "SwiftSyntaxMacros", package: "swift-syntax"),
        .product(name: "SwiftCompilerPlugin", package: "swift-syntax"),
      ]),
    .target(
      name: "AdjointMacros",
      dependencies: ["AdjointMacrosPlugin", .product(name: "Adjoint", package: "Adjoint")]),
    .testTarget(
      name: "AdjointMacrosTests",
      dependencies: [
        "AdjointMacros", "AdjointMacrosPlugin",
        .product(name: "SwiftSyntaxMacrosGenericTestSupport", package: "swift-syntax"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
