import Foundation
import LLVMBridge
import Testing

/// Products that become part of sums.
@Suite struct ContractionTests {
  /// The text of a function of four numbers after contraction.
  private func text(
    _ body: (IRBuilder, [LLVMValue]) -> LLVMValue
  ) throws -> String {
    let module = LLVMModule(name: "contraction")
    let float = module.float
    let function = module.addFunction(
      "f", parameters: [float, float, float, float], returns: float)
    let builder = IRBuilder(module)
    builder.position(at: function.appendBlock())
    builder.ret(body(builder, function.parameters))
    function.contractProducts(in: module)
    try module.verify()
    return module.text
  }

  private func count(_ part: String, in text: String) -> Int {
    text.components(separatedBy: part).count - 1
  }

  @Test func sumsTakeInTheirLeftProduct() throws {
    let text = try text { b, x in b.fadd(b.fmul(x[0], x[1]), b.fmul(x[2], x[3])) }
    #expect(text.contains("%5 = fmul contract float %2, %3"))
    #expect(text.contains("call float @llvm.fma.f32(float %0, float %1, float %5)"))
    #expect(count("fmul", in: text) == 1 && count("fadd", in: text) == 0)
  }

  @Test func differencesNegate() throws {
    let left = try text { b, x in b.fsub(b.fmul(x[0], x[1]), x[2]) }
    #expect(left.contains("fneg float %2") && count("@llvm.fma.f32(float %0", in: left) == 1)
    let right = try text { b, x in b.fsub(x[2], b.fmul(x[0], x[1])) }
    #expect(right.contains("fneg float %0") && right.contains("float %1, float %2)"))
    let negated = try text { b, x in b.fadd(x[2], b.fneg(b.fmul(x[0], x[1]))) }
    #expect(negated.contains("fneg float %0") && count("fneg", in: negated) == 1)
    let twice = try text { b, x in b.fsub(x[2], b.fneg(b.fmul(x[0], x[1]))) }
    #expect(count("fneg", in: twice) == 0 && twice.contains("float %0, float %1, float %2)"))
  }

  /// A product with two readers is rounded by itself, as is one that must not be contracted.
  @Test func otherProductsStay() throws {
    let shared = try text { b, x in
      let product = b.fmul(x[0], x[1])
      return b.fmul(b.fadd(product, x[2]), product)
    }
    #expect(count("llvm.fma", in: shared) == 0 && count("fmul", in: shared) == 2)
    let exact = try text { b, x in
      b.allowsContraction = false
      return b.fadd(b.fmul(x[0], x[1]), x[2])
    }
    #expect(count("llvm.fma", in: exact) == 0)
  }

  /// A chain of sums takes in a product at each step.
  @Test func chains() throws {
    let text = try text { b, x in
      b.fadd(b.fmul(x[0], x[1]), b.fadd(b.fmul(x[1], x[2]), b.fmul(x[2], x[3])))
    }
    #expect(count("call float @llvm.fma.f32", in: text) == 2)
    #expect(count("fmul", in: text) == 1 && count("fadd", in: text) == 0)
  }
}
