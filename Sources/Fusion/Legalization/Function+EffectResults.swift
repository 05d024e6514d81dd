internal import TensorIR

extension Function {
  /// The function in which every loop and branch with an effect has a result, by which kernels are planned:
  /// one that has none gets a number that nobody reads.
  ///
  ///     Before:  "stablehlo.if"(%p) ({ call with an effect }, {}) : (tensor<i1>) -> ()
  ///     After:   %0 = "stablehlo.if"(%p) ({ call with an effect; 0 }, { 0 }) : (tensor<i1>) -> tensor<i32>
  func givingEffectsResults() -> Function {
    guard holds({ operation, _ in operation.hasEffectWithoutResults }) else { return self }
    var result = self
    result.operations = []
    for operation in operations {
      var copy = operation
      copy.op = operation.op.mappingRegions { $0.givingEffectsResults() }
      if copy.hasEffectWithoutResults { result.addResult(to: &copy) }
      result.operations.append(copy)
    }
    result.renumber()
    return result
  }

  /// The type of the number.
  private static let numberType = TensorType([], .i32)

  /// A further value of the function.
  private mutating func newNumber() -> ValueID {
    types.append(Self.numberType)
    return ValueID(types.count - 1)
  }

  /// The number zero, as an operation.
  private mutating func addZero(at location: SourceLocation) -> ValueID {
    let number = newNumber()
    let zero = Literal(Self.numberType, integers: [0])
    operations.append(Operation(.constant(zero), [], results: [number], at: location))
    return number
  }

  /// Gives an operation of the function a result: of a loop, one more carry.
  private mutating func addResult(to operation: inout Operation) {
    switch operation.op {
    case .branch(var branch):
      branch.branches = branch.branches.map { branch in
        var branch = branch
        let zero = branch.addZero(at: operation.location)
        branch.results.append(zero)
        return branch
      }
      operation.op = .branch(branch)
    case .scan(var scan):
      scan.body.addCarry(at: 1 + scan.captureCount, isReturned: true)
      scan.carryCount += 1
      let zero = addZero(at: operation.location)
      operation.operands.insert(zero, at: scan.captureCount)
      operation.op = .scan(scan)
    case .whileLoop(var loop):
      loop.condition.addCarry(at: loop.captureCount, isReturned: false)
      loop.body.addCarry(at: loop.captureCount, isReturned: true)
      let zero = addZero(at: operation.location)
      operation.operands.insert(zero, at: loop.captureCount)
      operation.op = .whileLoop(loop)
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape, .reduce, .dot, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice,
      .convolution, .window, .foreign, .custom, .call, .order, .matrix, .optimizationBarrier:
      return
    }
    operation.results.append(newNumber())
  }

  /// Adds a parameter, which a body without results returns as it is.
  private mutating func addCarry(at place: Int, isReturned: Bool) {
    let number = newNumber()
    parameters.insert(number, at: place)
    if isReturned { results.append(number) }
    renumber()
  }
}

extension Operation {
  /// Whether this is a loop or branch that is there for its effect only.
  fileprivate var hasEffectWithoutResults: Bool { results.isEmpty && op.effect == .state }
}
