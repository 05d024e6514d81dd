import TensorIR

extension Function {
  /// The function for many examples at once: parameters where `isBatched` have a new first axis of
  /// extent `size`, and so have all results, which are the function's for each example.
  ///
  /// - Requires: a flag for each parameter.
  /// - Throws: `AdjointError` where an operation has no form for many examples.
  package func batched(size: Int, _ isBatched: [Bool]) throws -> Function {
    let forced = Array(repeating: true, count: results.count)
    return try BatchingPass.run(self, size: size, isBatched, forcing: forced).function
  }
}

extension Function {
  /// The derivatives along each element of one parameter's type, which `position` names: that parameter,
  /// a tangent or cotangent, is gone, and results have a new first axis with a place for each element.
  ///
  /// Every example has a one in its own place only. That is followed through the function as far as it
  /// goes (`Diagonal`), so elementwise functions keep one slope for each element, and products with
  /// such a seed are the other factor. Elements of other examples are zeros by definition, whatever an
  /// infinite slope times zero would give.
  ///
  /// - Throws: `AdjointError` where an operation has no form for many examples.
  package func basisDerivatives(seeding position: Int) throws -> Function {
    let seed = self[parameters[position]]
    var pass = BatchingPass(
      self, size: seed.count,
      into: FunctionBuilder(name: name, isPrivate: isPrivate, location: location))
    let arguments = try parameters.enumerated().map { index, parameter in
      index == position
        ? BatchingPass.Value(
          id: try pass.builder.splat(1, seed), isBatched: true, diagonal: Diagonal(seed.shape))
        : BatchingPass.Value(id: pass.builder.parameter(self[parameter]), isBatched: false)
    }
    let results = try pass.copy(self, arguments).map { try pass.batch($0) }
    return pass.builder.finish(returning: results)
  }
}

/// Rewrites a function so that some of its values carry one element for each example along a new first
/// axis. Values that do not depend on examples stay as they are.
///
/// Rules stand in `<Family>+Batching.swift`.
struct BatchingPass {
  /// A value of the new function.
  struct Value {
    /// Its name there.
    let id: ValueID
    /// Whether it depends on the example; then it has their axis, unless it is diagonal.
    let isBatched: Bool
    /// Which example each element belongs to, where all others have zeros there; then the value is only
    /// the elements, without the axis of examples.
    var diagonal: Diagonal?
  }

  /// The number of examples.
  let size: Int
  /// The function under construction.
  var builder: FunctionBuilder
  /// The new value of each value of the source, by id.
  private var values: [Value?]

  /// Starts a pass over a source that adds to `builder`.
  init(_ source: Function, size: Int, into builder: FunctionBuilder) {
    self.size = size
    self.builder = builder
    values = Array(repeating: nil, count: source.types.count)
  }

  /// The function for many examples, whose results have the axis where `forcing` says so or they depend
  /// on examples, and which they are.
  static func run(
    _ source: Function, size: Int, _ isBatched: [Bool], forcing: [Bool]
  ) throws -> (function: Function, isBatched: [Bool]) {
    let empty = FunctionBuilder(
      name: source.name, isPrivate: source.isPrivate, location: source.location)
    var pass = BatchingPass(source, size: size, into: empty)
    let parameters = zip(source.parameters, isBatched).map { parameter, isBatched in
      let type = source[parameter]
      let shape = isBatched ? [size] + type.shape : type.shape
      return Value(
        id: pass.builder.parameter(TensorType(shape, type.element)), isBatched: isBatched)
    }
    let results = try zip(pass.copy(source, parameters), forcing).map { result, isForced in
      isForced ? Value(id: try pass.batch(result), isBatched: true) : result
    }
    let function = pass.builder.finish(returning: results.map(\.id))
    return (function, results.map(\.isBatched))
  }

  /// Adds a function's operations, with `arguments` in place of its parameters.
  ///
  /// - Requires: the pass was made for that function.
  mutating func copy(_ source: Function, _ arguments: [Value]) throws -> [Value] {
    for (parameter, argument) in zip(source.parameters, arguments) {
      values[parameter.index] = argument
    }
    for operation in source.operations {
      let operands = operation.operands.compactMap { values[$0.index] }
      builder.location = operation.location
      let results = try rewritten(operation.op, operands)
      for (result, value) in zip(operation.results, results) { values[result.index] = value }
    }
    return source.results.compactMap { values[$0.index] }
  }

  /// Adds a region's operations where its operation stood, with `arguments` in place of its parameters.
  mutating func inline(_ region: Region, _ arguments: [Value]) throws -> [Value] {
    var pass = BatchingPass(region, size: size, into: builder)
    let results = try pass.copy(region, arguments)
    builder = pass.builder
    return results
  }

  /// An operation as it is where no operand depends on examples, else its form for many.
  private mutating func rewritten(_ op: Op, _ operands: [Value]) throws -> [Value] {
    guard operands.contains(where: \.isBatched) else {
      return try builder.emitAll(op, operands.map(\.id)).map { Value(id: $0, isBatched: false) }
    }
    if operands.contains(where: { $0.diagonal != nil }) {
      if let result = try op.diagonal(operands, in: &self) { return [result] }
      return try op.batched(operands.map { try spelledOut($0) }, in: &self)
    }
    return try op.batched(operands, in: &self)
  }

  // MARK: - What rules ask for

  /// The shape of one example of a value.
  func shape(_ value: Value) -> [Int] {
    Array(builder[value.id].shape.dropFirst(value.isBatched && value.diagonal == nil ? 1 : 0))
  }

  /// The element type of a value.
  func element(_ value: Value) -> ElementType { builder[value.id].element }

  /// A value with the axis of examples, along which it is repeated if it did not have it.
  mutating func batch(_ value: Value) throws -> ValueID {
    guard !value.isBatched else { return try spelledOut(value).id }
    let shape = builder[value.id].shape
    return try builder.broadcast(
      value.id, to: [size] + shape, dimensions: Array(1..<(shape.count + 1)))
  }

  /// A scalar of each example, or of all, repeated over the shape of an example.
  mutating func spread(_ scalar: Value, over shape: [Int]) throws -> ValueID {
    try builder.broadcast(
      scalar.id, to: [size] + shape, dimensions: scalar.isBatched ? [0] : [])
  }

  /// The result of an operation on values that have the axis of examples.
  mutating func emit(_ op: Op, _ operands: [ValueID]) throws -> [Value] {
    [Value(id: try builder.emit(op, operands), isBatched: true)]
  }
}
