internal import LLVMBridge
internal import LoopIR
internal import TensorIR

extension KernelEmitter {
  /// A vector loop with carries: their recurrences are composed across the lanes before the value that
  /// the first lane starts from is known, so that one step of arithmetic for a whole vector stands in
  /// the chain from iteration to iteration.
  ///
  /// What does not fill a vector is computed one after the other: the last iterations, or the first ones
  /// of a loop that walks memory backwards, so that vectors stand at the same rows in both directions.
  func emitRecurrences(_ loop: Loop, width: Int) {
    for carry in loop.carries { accumulators[carry.current] = copies(of: carry.initial) }
    let extent = kernel.variables[loop.variable.index].extent
    let rest = extent % width
    let first = loop.walksBackwards ? rest : 0
    let end = first + extent - rest
    func place(_ index: Int) -> LLVMValue { builder.int(index, module.i64) }
    repeated(loop, from: place(0), to: place(first))
    counted(from: place(first), to: place(end), step: width, updating: loop.body, loop.carries) {
      variables[loop.variable] = $0
      emitGroup(loop, width)
    }
    repeated(loop, from: place(end), to: place(extent))
    for carry in loop.carries {
      scalars[carry.result] = accumulators.removeValue(forKey: carry.current)
    }
  }

  /// One vector of iterations.
  private func emitGroup(_ loop: Loop, _ width: Int) {
    let isBackwards = loop.walksBackwards
    lanes = Lanes(
      variable: loop.variable, width: width, copies: 1, masks: [nil], isBackwards: isBackwards)
    var pending = loop.carries[...]
    var next: [ScalarID: LLVMValue] = [:]
    var waiting = Set<ScalarID>()
    for case .define(let scalar, _) in loop.body { waiting.insert(scalar) }
    func resolve() {
      while let carry = pending.first, let recurrence = carry.recurrence {
        let needed = recurrence.coefficients.isEmpty ? [carry.next] : recurrence.coefficients
        guard waiting.isDisjoint(with: needed) else { return }
        pending.removeFirst()
        let vector = values(of: carry, recurrence, in: loop, width)
        next[carry.current] = vector
        if !recurrence.coefficients.isEmpty {
          scalars[carry.next] = [vector]
          waiting.remove(carry.next)
        }
        let start = builder.insertElement(
          builder.poison(vector.type), uniformStart(of: carry), builder.int(0, module.i32))
        let current =
          isBackwards ? (1..<width).map { $0 + width } + [0] : [0] + (width..<(2 * width - 1))
        scalars[carry.current] = [builder.shuffle(start, vector, current)]
      }
    }
    resolve()
    for node in loop.body {
      if case .define(let scalar, _) = node {
        // What a recurrence gives is known already.
        guard waiting.remove(scalar) != nil else { continue }
      }
      emit(node)
      resolve()
    }
    lanes = nil
    for carry in loop.carries {
      if let vector = next[carry.current] {
        accumulators[carry.current] = [
          builder.extractElement(vector, isBackwards ? 0 : width - 1)
        ]
      }
    }
  }

  /// What the first lane of a vector starts from.
  private func uniformStart(of carry: Carry) -> LLVMValue {
    guard let value = accumulators[carry.current]?.first else {
      preconditionFailure("a carry is read in its loop")
    }
    return value
  }

  // MARK: Composition

  /// The next values of a carry in all lanes.
  private func values(
    of carry: Carry, _ recurrence: Recurrence, in loop: Loop, _ width: Int
  ) -> LLVMValue {
    let coefficients = recurrence.coefficients.map { wide(vector($0, copy: 0)) }
    if coefficients.isEmpty { return vector(carry.next, copy: 0) }
    let start = builder.splat(wide(uniformStart(of: carry)), width)
    let (result, isSafe) =
      coefficients.count == 2
      ? linear(coefficients, start, width) : quotient(coefficients, start, width)
    let narrow =
      element(of: carry.next) == .f32
      ? builder.fptrunc(result, module.float.withWidth(width)) : result
    let limit = builder.splat(builder.float(.infinity, type(element(of: carry.next))), width)
    var isRight = builder.fcmp(.olt, builder.fabs(narrow), limit)
    if let isSafe { isRight = builder.and(isRight, isSafe) }
    let before = builder.currentBlock
    let slow = builder.appendBlock("one.by.one")
    let after = builder.appendBlock("composed")
    builder.condBr(builder.reduceAnd(isRight), after, slow)
    builder.position(at: slow)
    let exact = oneByOne(carry, in: loop, width, narrow.type)
    let end = builder.currentBlock
    builder.br(after)
    builder.position(at: after)
    let value = builder.phi(narrow.type)
    builder.addIncoming(value, narrow, from: before)
    builder.addIncoming(value, exact, from: end)
    return value
  }

  /// A number, or numbers, in f64.
  private func wide(_ value: LLVMValue) -> LLVMValue {
    value.type.scalarBits == 64
      ? value : builder.fpext(value, module.double.withWidth(value.type.vectorWidth))
  }

  /// A vector moved to lanes of some iterations later, with a number in the lanes that become free.
  ///
  /// Zeros are negative: LLVM makes shuffles with other zeros of an instruction that takes longer.
  private func moved(
    _ value: LLVMValue, by iterations: Int, filling number: Double
  ) -> LLVMValue {
    let width = value.type.vectorWidth
    let filler = builder.splat(builder.float(number, module.double), width)
    let step = self.lanes?.isBackwards == true ? iterations : -iterations
    return builder.shuffle(
      value, filler,
      (0..<width).map { (0..<width).contains($0 + step) ? $0 + step : width + $0 })
  }

  /// a·c + b composed: of two steps the later one's a times the earlier one's, and so on, over one, two
  /// and four lanes.
  private func linear(
    _ coefficients: [LLVMValue], _ start: LLVMValue, _ width: Int
  ) -> (LLVMValue, isSafe: LLVMValue?) {
    var (a, b) = (coefficients[0], coefficients[1])
    var distance = 1
    while distance < width {
      let earlier = (moved(a, by: distance, filling: 1), moved(b, by: distance, filling: -0.0))
      b = builder.fma(a, earlier.1, b)
      a = builder.fmul(a, earlier.0)
      distance *= 2
    }
    return (builder.fma(a, start, b), nil)
  }

  /// Coefficients up to here are composed.
  private static let largestCoefficient = 0x1p64
  /// Values up to here start a composition.
  private static let largestStart = 0x1p50
  /// Denominators from here on have not lost digits to underflow, whatever was composed.
  private static let leastDenominator = 0x1p-500

  /// (a·c + b)/(p·c + q) composed: products of matrices of two rows, and one division in the end.
  private func quotient(
    _ coefficients: [LLVMValue], _ start: LLVMValue, _ width: Int
  ) -> (LLVMValue, isSafe: LLVMValue?) {
    func splat(_ number: Double) -> LLVMValue {
      builder.splat(builder.float(number, module.double), width)
    }
    let sizes = coefficients.map { builder.fabs($0) }
    let size = sizes.dropFirst().reduce(sizes[0]) { builder.fadd($0, $1) }
    var (a, b, p, q) = (coefficients[0], coefficients[1], coefficients[2], coefficients[3])
    var distance = 1
    while distance < width {
      let (a0, b0) = (moved(a, by: distance, filling: 1), moved(b, by: distance, filling: -0.0))
      let (p0, q0) = (moved(p, by: distance, filling: -0.0), moved(q, by: distance, filling: 1))
      (a, b, p, q) = (
        builder.fma(a, a0, builder.fmul(b, p0)), builder.fma(a, b0, builder.fmul(b, q0)),
        builder.fma(p, a0, builder.fmul(q, p0)), builder.fma(p, b0, builder.fmul(q, q0))
      )
      distance *= 2
    }
    let denominator = builder.fma(p, start, q)
    let tests = [
      builder.fcmp(.olt, size, splat(Self.largestCoefficient)),
      builder.fcmp(.olt, builder.fabs(start), splat(Self.largestStart)),
      builder.fcmp(.ogt, builder.fabs(denominator), splat(Self.leastDenominator)),
    ]
    let isSafe = tests.dropFirst().reduce(tests[0]) { builder.and($0, $1) }
    return (builder.fdiv(builder.fma(a, start, b), denominator), isSafe)
  }

  // MARK: One after the other

  /// The next values of a carry lane after lane, as the loop's body says, where something is infinite,
  /// no number, or out of the range in which composing is exact enough.
  private func oneByOne(
    _ carry: Carry, in loop: Loop, _ width: Int, _ type: LLVMType
  ) -> LLVMValue {
    let chain = self.chain(of: carry, in: loop)
    let (outer, known) = (lanes, scalars)
    var value = uniformStart(of: carry)
    var result = builder.poison(type)
    lanes = nil
    for lane in outer?.isBackwards == true ? Array((0..<width).reversed()) : Array(0..<width) {
      for input in chain.inputs {
        guard let values = known[input], analysis.varying.contains(input) else { continue }
        scalars[input] = [builder.extractElement(values[0], lane)]
      }
      scalars[carry.current] = [value]
      for node in chain.nodes { emit(node) }
      value = uniform(carry.next)
      result = builder.insertElement(result, value, builder.int(lane, module.i32))
    }
    (lanes, scalars) = (outer, known)
    return result
  }

  /// The statements that lead from a carry's current value to its next one, and what else they read.
  private func chain(of carry: Carry, in loop: Loop) -> (nodes: [Node], inputs: [ScalarID]) {
    func operands(_ scalar: ScalarID, _ expression: Expression) -> [ScalarID] {
      if let sum = contractions.sums[scalar] { return sum.operands }
      var operands: [ScalarID] = []
      expression.forEachScalar { operands.append($0) }
      return operands
    }
    var dependent: Set<ScalarID> = [carry.current]
    for case .define(let scalar, let expression) in loop.body
    where operands(scalar, expression).contains(where: dependent.contains) {
      dependent.insert(scalar)
    }
    var needed: Set<ScalarID> = [carry.next]
    var nodes: [Node] = []
    var inputs = Set<ScalarID>()
    for node in loop.body.reversed() {
      guard case .define(let scalar, let expression) = node, needed.contains(scalar),
        dependent.contains(scalar)
      else { continue }
      nodes.append(node)
      let operands = operands(scalar, expression)
      needed.formUnion(operands)
      inputs.formUnion(operands.filter { !dependent.contains($0) })
    }
    return (nodes.reversed(), inputs.sorted())
  }
}

extension Loop {
  /// Whether the memory that iterations touch lies backwards.
  fileprivate var walksBackwards: Bool {
    body.contains { node in
      node.access.map { $0.address.coefficient(of: variable) == -1 } ?? false
    }
  }
}
