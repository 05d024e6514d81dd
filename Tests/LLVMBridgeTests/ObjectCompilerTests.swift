import LLVMBridge
import Targets
import Testing

@Suite struct ObjectCompilerTests {
  @Test(arguments: [0, 1, 2, 3], [4, 8, 16])
  func maskedTailWritesExactlyTheCount(level: Int, width: Int) throws {
    let name = try JITSession.shared().uniqueName("add")
    let code = try Compiled(makeAddModule(name, width: width, factor: 2), name, level: level)
    let a = (0..<53).map { Float($0) }
    let b = (0..<53).map { Float($0 * $0) }
    for count in [0, 1, width - 1, width, 37, 53] {
      var out = [Float](repeating: -1, count: 53)
      code.use(ArrayKernel.self) { $0(a, b, &out, count) }
      let expected = (0..<53).map { $0 < count ? a[$0] + 2 * b[$0] : -1 }
      #expect(out == expected)
    }
  }

  @Test func manyThreadsCompileAtOnce() async throws {
    try await withThrowingTaskGroup(of: Float.self) { group in
      for thread in 0..<8 {
        group.addTask {
          var total: Float = 0
          for round in 0..<6 {
            let name = try JITSession.shared().uniqueName("concurrent")
            let code = try Compiled(
              makeAddModule(name, width: 8, factor: Double(thread)), name, level: round % 3)
            var out = [Float](repeating: 0, count: 10)
            let ones = [Float](repeating: 1, count: 10)
            code.use(ArrayKernel.self) { $0(ones, ones, &out, 10) }
            total += out.reduce(0, +)
          }
          return total - Float(thread * 60)
        }
      }
      for try await rest in group { #expect(rest == 60) }
    }
  }

  @Test func codeIsRemovedAndReplaced() throws {
    let session = try JITSession.shared()
    let name = session.uniqueName("replaced")
    for round in 0..<200 {
      // The same name again: this fails unless the previous round's object is gone.
      let code = try Compiled(makeAddModule(name, width: 4, factor: Double(round)), name, level: 0)
      var out: [Float] = [0]
      code.use(ArrayKernel.self) { $0([1], [1], &out, 1) }
      #expect(out[0] == Float(1 + round))
    }
  }

  @Test func earlyCSEMergesEqualOperations() throws {
    let module = LLVMModule(name: "cse")
    let function = module.addFunction(
      "cse", parameters: [module.float, module.float], returns: module.float)
    let b = IRBuilder(module)
    b.position(at: function.appendBlock())
    let x = b.fadd(function.parameters[0], function.parameters[1])
    let y = b.fadd(function.parameters[0], function.parameters[1])
    b.ret(b.fmul(x, y))
    #expect(module.text.components(separatedBy: "fadd").count == 3)
    try ObjectCompiler().optimize(module, passes: "early-cse")
    #expect(module.text.components(separatedBy: "fadd").count == 2)
  }

  @Test func unknownPassIsAnError() throws {
    let module = LLVMModule(name: "m")
    #expect(throws: LLVMError.self) { try ObjectCompiler().optimize(module, passes: "no-such") }
  }

  @Test(arguments: [
    (TargetDescription.aarch64, "fmla"), (.appleM1, "fmla"), (.x86_64v3, "vfmadd"),
    (.x86_64v4, "zmm"),
  ])
  func crossCompiles(target: TargetDescription, mnemonic: String) throws {
    guard let compiler = try? ObjectCompiler(target: target) else { return }
    let width = target.lanes(ofBits: 32)
    let module = makeAddModule("cross", width: width, factor: 3, target: target)
    #expect(try compiler.assembly(module).contains(mnemonic))
    #expect(try compiler.compile(module).count > 100)
  }

  @Test func unknownTargetIsAnError() {
    let nowhere = TargetDescription(triple: "nowhere-none-none", cpu: "", features: "")
    #expect(throws: LLVMError.self) { try ObjectCompiler(target: nowhere) }
  }
}
