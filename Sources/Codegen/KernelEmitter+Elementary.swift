internal import LLVMBridge
internal import LoopIR
internal import TensorIR

extension KernelEmitter {
  /// An elementary function: inline, or in long straight-line kernels a call.
  ///
  /// There the C library's function is called where it has one, in double precision. It is as fast
  /// for a single number, and it is what the interpreter calls, so that long scalar programs, which
  /// can be chaotic, give the interpreter's bits.
  func elementary(
    _ op: String, _ operands: [LLVMValue], _ body: (VectorMath, [LLVMValue]) -> LLVMValue
  ) -> LLVMValue {
    let type = operands[0].type
    guard callsFunctions, !type.isVector else { return body(math, operands) }
    if let name = Self.libraryFunctions[op] {
      let double = module.double
      let function = module.declareFunction(
        name, parameters: operands.map { _ in double }, returns: double)
      let isDouble = type == double
      let arguments = isDouble ? operands : operands.map { builder.fpext($0, double) }
      let result = builder.call(function, arguments)
      return isDouble ? result : builder.fptrunc(result, type)
    }
    let symbol = "\(op).\(type.scalarBits)"
    if let known = module.definedFunction(symbol) { return builder.call(known, operands) }
    let function = module.addFunction(
      symbol, parameters: operands.map(\.type), returns: type, isInternal: true)
    function.setAttribute(.noinline)
    let inner = IRBuilder(module)
    inner.position(at: function.appendBlock("entry"))
    inner.ret(body(VectorMath(inner, target: module.target), function.parameters))
    return builder.call(function, operands)
  }

  /// The C library's elementary functions, by mnemonic.
  private static let libraryFunctions = [
    UnaryOp.exponential.rawValue: "exp", UnaryOp.exponentialMinusOne.rawValue: "expm1",
    UnaryOp.log.rawValue: "log", UnaryOp.logPlusOne.rawValue: "log1p",
    UnaryOp.tanh.rawValue: "tanh", UnaryOp.sine.rawValue: "sin", UnaryOp.cosine.rawValue: "cos",
    UnaryOp.erf.rawValue: "erf", BinaryOp.power.rawValue: "pow",
  ]

  /// A sine or cosine; where the kernel needs both of one angle, they share their range reduction.
  func sineOrCosine(_ op: UnaryOp, _ operand: ScalarID, varies: Bool) -> [LLVMValue] {
    let angles =
      varies
      ? (0..<(lanes?.copies ?? 1)).map { vector(operand, copy: $0) } : [uniform(operand)]
    guard sharedAngles.contains(operand), !(callsFunctions && !varies) else {
      return angles.map { angle in
        elementary(op.rawValue, [angle]) { op == .sine ? $0.sin($1[0]) : $0.cos($1[0]) }
      }
    }
    if sinesAndCosines[operand]?.map(\.operand) != angles {
      sinesAndCosines[operand] = angles.map { angle in
        let (sine, cosine) = math.sinCos(angle)
        return (angle, sine, cosine)
      }
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

  /// How many elementary functions stand outside all loops.
  var straightLineFunctionCount: Int {
    body.reduce(0) { count, node in
      guard case .define(_, .apply(let op, _)) = node, op.weight > 10 else { return count }
      return count + 1
    }
  }

  private func forEachApplication(_ visit: (ScalarOp, [ScalarID]) -> Void) {
    func walk(_ nodes: [Node]) {
      for node in nodes {
        switch node {
        case .define(_, .apply(let op, let operands)): visit(op, operands)
        case .define, .store, .accumulate: break
        case .loop(let loop): walk(loop.body)
        case .contract(let contract):
          walk(contract.left.body + contract.right.body + contract.body)
        }
      }
    }
    walk(body)
  }
}
