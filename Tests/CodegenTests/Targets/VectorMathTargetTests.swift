import LLVMBridge
import Targets
import Testing

@testable import Codegen

/// Elementary functions on processors other than this one, as facts of IR and assembly.
@Suite struct VectorMathTargetTests {
  /// What a vector loop may call: the patch of huge arguments, which calls the library.
  private static let allowedCallees: Set<String> = [
    "adjoint.sin.huge.float", "adjoint.cos.huge.float", "adjoint.sin.huge.double",
    "adjoint.cos.huge.double", "sin", "cos",
  ]

  /// Checks a loop over four registers of elements.
  private func check(
    _ name: String, isDouble: Bool, target: TargetDescription, hasTwoInputs: Bool = false,
    _ body: (VectorMath, LLVMValue, LLVMValue) -> LLVMValue
  ) throws {
    let module = makeMapModule(
      "map", isDouble: isDouble, width: 4 * target.lanes(ofBits: isDouble ? 64 : 32),
      target: target, hasTwoInputs: hasTwoInputs, body)
    try module.verify()
    let place = Comment("\(name) of \(isDouble ? "doubles" : "floats") for \(target.cpu)")
    #expect(!module.text.contains("llvm.x86"), place)
    let assembly = Assembly(try ObjectCompiler(target: target, level: 1).assembly(module))
    #expect(assembly.callees.isSubset(of: Self.allowedCallees), place)
    #expect(!assembly.instructions.contains { $0.operands.contains("%zmm") }, place)
    // Scalar arithmetic would be lanes taken apart.
    let scalars = ["fmadd", "fmsub", "fnmadd", "fnmsub"]
    let isScalar = { (mnemonic: String) in
      scalars.contains(mnemonic)
        || (mnemonic.hasPrefix("vfm") && (mnemonic.hasSuffix("ss") || mnemonic.hasSuffix("sd")))
    }
    #expect(!assembly.instructions.contains { isScalar($0.mnemonic) }, place)
  }

  @Test(arguments: VectorFunction.allCases, TargetDescription.portable)
  func staysInVectors(_ function: VectorFunction, _ target: TargetDescription) throws {
    for isDouble in [false, true] {
      try check(function.rawValue, isDouble: isDouble, target: target) { math, x, _ in
        function.emit(math, x)
      }
    }
  }

  @Test(arguments: TargetDescription.portable)
  func powersStayInVectors(_ target: TargetDescription) throws {
    for isDouble in [false, true] {
      try check("pow", isDouble: isDouble, target: target, hasTwoInputs: true) { $0.pow($1, $2) }
    }
  }
}
