import LLVMBridge
import Testing

/// A function of two floats.
private typealias Binary = @convention(c) (Float, Float) -> Float
/// A function of two integers.
private typealias IntegerBinary = @convention(c) (Int, Int) -> Int

@Suite struct IRBuilderTests {
  /// Compiles a function of two values of one type from its body.
  private func compile(
    _ type: (LLVMModule) -> LLVMType, level: Int = 1,
    _ body: (IRBuilder, LLVMValue, LLVMValue) -> LLVMValue
  ) throws -> Compiled {
    let name = try JITSession.shared().uniqueName("test")
    let module = LLVMModule(name: name)
    let scalar = type(module)
    let function = module.addFunction(name, parameters: [scalar, scalar], returns: scalar)
    let b = IRBuilder(module)
    b.position(at: function.appendBlock())
    b.ret(body(b, function.parameters[0], function.parameters[1]))
    return try Compiled(module, name, level: level)
  }

  /// The value of a float function built from `body`.
  private func float(
    _ x: Float, _ y: Float = 0, _ body: (IRBuilder, LLVMValue, LLVMValue) -> LLVMValue
  ) throws -> Float {
    let code = try compile({ $0.float }, body)
    return code.use(Binary.self) { $0(x, y) }
  }

  /// The value of an integer function built from `body`.
  private func int(
    _ x: Int, _ y: Int = 0, _ body: (IRBuilder, LLVMValue, LLVMValue) -> LLVMValue
  ) throws -> Int {
    let code = try compile({ $0.i64 }, body)
    return code.use(IntegerBinary.self) { $0(x, y) }
  }

  @Test func floatingPointArithmetic() throws {
    #expect(try float(7, 2) { $0.fdiv($1, $2) } == 3.5)
    #expect(try float(7, 2) { b, x, y in b.fsub(b.fmul(x, y), b.fneg(y)) } == 16)
    #expect(try float(-7.5, 2) { $0.frem($1, $2) } == -1.5)
    #expect(try float(2.5) { b, x, _ in b.rint(x) } == 2)
    #expect(try float(2.5) { b, x, _ in b.round(x) } == 3)
    #expect(try float(-2.5) { b, x, _ in b.floor(x) } == -3)
    #expect(try float(-2.5) { b, x, _ in b.ceil(x) } == -2)
    #expect(try float(-2.5) { b, x, _ in b.ftrunc(x) } == -2)
    #expect(try float(3, -0.0) { $0.copysign($1, $2) } == -3)
    #expect(try float(9) { b, x, _ in b.sqrt(x) } == 3)
    #expect(try float(-9) { b, x, _ in b.fabs(x) } == 9)
  }

  @Test func minimaAndMaximaTreatNaNAsNamed() throws {
    #expect(try float(.nan, 2) { $0.minnum($1, $2) } == 2)
    #expect(try float(.nan, 2) { $0.maxnum($1, $2) } == 2)
    #expect(try float(.nan, 2) { $0.minimum($1, $2) }.isNaN)
    #expect(try float(2, .nan) { $0.maximum($1, $2) }.isNaN)
    #expect(try float(0, -0.0) { $0.minimum($1, $2) }.sign == .minus)
    #expect(try float(-0.0, 0) { $0.maximum($1, $2) }.sign == .plus)
  }

  @Test func constantsFoldWithoutFlags() throws {
    // Fast-math flags on a folded constant would corrupt memory: this must be a plain constant.
    let value = try float(0) { b, x, _ in
      let three = b.fadd(b.float(1, x.type), b.float(2, x.type))
      #expect(three.isConstant)
      return b.fmul(three, b.fneg(three))
    }
    #expect(value == -9)
  }

  @Test func contractionFollowsTheSwitch() throws {
    let module = LLVMModule(name: "flags")
    let function = module.addFunction(
      "f", parameters: [module.float, module.float], returns: module.float)
    let b = IRBuilder(module)
    b.position(at: function.appendBlock())
    let product = b.fmul(function.parameters[0], function.parameters[1])
    b.allowsContraction = false
    b.ret(b.fadd(product, product))
    #expect(module.text.contains("fmul contract float"))
    #expect(module.text.contains("fadd float"))
  }

  @Test func integerArithmetic() throws {
    #expect(try int(-7, 2) { $0.sdiv($1, $2) } == -3)
    #expect(try int(-7, 2) { $0.srem($1, $2) } == -1)
    #expect(try int(-8, 1) { $0.ashr($1, $2) } == -4)
    #expect(try int(-1, 63) { $0.lshr($1, $2) } == 1)
    #expect(try int(5, 3) { b, x, y in b.xor(b.shl(x, y), b.not(x)) } == (5 << 3) ^ ~5)
    #expect(try int(5, -3) { $0.smax($1, $2) } == 5)
    #expect(try int(5, -3) { $0.umin($1, $2) } == 5)
    #expect(try int(0b1011_0000) { b, x, _ in b.ctpop(x) } == 3)
    #expect(try int(0b1011_0000) { b, x, _ in b.cttz(x) } == 4)
    #expect(try int(0) { b, x, _ in b.ctlz(x) } == 64)
  }

  @Test func casts() throws {
    #expect(
      try float(1e30) { b, x, _ in b.sitofp(b.fptosiSaturating(x, b.module.i32), x.type) }
        == Float(Int32.max))
    #expect(
      try float(.nan) { b, x, _ in b.sitofp(b.fptosiSaturating(x, b.module.i8), x.type) }
        == 0)
    #expect(try int(300) { b, x, _ in b.sext(b.trunc(x, b.module.i8), x.type) } == 44)
    #expect(try int(200) { b, x, _ in b.sext(b.trunc(x, b.module.i8), x.type) } == -56)
    #expect(try int(200) { b, x, _ in b.zext(b.trunc(x, b.module.i8), x.type) } == 200)
    #expect(
      try float(1) { b, x, _ in b.sitofp(b.bitcast(x, b.module.i32), x.type) }
        == Float(0x3f80_0000))
  }

  @Test(arguments: [1, 2, 3, 4, 7, 8, 16])
  func reductionsUseEveryLane(width: Int) throws {
    let sum = try int(10) { b, x, _ in
      b.reduceAdd(b.add(b.splat(x, width), b.stepVector(x.type, width)))
    }
    #expect(sum == 10 * width + width * (width - 1) / 2)
    let largest = try int(10) { b, x, _ in
      b.reduceMax(b.add(b.splat(x, width), b.stepVector(x.type, width)))
    }
    #expect(largest == 10 + width - 1)
    let product = try int(2) { b, x, _ in b.reduceMul(b.splat(x, width)) }
    #expect(product == 1 << width)
  }

  @Test func masksReduceToOneBit() throws {
    for (bound, any, all) in [(0, 0, 0), (3, 1, 0), (8, 1, 1)] {
      let value = try int(bound) { b, x, _ in
        let mask = b.icmp(.slt, b.stepVector(x.type, 8), b.splat(x, 8))
        return b.add(
          b.zext(b.reduceOr(mask), x.type),
          b.shl(b.zext(b.reduceAnd(mask), x.type), b.int(1, x.type)))
      }
      #expect(value == any + 2 * all)
    }
  }

  @Test func phiAccumulatorsOfALoop() throws {
    let sum = try int(1000) { b, n, _ in
      let i64 = b.module.i64
      let entry = b.currentBlock
      let (loop, exit) = (b.appendBlock("loop"), b.appendBlock("exit"))
      b.br(loop)
      b.position(at: loop)
      let (i, total) = (b.phi(i64), b.phi(i64))
      let next = b.add(i, b.int(1, i64))
      let sum = b.add(total, b.mul(i, i))
      b.addIncoming(i, b.int(0, i64), from: entry)
      b.addIncoming(total, b.int(0, i64), from: entry)
      b.addIncoming(i, next, from: loop)
      b.addIncoming(total, sum, from: loop)
      b.condBr(b.icmp(.slt, next, n), loop, exit)
      b.position(at: exit)
      return sum
    }
    #expect(sum == (0..<1000).reduce(0) { $0 + $1 * $1 })
  }

  @Test(arguments: [0, 1])
  func stackMemoryGatherAndScatter(level: Int) throws {
    let code = try compile({ $0.i64 }, level: level) { b, x, y in
      let i64 = b.module.i64
      let type = b.module.vector(i64, 4)
      let slot = b.alloca(i64, count: 8, alignment: 64)
      b.memset(
        slot, byte: b.int(0, b.module.i8), bytes: b.int(64, i64), alignment: 64)
      b.store(b.splat(x, 4), slot, alignment: 64)
      let evens = b.mul(b.stepVector(i64, 4), b.int(2, type))
      let mask = b.icmp(.ne, b.stepVector(i64, 4), b.int(3, type))
      b.scatter(b.splat(y, 4), b.gep(i64, slot, evens), mask: mask, alignment: 8)
      // Elements: y x y x y 0 0 0; the last lane of the gather is not read.
      let read = b.gather(
        type, base: slot, indices: evens, mask: mask, passthru: b.int(1000, type))
      return b.add(b.reduceAdd(read), b.load(i64, b.gep(slot, bytes: 8), alignment: 8))
    }
    let result = code.use(IntegerBinary.self) { $0(5, 7) }
    #expect(result == 7 * 3 + 1000 + 5)
  }

  @Test func constantDataIsRead() throws {
    let value = try int(2) { b, x, _ in
      let data = b.module.addConstantData(bytes: [10, 20, 30, 40], name: "table")
      return b.zext(b.load(b.module.i8, b.gep(b.module.i8, data, x), alignment: 1), x.type)
    }
    #expect(value == 30)
  }

  @Test func switchAndIndirectCalls() throws {
    for (x, expected) in [(0, 10), (1, 4), (5, 0)] {
      let value = try int(x) { b, x, _ in
        let i64 = b.module.i64
        let square = b.module.addFunction(
          "square", parameters: [i64], returns: i64, isInternal: true)
        let (one, two, end) = (b.appendBlock(), b.appendBlock(), b.appendBlock())
        let start = b.currentBlock
        b.switchBr(x, cases: [(0, one), (1, two)], otherwise: end)
        b.position(at: one)
        b.br(end)
        b.position(at: two)
        let four = b.callIndirect(square.type, square.value, [b.int(2, i64)])
        b.br(end)
        b.position(at: square.appendBlock())
        b.ret(b.mul(square.parameters[0], square.parameters[0]))
        b.position(at: end)
        let result = b.phi(i64)
        b.addIncoming(result, b.int(0, i64), from: start)
        b.addIncoming(result, b.int(10, i64), from: one)
        b.addIncoming(result, four, from: two)
        return result
      }
      #expect(value == expected)
    }
  }

  @Test func aliasScopesAndInvariantLoadsVerify() throws {
    let module = LLVMModule(name: "scopes")
    let function = module.addFunction(
      "f", parameters: [module.pointer, module.pointer], returns: module.void)
    let b = IRBuilder(module)
    b.position(at: function.appendBlock())
    let scopes = b.makeAliasScopes(count: 2)
    let value = b.load(module.float, function.parameters[0], alignment: 4)
    b.setAliasScope(value, scopes, 0)
    b.setInvariantLoad(value)
    b.setAliasScope(b.store(value, function.parameters[1], alignment: 4), scopes, 1)
    b.ret()
    try module.verify()
    #expect(module.text.contains("!alias.scope") && module.text.contains("!noalias"))
    #expect(module.text.contains("!invariant.load"))
  }

  @Test func brokenModulesDoNotVerify() throws {
    let module = LLVMModule(name: "broken")
    let function = module.addFunction("f", parameters: [], returns: module.i64)
    IRBuilder(module).position(at: function.appendBlock("open"))
    let error = #expect(throws: LLVMError.self) { try module.verify() }
    #expect(error?.message.contains("terminator") == true)
  }

  @Test func typesDescribeThemselves() {
    let module = LLVMModule(name: "types")
    let type = module.vector(module.double, 8)
    #expect(type.isVector && type.vectorWidth == 8 && type.scalar == module.double)
    #expect(type.asInteger == module.vector(module.i64, 8))
    #expect(module.vector(module.float, 1) == module.float)
    #expect(type.text == "<8 x double>")
    #expect(module.bfloat.scalarBits == 16 && module.i1.scalarBits == 1)
  }
}
