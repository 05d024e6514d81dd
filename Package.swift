// swift-tools-version: 6.1
import Foundation
import PackageDescription

/// The pkg-config file that describes the LLVM installed on this machine.
///
/// SwiftPM reads the named file itself, so neither the pkg-config tool nor unsafe flags are needed
/// and the package can be a versioned dependency.
func llvmPkgConfig() -> String {
  let installations = [
    ("/usr/lib/llvm-22/include/llvm-c/Core.h", "llvm-22-debian"),
    ("/opt/homebrew/opt/llvm/include/llvm-c/Core.h", "llvm-homebrew-arm64"),
    ("/usr/local/opt/llvm/include/llvm-c/Core.h", "llvm-homebrew-x86_64"),
  ]
  let found = installations.first { FileManager.default.fileExists(atPath: $0.0) }
  let name = (found ?? installations[0]).1
  return Context.packageDirectory + "/Sources/CLLVM/pkgconfig/" + name + ".pc"
}

/// A library target of this package.
func layer(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies)
}

/// The tests of a target of this package; golden files stand in its `Cases` folder.
func tests(_ target: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: target + "Tests",
    dependencies: [.init(stringLiteral: target), "TestSupport"] + dependencies,
    exclude: ["Cases"])
}

let package = Package(
  name: "Adjoint",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Adjoint", targets: ["Adjoint"]),
    .executable(name: "adjoint", targets: ["AdjointCLI"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .systemLibrary(
      name: "CLLVM", pkgConfig: llvmPkgConfig(),
      providers: [.apt(["llvm-22-dev"]), .brew(["llvm"])]),
    .systemLibrary(
      name: "CFFI", pkgConfig: "libffi", providers: [.apt(["libffi-dev"]), .brew(["libffi"])]),
    .systemLibrary(name: "CThreads"),
    .systemLibrary(name: "CCallSites"),
    .systemLibrary(name: "CComplex"),

    .target(name: "CLLVMLibrary", dependencies: ["CLLVM"]),
    .target(name: "CLinearAlgebra"),
    .target(name: "CSorting"),

    layer("TensorIR"),
    layer("Interpreter", ["TensorIR", "CComplex"]),
    layer("Differentiation", ["TensorIR"]),
    layer("Optimizer", ["TensorIR", "Interpreter", "Batching"]),
    layer("Batching", ["TensorIR"]),
    layer("LoopIR", ["TensorIR"]),
    layer("Targets"),
    layer("LLVMBridge", ["CLLVM", "CLLVMLibrary", "Targets"]),
    layer("Fusion", ["LoopIR", "TensorIR", "Targets"]),
    layer("Codegen", ["LoopIR", "LLVMBridge", "TensorIR", "Targets"]),
    layer(
      "Runtime",
      [
        "Fusion", "LoopIR", "Codegen", "LLVMBridge", "TensorIR", "Targets", "CFFI", "CThreads",
        "CLinearAlgebra", "CSorting",
      ]),
    .target(
      name: "Adjoint",
      dependencies: [
        "Runtime", "Optimizer", "Differentiation", "Interpreter", "Batching", "TensorIR",
        "Targets", "CCallSites",
      ]),
    .executableTarget(
      name: "AdjointCLI",
      dependencies: [
        "Adjoint", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      resources: [.copy("Resources/digits.csv"), .copy("Resources/digits-README.md")]),

    .target(
      name: "TestSupport", dependencies: ["TensorIR", "Interpreter", "CTestSettings"],
      path: "Tests/TestSupport"),
    .target(name: "CTestSettings", path: "Tests/CTestSettings"),
    .target(name: "CAllocations", path: "Tests/CAllocations"),
    tests("TensorIR"),
    tests("Interpreter", ["TensorIR"]),
    tests("Differentiation", ["TensorIR", "Interpreter", "Optimizer"]),
    tests("Optimizer", ["TensorIR", "Interpreter"]),
    tests("Batching", ["TensorIR", "Interpreter"]),
    tests("LoopIR", ["TensorIR"]),
    tests("Targets"),
    tests("LLVMBridge", ["Targets"]),
    tests(
      "Fusion",
      ["TensorIR", "Interpreter", "Differentiation", "Optimizer", "LoopIR", "Targets"]),
    tests(
      "Codegen",
      ["TensorIR", "Differentiation", "Optimizer", "LLVMBridge", "LoopIR", "Fusion", "Targets"]),
    tests(
      "Runtime",
      [
        "TensorIR", "Interpreter", "Differentiation", "Optimizer", "LoopIR", "Fusion", "Codegen",
        "LLVMBridge", "Targets", "CAllocations",
      ]),
    tests(
      "Adjoint",
      ["TensorIR", "Interpreter", "Differentiation", "Optimizer", "Runtime", "CAllocations"]),
    tests("AdjointCLI", ["TensorIR"]),
  ],
  swiftLanguageModes: [.v6]
)
