import Codegen
import LLVMBridge
import Synchronization
import Targets
import TensorIR
import TestSupport
import Testing

@testable import Runtime

/// Object files in memory, with LLVM's linker and without.
@Suite struct LinkingTests {
  /// An object with a function that adds the numbers of another object and one of the C library.
  private static func objects() throws -> [[UInt8]] {
    let first = LLVMModule(name: "first")
    let double = first.double
    let caller = first.addFunction(ProgramEmitter.symbol(0), parameters: [double], returns: double)
    let callee = first.declareFunction(
      ProgramEmitter.symbol(1), parameters: [double], returns: double)
    let exponential = first.declareFunction("exp", parameters: [double], returns: double)
    let builder = IRBuilder(first)
    builder.position(at: caller.appendBlock("entry"))
    let table = first.addConstantData(bytes: [0, 0, 0, 0, 0, 0, 0xF8, 0x3F], alignment: 8)
    let constant = builder.load(double, table, alignment: 8)
    let sum = builder.fadd(
      builder.call(callee, [caller.parameters[0]]),
      builder.call(exponential, [caller.parameters[0]]))
    builder.ret(builder.fadd(sum, constant))
    let second = LLVMModule(name: "second")
    let function = second.addFunction(
      ProgramEmitter.symbol(0), parameters: [second.double], returns: second.double)
    let inner = IRBuilder(second)
    inner.position(at: function.appendBlock("entry"))
    inner.ret(inner.fmul(function.parameters[0], inner.float(3, second.double)))
    return [
      try ObjectCompiler(level: 1).compile(first), try ObjectCompiler(level: 1).compile(second),
    ]
  }

  @Test(arguments: [false, true])
  func objectsCallEachOther(withLLVM: Bool) throws {
    // Twice, as one table of names must not mix programs up.
    let programs = try (0..<2).map { _ in
      try LinkedProgram(
        Self.objects(), callees: [[1], []], names: ["a", "b"], withLLVM: withLLVM)
    }
    for program in programs {
      typealias Entry = @convention(c) (Double) -> Double
      let address = try #require(UnsafeRawPointer(bitPattern: program.entry))
      let entry = unsafeBitCast(address, to: Entry.self)
      #expect(entry(0) == 2.5)
      #expect(entry(-2) == -6 + 0.1353352832366127 + 1.5)
    }
  }

  /// Either linker finds the functions for huge arguments, which leave the others' results alone.
  @Test(arguments: [false, true], HugeArguments.Circular.allCases)
  func hugeArguments(withLLVM: Bool, _ circular: HugeArguments.Circular) throws {
    let module = LLVMModule(name: "huge")
    let parameters = [module.pointer, module.pointer, module.i64]
    let caller = module.addFunction(
      ProgramEmitter.symbol(0), parameters: parameters, returns: module.void)
    let callee = module.declareFunction(
      HugeArguments.name(circular, isDouble: false), parameters: parameters, returns: module.void)
    let builder = IRBuilder(module)
    builder.position(at: caller.appendBlock("entry"))
    builder.call(callee, caller.parameters)
    builder.ret()
    let object = try ObjectCompiler(level: 0).compile(module)
    let program = try LinkedProgram(
      [object], callees: [[]], names: ["huge"], withLLVM: withLLVM)
    typealias Entry =
      @convention(c) (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
    let address = try #require(UnsafeRawPointer(bitPattern: program.entry))
    let entry = unsafeBitCast(address, to: Entry.self)
    let arguments: [Float] = [0.5, 1e9, -1e5, -3e38, .infinity]
    var results = [Float](repeating: 7, count: 5)
    entry(arguments, &results, 5)
    let expected: [Float] =
      circular == .sin ? [7, 0.5458434, 7, -0.8749049] : [7, 0.8378872, 7, -0.4842948]
    #expect(results[4].isNaN)
    for (result, expected) in zip(results, expected) { #expect(abs(result - expected) < 1e-6) }
  }

  @Test func namesThatAreNotThere() throws {
    let objects = try Self.objects()
    #expect(throws: LLVMError.self) {
      try LinkedProgram([objects[0]], callees: [[]], names: ["a"])
    }
    #expect(throws: LLVMError.self) {
      try LinkedProgram([[1, 2, 3]], callees: [[]], names: ["a"])
    }
  }

  #if os(Linux) && arch(x86_64)
    /// Damaged object files are refused or linked, and never a crash; nothing of them is run.
    @Test func damagedObjects() throws {
      let objects = try Self.objects()
      #expect(ELFObject(objects[0]) != nil && ELFObject(objects[1]) != nil)
      var random = SplitMix64(seed: 21)
      var refused = 0
      for _ in 0..<400 {
        var bytes = objects[0]
        for _ in 0..<(1 + random.next() % 4) {
          let place = Int(random.next() % UInt64(bytes.count))
          bytes[place] = UInt8(truncatingIfNeeded: random.next())
        }
        if random.next() % 4 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
        guard let object = ELFObject(bytes) else {
          refused += 1
          continue
        }
        _ = CodeImage([object]) { _, _, _ in nil }
      }
      #expect(refused > 20 && refused < 400)
    }
  #endif
}
