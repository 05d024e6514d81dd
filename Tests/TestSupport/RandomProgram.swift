import TensorIR

/// A random verified function without calls, the same one for the same seed.
///
/// Programs mix elementwise functions, rearrangements, reductions, products and gathers with
/// constant indices over small shapes. Values stay below about ten, and nothing that jumps is
/// applied to a rounded value, so implementations that round differently still agree closely.
///
/// - Parameters:
///   - element: the element type of the parameters and results.
///   - differentiable: whether only smooth functions occur and the one result is an f64 scalar that
///     every value leads to, so that derivatives can be checked by finite differences.
///   - operations: about how many operations the function has.
///   - regions: whether loops and branches occur too, in each other as well.
package func randomFunction(
  seed: UInt64, element: ElementType = .f64, differentiable: Bool = false,
  operations: ClosedRange<Int> = 5...40, regions: Bool = false
) throws -> Function {
  var program = RandomProgram(
    seed: seed, element: differentiable ? .f64 : element, isSmooth: differentiable,
    hasRegions: regions)
  return try program.generate(operations: operations)
}

/// Arguments between −2 and 2 for a random function, the same ones for the same seed.
package func randomArguments(for function: Function, seed: UInt64) -> [Literal] {
  var random = SplitMix64(seed: seed)
  return function.parameterTypes.map {
    ArgumentValues.uniform(-2...2).literal($0, using: &random)
  }
}

/// A function that grows by random steps.
struct RandomProgram {
  /// A value that steps may use, and a number its elements' sizes do not exceed.
  struct Value {
    let id: ValueID
    let bound: Double
  }

  /// What a step adds to the program.
  enum Step: CaseIterable {
    case function, positiveFunction, arithmetic, scale, maskedChoice, broadcast, reshape, transpose
    case slice, pad, concatenate, reverse, sum, product, lookup, update
    case kinkedFunction, extremum, bounds, jump, integers
    case scan, loop, branch

    /// Whether the step adds an operation with regions.
    var hasRegion: Bool { [.scan, .loop, .branch].contains(self) }

    /// Whether finite differences work across the step.
    var isSmooth: Bool {
      switch self {
      case .function, .positiveFunction, .arithmetic, .scale, .maskedChoice, .broadcast, .reshape,
        .transpose, .slice, .pad, .concatenate, .reverse, .sum, .product, .lookup, .update, .scan,
        .loop,
        .branch:
        true
      case .kinkedFunction, .extremum, .bounds, .jump, .integers: false
      }
    }
  }

  /// The most elements a value may have.
  static let largestCount = 2000

  let element: ElementType
  let isSmooth: Bool
  /// Whether steps may add loops and branches.
  let hasRegions: Bool
  /// How many regions are around what is made.
  var depth = 0
  var random: SplitMix64
  var builder = FunctionBuilder(name: "main")
  /// The parameters, which alone are known to the last bit.
  var parameters = [Value]()
  /// All values of the program's element type.
  var values = [Value]()

  init(seed: UInt64, element: ElementType, isSmooth: Bool, hasRegions: Bool = false) {
    self.element = element
    self.isSmooth = isSmooth
    self.hasRegions = hasRegions
    random = SplitMix64(seed: seed)
  }

  /// Grows the function to about the given number of operations.
  mutating func generate(operations: ClosedRange<Int>) throws -> Function {
    for _ in 0..<random.int(in: 1...3) {
      let parameter = Value(id: builder.parameter(TensorType(randomShape(), element)), bound: 2)
      parameters.append(parameter)
      values.append(parameter)
    }
    let target = random.int(in: operations)
    // Steps that join values come more often, so that programs grow deep rather than wide.
    let steps =
      Step.allCases.filter { ($0.isSmooth || !isSmooth) && !$0.hasRegion }
      + (hasRegions ? [.scan, .scan, .scan, .loop, .branch, .branch] : [])
      + [.function, .arithmetic, .arithmetic, .arithmetic, .product, .concatenate]
    while builder.function.operations.count < target { try take(random.pick(steps)) }
    return isSmooth ? try finishWithScalar() : finishWithValues()
  }

  /// Adds the operations of one step; steps that find no fitting operands add none.
  mutating func take(_ step: Step) throws {
    switch step {
    case .function: try addFunction()
    case .positiveFunction: try addPositiveFunction()
    case .arithmetic: try addArithmetic()
    case .scale: try addScale()
    case .maskedChoice: try addMaskedChoice()
    case .broadcast: try addBroadcast()
    case .reshape: try addReshape()
    case .transpose: try addTranspose()
    case .slice: try addSlice()
    case .pad: try addPad()
    case .concatenate: try addConcatenate()
    case .reverse: try addReverse()
    case .sum: try addReduction()
    case .product: try addProduct()
    case .lookup: try addLookup()
    case .update: try addUpdate()
    case .kinkedFunction: try addKinkedFunction()
    case .extremum: try addExtremum()
    case .bounds: try addBounds()
    case .jump: try addJump()
    case .integers: try addIntegers()
    case .scan: try addScan()
    case .loop: try addLoop()
    case .branch: try addBranch()
    }
  }

  // MARK: - Operands and results

  /// A shape of up to three axes of one to seven, or one long axis.
  private mutating func randomShape() -> [Int] {
    if random.oneIn(6) { return [random.int(in: 16...40)] }
    return (0..<random.int(in: 0...3)).map { _ in random.int(in: 1...7) }
  }

  /// One of the values, more often a recent one.
  mutating func pickValue() -> Value {
    random.oneIn(3) ? random.pick(values) : random.pick(Array(values.suffix(3)))
  }

  /// One of the values that fit a condition, nil where there is none.
  mutating func pickValue(where isFitting: (TensorType) -> Bool) -> Value? {
    let fitting = values.filter { isFitting(builder[$0.id]) }
    return fitting.isEmpty ? nil : random.pick(fitting)
  }

  /// The type of a value.
  func type(of value: Value) -> TensorType { builder[value.id] }

  /// A constant with elements between −1.5 and 1.5, all equal now and then.
  mutating func addConstant(_ shape: [Int]) throws -> Value {
    let type = TensorType(shape, element)
    let literal =
      random.oneIn(3)
      ? Literal(type, filledWith: random.double(in: -1.5...1.5))
      : ArgumentValues.uniform(-1.5...1.5).literal(type, using: &random)
    return Value(id: try builder.constant(literal), bound: 1.5)
  }

  /// Adds a result to the values, squashed where it may be large.
  mutating func push(_ id: ValueID, bound: Double) throws {
    guard bound > 6 else { return values.append(Value(id: id, bound: bound)) }
    let squashing = random.pick([UnaryOp.tanh, .sine, .logistic])
    values.append(Value(id: try builder.unary(squashing, id), bound: 1))
  }

  // MARK: - The end

  /// Returns the values that are not used yet, at most eight, and now and then one that is.
  private mutating func finishWithValues() -> Function {
    let uses = builder.function.useCounts()
    var results = values.map(\.id).filter { uses[$0.index] == 0 }.suffix(8)
    if random.oneIn(3) { results.append(random.pick(values).id) }
    return builder.finish(returning: Array(results))
  }

  /// Returns the sum of the means of all values that are not used yet.
  private mutating func finishWithScalar() throws -> Function {
    let uses = builder.function.useCounts()
    var total: ValueID?
    for value in values where uses[value.id.index] == 0 {
      let type = type(of: value)
      let sum = try builder.reduce(.add, value.id, dimensions: Array(type.shape.indices))
      let weight = try builder.splat(1 / Double(type.count), TensorType([], element))
      let mean = try builder.multiply(sum, weight)
      total = try total.map { try builder.add($0, mean) } ?? mean
    }
    let result = try total ?? builder.splat(0, TensorType([], element))
    return builder.finish(returning: [result])
  }
}
