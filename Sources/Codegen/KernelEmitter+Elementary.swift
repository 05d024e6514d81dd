internal import LLVMBridge
internal import LoopIR
internal import TensorIR

extension KernelEmitter {
  /// An elementary function: inline, or in long kernels a call.
  ///
  /// In long straight-line kernels the C library's function is called where it has one, in double precision. It is as fast
  /// for a single number, and it is what the interpreter calls, so that long scalar programs, which
  /// can be chaotic, give the interpreter's bits.
  func elementary(
    _ op: String, _ operands: [LLVMValue], _ body: (VectorMath, [LLVMValue]) -> LLVMValue
  ) -> LLVMValue {
    let type = operands[0].type
    guard callsVectorFunctions || !type.isVector && callsFunctions else {
      builder.allowsContraction = !callsFunctions
      defer { builder.allowsContraction = false }
      return body(math, operands)
    }
    if !type.isVector, callsFunctions, let name = Self.libraryFunctions[op] {
      let double = module.double
      let function = module.declareFunction(
        name, parameters: operands.map { _ in double }, returns: double)
      let isDouble = type == double
      let arguments = isDouble ? operands : operands.map { builder.fpext($0, double) }
      let result = builder.call(function, arguments)
      return isDouble ? result : builder.fptrunc(result, type)
    }
    return called(op, operands, returning: type, body)
  }

  /// The result of a function of the module that does what `body` does.
  private func called(
    _ name: String, _ operands: [LLVMValue], returning result: LLVMType,
    _ body: (VectorMath, [LLVMValue]) -> LLVMValue
  ) -> LLVMValue {
    let type = operands[0].type
    let symbol =
      "\(name).\(type.scalarBits)" + (type.isVector ? "x\(type.vectorWidth)" : "")
    if let known = module.definedFunction(symbol) { return builder.call(known, operands) }
    let function = module.addFunction(
      symbol, parameters: operands.map(\.type), returns: result, isInternal: true)
    function.setAttribute(.noinline)
    let inner = IRBuilder(module)
    inner.position(at: function.appendBlock("entry"))
    inner.ret(body(VectorMath(inner, target: module.target), function.parameters))
    return builder.call(function, operands)
  }

  /// Sine and cosine of an angle, with one range reduction: inline, or in long kernels by a call.
  private func sineAndCosine(_ angle: LLVMValue) -> [LLVMValue] {
    let type = angle.type
    guard callsVectorFunctions, type.isVector || !callsFunctions else {
      let (sine, cosine) = math.sinCos(angle)
      return [sine, cosine]
    }
    let width = type.vectorWidth
    let both = called("sincos", [angle], returning: type.withWidth(2 * width)) { math, operands in
      let (sine, cosine) = math.sinCos(operands[0])
      return math.builder.concatenated([sine, cosine])
    }
    return [
      builder.shuffle(both, Array(0..<width)), builder.shuffle(both, Array(width..<2 * width)),
    ]
  }

  /// The C library's elementary functions, by mnemonic.
  private static let libraryFunctions = [
    UnaryOp.exponential.rawValue: "exp", UnaryOp.exponentialMinusOne.rawValue: "expm1",
    UnaryOp.log.rawValue: "log", UnaryOp.logPlusOne.rawValue: "log1p",
    UnaryOp.tanh.rawValue: "tanh", UnaryOp.sine.rawValue: "sin", UnaryOp.cosine.rawValue: "cos",
    UnaryOp.erf.rawValue: "erf", UnaryOp.erfc.rawValue: "erfc", UnaryOp.cubeRoot.rawValue: "cbrt",
    UnaryOp.tangent.rawValue: "tan", UnaryOp.sinh.rawValue: "sinh", UnaryOp.cosh.rawValue: "cosh",
    UnaryOp.asin.rawValue: "asin", UnaryOp.acos.rawValue: "acos", UnaryOp.atan.rawValue: "atan",
    UnaryOp.asinh.rawValue: "asinh", UnaryOp.acosh.rawValue: "acosh",
    UnaryOp.atanh.rawValue: "atanh", UnaryOp.logGamma.rawValue: "lgamma",
    BinaryOp.power.rawValue: "pow", BinaryOp.atan2.rawValue: "atan2",
  ]

  /// The results of `body` for each copy's operands.
  ///
  /// Two or four copies are passed as one long vector. LLVM takes it apart operation by operation,
  /// so that independent chains alternate and hide each other's latency. With few registers,
  /// copies are passed one by one.
  func interleaved(
    _ copies: [[LLVMValue]], _ body: ([LLVMValue]) -> [LLVMValue]
  ) -> [[LLVMValue]] {
    let isLong = module.target.registers >= 32 && (lanes?.width ?? 1) > 1 && !callsVectorFunctions
    let limit = isLong ? 4 : 1
    var results: [[LLVMValue]] = []
    var first = 0
    while first < copies.count {
      let group = copies.count - first >= limit ? limit : copies.count - first >= 2 ? 2 : 1
      let count = min(group, limit)
      let operands = copies[first].indices.map { operand in
        builder.concatenated(copies[first..<first + count].map { $0[operand] })
      }
      let values = body(operands)
      let width = values[0].type.vectorWidth / count
      results += (0..<count).map { copy in
        count == 1
          ? values : values.map { builder.shuffle($0, Array(copy * width..<(copy + 1) * width)) }
      }
      first += count
    }
    return results
  }

  /// A sine or cosine; where the kernel needs both of one angle, they share their range reduction.
  func sineOrCosine(_ op: UnaryOp, _ operand: ScalarID, varies: Bool) -> [LLVMValue] {
    let angles =
      varies
      ? (0..<(lanes?.copies ?? 1)).map { vector(operand, copy: $0) } : [uniform(operand)]
    guard sharedAngles.contains(operand), !(callsFunctions && !varies) else {
      let values = interleaved(angles.map { [$0] }) { angle in
        [elementary(op.rawValue, angle) { op == .sine ? $0.sin($1[0]) : $0.cos($1[0]) }]
      }
      return values.map { $0[0] }
    }
    if sinesAndCosines[operand]?.map(\.operand) != angles {
      let both = interleaved(angles.map { [$0] }) { sineAndCosine($0[0]) }
      sinesAndCosines[operand] = zip(angles, both).map { ($0, $1[0], $1[1]) }
    }
    return sinesAndCosines[operand]?.map { op == .sine ? $0.sine : $0.cosine } ?? []
  }
}

extension UnaryOp {
  /// Whether the function is the sine or the cosine.
  var isOneOfSineAndCosine: Bool { self == .sine || self == .cosine }
}

extension Kernel {
  /// The scalars whose sine and cosine are both computed.
  var sharedAngles: Set<ScalarID> {
    var (sines, cosines) = (Set<ScalarID>(), Set<ScalarID>())
    forEachApplication { op, operands in
      if op == .unary(.sine) { sines.insert(operands[0]) }
      if op == .unary(.cosine) { cosines.insert(operands[0]) }
    }
    return sines.intersection(cosines)
  }
}
