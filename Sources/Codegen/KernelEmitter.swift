internal import LLVMBridge
internal import LoopIR
internal import TensorIR

/// Emits one kernel as `void name(pointer slots, i64 firstBlock, i64 endBlock)`.
///
/// A scalar becomes one LLVM value, or, inside a vector loop and where lanes differ, one vector for
/// each of the loop's interleaved copies. Every statement is emitted for all copies before the next,
/// so that independent chains stand side by side.
final class KernelEmitter {
  let kernel: Kernel
  let module: LLVMModule
  let builder: IRBuilder
  let math: VectorMath
  let analysis: LaneAnalysis
  let function: LLVMFunction
  /// The symbols of the microkernels that products call.
  let microkernels: [Microkernel: String]
  /// How each accumulator combines.
  let kinds: [ScalarID: Reduction.Kind]
  private(set) var slotPointers: [LLVMValue] = []
  private(set) var localPointers: [LLVMValue] = []

  /// The values of scalars at the current place: one, or one per copy.
  var scalars: [ScalarID: [LLVMValue]] = [:]
  /// The values of open loops' variables; a lane variable has the index of its first lane.
  var variables: [VariableID: LLVMValue] = [:]
  /// Partial results of open accumulators.
  var accumulators: [ScalarID: [LLVMValue]] = [:]
  /// The vector loop around the current place.
  var lanes: Lanes?
  /// Sines and cosines computed together, by operand.
  var sinesAndCosines: [ScalarID: [(operand: LLVMValue, sine: LLVMValue, cosine: LLVMValue)]] = [:]
  /// Arrays on the stack that products work in.
  var stackArrays: [StackArray: LLVMValue] = [:]
  /// Scalars whose sine and cosine are both needed.
  let sharedAngles: Set<ScalarID>
  /// Which products are computed with the sums that they are terms of.
  let contractions: Contractions
  /// Whether elementary functions of numbers are calls.
  let callsFunctions: Bool
  /// Whether vector loops hold so many elementary functions that they are calls.
  let callsVectorFunctions: Bool
  /// The conditions that are found out from indices.
  private(set) lazy var conditions = Self.conditions(of: kernel)
  /// Choices that are reads with conditions.
  private lazy var guardedReads = GuardedReads(kernel)
  /// Conditions whose value is known at the current place.
  var known: [ScalarID: Bool] = [:]
  /// What the conditions of the vector loop around usually are; nil where it has one body.
  var pieces: PiecePlan?
  /// The patterns of its conditions that have bodies of their own.
  var patterns: [[PiecePlan.Side]] = []
  /// Whether masked accesses at the current place may be many and far from their memory.
  var mayLeaveMemory = false
  /// What of the addresses in the innermost loop around is the same in all its iterations.
  var fixedStarts: [FixedStart.Access: FixedStart] = [:]
  /// How often the current place is carried out.
  var iterations = 1

  /// The shape of the vector loop around a place.
  struct Lanes {
    var variable: VariableID
    var width: Int
    var copies: Int
    /// For each copy, which lanes are inside the loop's range; nil is all.
    var masks: [LLVMValue?]
    /// Whether the first lane is the last iteration, as suits memory that is walked backwards.
    var isBackwards = false
  }

  init(
    _ kernel: Kernel, named name: String, microkernels: [Microkernel: String] = [:],
    _ module: LLVMModule
  ) {
    self.kernel = kernel
    self.microkernels = microkernels
    self.module = module
    builder = IRBuilder(module)
    math = VectorMath(builder, target: module.target)
    analysis = LaneAnalysis(kernel)
    var kinds: [ScalarID: Reduction.Kind] = [:]
    kernel.body.forEachNode { node in
      guard case .loop(let loop) = node else { return }
      for accumulator in loop.accumulators { kinds[accumulator.result] = accumulator.kind }
    }
    self.kinds = kinds
    sharedAngles = kernel.sharedAngles
    contractions = Contractions(kernel)
    callsFunctions = kernel.callsFunctions
    callsVectorFunctions = kernel.functionCount > EmissionCosts.Lanes.inlineVectorFunctionLimit
    function = module.addFunction(
      name, parameters: [module.pointer, module.i64, module.i64], returns: module.void)
  }

  /// Emits the whole function, and gives it.
  func emit() -> LLVMFunction {
    builder.position(at: function.appendBlock("entry"))
    builder.allowsContraction = false
    for position in kernel.slots.indices {
      let place = builder.gep(function.parameters[0], bytes: position * 8)
      slotPointers.append(builder.load(module.pointer, place, alignment: 8))
    }
    let lanes = kernel.largestVector
    let scratchBytes = kernel.locals.filter(\.isInScratch).map { $0.byteCount(lanes: lanes) }
    var scratch = ScratchBlock(scratchBytes, builder, module) { pointer(to: .flag) }
    for local in kernel.locals {
      localPointers.append(
        local.isInScratch
          ? scratch.array(local.byteCount(lanes: lanes), builder)
          : builder.alloca(
            memoryType(local.element), count: local.count * (local.isPerLane ? lanes : 1),
            alignment: 64))
    }
    for node in kernel.body { emit(node) }
    scratch.release(builder, module)
    builder.ret()
    function.contractProducts(in: module)
    if kernel.isLongStraightLine {
      function.divideLastBlock(limit: EmissionCosts.Calls.blockLength)
    }
    return function
  }

  func emit(_ node: Node) {
    switch node {
    case .define(let scalar, _) where contractions.absorbed.contains(scalar): break
    case .define(let scalar, let expression):
      scalars[scalar] =
        decided(scalar, expression) ?? contractions.sums[scalar].map { emit($0, scalar) }
        ?? guardedReads.read(equalTo: expression).map { copies(of: $0, as: scalar) }
        ?? emit(expression, scalar)
    case .store(let store): emit(store)
    case .accumulate(let accumulator, let value): accumulate(accumulator, value)
    case .loop(let loop): emit(loop)
    case .contract(let contract): emit(contract)
    }
  }

  // MARK: Types

  /// The type of a scalar in a register.
  func type(_ element: ElementType) -> LLVMType {
    let register = element.registerType
    switch register.kind {
    case .float: return register == .f64 ? module.double : module.float
    case .boolean: return module.i1
    case .signed, .unsigned: return module.i1.integer(bits: register.width)
    case .complex: preconditionFailure("kernels hold parts of complex numbers")
    }
  }

  /// The type of a scalar in memory.
  func memoryType(_ element: ElementType) -> LLVMType {
    switch element {
    case .i1: module.i8
    case .f16: module.half
    case .bf16: module.i16
    case .i4, .i8, .i16, .i32, .i64, .u4, .u8, .u16, .u32, .u64, .f32, .f64, .c64, .c128:
      type(element)
    }
  }

  func element(of scalar: ScalarID) -> ElementType { kernel.scalars[scalar.index] }

  // MARK: Copies

  /// The copies of a scalar in the current vector loop; a uniform one is the same everywhere.
  func copies(of scalar: ScalarID) -> [LLVMValue] {
    guard let values = scalars[scalar] else {
      preconditionFailure("scalar \(scalar.index) of \(kernel.name) is read before it is defined")
    }
    return values
  }

  /// The vector of copy `copy`, uniform scalars spread over the lanes.
  func vector(_ scalar: ScalarID, copy: Int) -> LLVMValue {
    let values = copies(of: scalar)
    if analysis.varying.contains(scalar) { return values[min(copy, values.count - 1)] }
    return spread(values[0])
  }

  /// A uniform value in every lane of the current vector loop.
  func spread(_ value: LLVMValue) -> LLVMValue {
    guard let lanes, lanes.width > 1 else { return value }
    return builder.splat(value, lanes.width)
  }

  /// The only value of a scalar that is the same in all lanes.
  func uniform(_ scalar: ScalarID) -> LLVMValue { copies(of: scalar)[0] }

  // MARK: Expressions

  private func emit(_ expression: Expression, _ scalar: ScalarID) -> [LLVMValue] {
    let varies = analysis.varying.contains(scalar)
    let count = varies ? lanes?.copies ?? 1 : 1
    switch expression {
    case .literal(let literal): return [constant(literal)]
    case .index(let index, let element):
      return (0..<count).map { copy in
        let value = varies ? indexVector(index, copy: copy) : self.index(index)
        return convert(value, from: .i64, to: element)
      }
    case .load(let memory, let address, let condition):
      return load(memory, address, condition: condition, element(of: scalar), varies: varies)
    case .inBounds(let bounds):
      return varies ? (0..<count).map { laneBounds(bounds, copy: $0) } : [uniformBounds(bounds)]
    case .apply(.unary(let op), let operands) where op.isOneOfSineAndCosine:
      return sineOrCosine(op, operands[0], varies: varies).map {
        narrowed($0, to: element(of: scalar))
      }
    case .apply(let op, let operands):
      let elements = operands.map { element(of: $0) }
      let values = (0..<count).map { copy in
        operands.map { varies ? vector($0, copy: copy) : uniform($0) }
      }
      guard op.isElementary else { return values.map { apply(op, $0, elements) } }
      return interleaved(values) { [apply(op, $0, elements)] }.map { $0[0] }
    }
  }

  func constant(_ literal: Literal) -> LLVMValue {
    let element = literal.type.element
    return element.isFloat
      ? builder.float(literal.doubles[0], type(element))
      : builder.int(Int(literal.integers[0]), type(element))
  }

  private func uniformBounds(_ bounds: [Bound]) -> LLVMValue {
    conjunction(bounds.map { inRange(index($0.index), $0) })
  }

  private func laneBounds(_ bounds: [Bound], copy: Int) -> LLVMValue {
    conjunction(bounds.map { laneBounds($0, copy: copy) })
  }

  func conjunction(_ values: [LLVMValue]) -> LLVMValue {
    guard let first = values.first else { return builder.bool(true) }
    return values.dropFirst().reduce(first) { builder.and($0, $1) }
  }

  /// Whether an index is in bounds.
  func inRange(_ index: LLVMValue, _ bound: Bound) -> LLVMValue {
    let shifted = builder.sub(index, builder.int(bound.lower, index.type))
    return builder.icmp(
      .ult, shifted, builder.int(max(0, bound.upper - bound.lower), index.type))
  }

  /// Which lanes of a copy are in bounds. Where lanes count upwards these are the lanes between two
  /// numbers, which are the same for all copies and found without an index for each lane.
  private func laneBounds(_ bound: Bound, copy: Int) -> LLVMValue {
    guard let lanes, lanes.width > 1, isCounting(bound.index, lanes.variable) else {
      return inRange(indexVector(bound.index, copy: copy), bound)
    }
    let first = index(bound.index)
    let count = lanes.width * lanes.copies
    let lane = builder.add(
      builder.stepVector(module.i32, lanes.width),
      builder.int(copy * lanes.width, module.vector(module.i32, lanes.width)))
    func isBefore(_ end: Int) -> LLVMValue {
      let lanesBefore = laneCount(
        builder.sub(builder.int(end, module.i64), first), limit: count)
      return builder.icmp(.ult, lane, builder.splat(lanesBefore, lanes.width))
    }
    return builder.and(isBefore(bound.upper), builder.not(isBefore(bound.lower)))
  }

  /// A number of lanes, at least none and at most so many, in 32 bits.
  private func laneCount(_ count: LLVMValue, limit: Int) -> LLVMValue {
    let none = builder.int(0, module.i64)
    let clamped = builder.smin(builder.smax(count, none), builder.int(limit, module.i64))
    return builder.trunc(clamped, module.i32)
  }

  /// Whether an index grows by one from lane to lane.
  private func isCounting(_ index: IndexExpression, _ lane: VariableID) -> Bool {
    var isUniform = true
    index.forEachScalar { isUniform = isUniform && !analysis.varying.contains($0) }
    return isUniform && index.coefficient(of: lane) == 1 && lanes?.isBackwards != true
  }

  /// The first `count` lanes; none for a negative count.
  func laneMask(_ count: LLVMValue, width: Int) -> LLVMValue {
    let limit = builder.splat(laneCount(count, limit: width), width)
    return builder.icmp(.ult, builder.stepVector(module.i32, width), limit)
  }

  // MARK: Indices

  /// A uniform index, or a varying one at its first lane.
  func index(_ index: IndexExpression) -> LLVMValue {
    var sum: LLVMValue?
    for term in index.terms {
      let atom: LLVMValue
      switch term.atom {
      case .variable(let variable): atom = self.variable(variable)
      case .scalar(let scalar): atom = widened(uniform(scalar))
      case .lookup: preconditionFailure("kernels look nothing up by formulas")
      case .quotient(let inner, let divisor):
        atom = quotient(self.index(inner), divisor)
      case .remainder(let inner, let divisor):
        atom = remainder(self.index(inner), divisor)
      }
      sum = added(sum, scaled(atom, term.coefficient))
    }
    return added(
      sum, index.constant == 0 && sum != nil ? nil : builder.int(index.constant, module.i64))
  }

  /// An index for every lane of a copy.
  func indexVector(_ index: IndexExpression, copy: Int) -> LLVMValue {
    guard let lanes, lanes.width > 1 else {
      return self.index(index.shifting(lanes?.variable, by: copy))
    }
    let type = module.vector(module.i64, lanes.width)
    var sum: LLVMValue?
    for term in index.terms {
      let atom: LLVMValue
      switch term.atom {
      case .variable(let variable):
        atom = variable == lanes.variable ? laneIndex(copy) : spread(self.variable(variable))
      case .scalar(let scalar): atom = widened(vector(scalar, copy: copy))
      case .lookup: preconditionFailure("kernels look nothing up by formulas")
      case .quotient(let inner, let divisor):
        atom = quotient(indexVector(inner, copy: copy), divisor)
      case .remainder(let inner, let divisor):
        atom = remainder(indexVector(inner, copy: copy), divisor)
      }
      sum = added(sum, scaled(atom, term.coefficient))
    }
    return added(sum, index.constant == 0 && sum != nil ? nil : builder.int(index.constant, type))
  }

  /// The lane variable's value in every lane of a copy.
  func laneIndex(_ copy: Int) -> LLVMValue {
    guard let lanes else { preconditionFailure("lanes are counted inside a vector loop") }
    let type = module.vector(module.i64, lanes.width)
    let base = builder.add(
      spread(variable(lanes.variable)), builder.int(copy * lanes.width, type))
    let steps = lanes.isBackwards ? Array((0..<lanes.width).reversed()) : Array(0..<lanes.width)
    return builder.add(base, builder.constantVector(steps.map { builder.int($0, module.i64) }))
  }

  func variable(_ variable: VariableID) -> LLVMValue {
    guard let value = variables[variable] else {
      preconditionFailure("a loop variable of \(kernel.name) is used outside its loop")
    }
    return value
  }

  private func widened(_ value: LLVMValue) -> LLVMValue {
    value.type.scalarBits == 64
      ? value : builder.sext(value, module.i64.withWidth(value.type.vectorWidth))
  }

  private func scaled(_ value: LLVMValue, _ factor: Int) -> LLVMValue {
    factor == 1 ? value : builder.mul(value, builder.int(factor, value.type))
  }

  private func added(_ left: LLVMValue?, _ right: LLVMValue?) -> LLVMValue {
    guard let left else { return right ?? builder.int(0, module.i64) }
    return right.map { builder.add(left, $0) } ?? left
  }

  /// The floor of a quotient; shapes make divisors positive.
  private func quotient(_ value: LLVMValue, _ divisor: Int) -> LLVMValue {
    if divisor & (divisor - 1) == 0 {
      return builder.ashr(value, builder.int(divisor.trailingZeroBitCount, value.type))
    }
    let by = builder.int(divisor, value.type)
    let rest = builder.srem(value, by)
    let isBelow = builder.icmp(.slt, rest, builder.int(0, value.type))
    let truncated = builder.sdiv(value, by)
    return builder.select(
      isBelow, builder.sub(truncated, builder.int(1, value.type)), truncated)
  }

  private func remainder(_ value: LLVMValue, _ divisor: Int) -> LLVMValue {
    if divisor & (divisor - 1) == 0 {
      return builder.and(value, builder.int(divisor - 1, value.type))
    }
    let by = builder.int(divisor, value.type)
    let rest = builder.srem(value, by)
    let isBelow = builder.icmp(.slt, rest, builder.int(0, value.type))
    return builder.select(isBelow, builder.add(rest, by), rest)
  }
}

extension IndexExpression {
  /// The expression with a variable moved on by some steps.
  func shifting(_ variable: VariableID?, by steps: Int) -> IndexExpression {
    guard steps != 0, let variable else { return self }
    return substituting(variable: {
      $0 == variable ? IndexExpression($0) + steps : IndexExpression($0)
    })
  }
}
