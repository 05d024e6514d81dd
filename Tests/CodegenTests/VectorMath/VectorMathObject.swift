import Foundation
import LLVMBridge
import Targets
import Testing

@testable import Codegen

/// Not a test of values: writes all functions to an object file that a C program can time, when
/// `ADJOINT_VECTOR_MATH_OBJECT` names a folder.
@Test(.enabled(if: ProcessInfo.processInfo.environment["ADJOINT_VECTOR_MATH_OBJECT"] != nil))
func writeVectorMathObject() throws {
  let folder = try #require(ProcessInfo.processInfo.environment["ADJOINT_VECTOR_MATH_OBJECT"])
  let targets = [
    ("native", TargetDescription.host, 512), ("wide", .host, 2048), ("avx2", .x86_64v3, 256),
    ("neon", .aarch64, 128),
  ]
  for (name, target, bits) in targets {
    let module = LLVMModule(name: name, target: target)
    for function in VectorFunction.allCases {
      for isDouble in [false, true] {
        _ = makeMapModule(
          "\(function.rawValue)_\(isDouble ? "f64" : "f32")", isDouble: isDouble,
          width: bits / (isDouble ? 64 : 32), target: target, module: module
        ) { math, x, _ in function.emit(math, x) }
      }
    }
    for isDouble in [false, true] {
      _ = makeMapModule(
        "pow_\(isDouble ? "f64" : "f32")", isDouble: isDouble,
        width: bits / (isDouble ? 64 : 32), target: target, module: module, hasTwoInputs: true
      ) { $0.pow($1, $2) }
    }
    try module.verify()
    let compiler = try ObjectCompiler(target: target, level: 2)
    try compiler.assembly(module).write(
      toFile: "\(folder)/\(name).s", atomically: true, encoding: .utf8)
    try Data(compiler.compile(module)).write(to: URL(fileURLWithPath: "\(folder)/\(name).o"))
  }
}
